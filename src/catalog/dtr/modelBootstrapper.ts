import type { Exit } from '../../plan/fact.ts'
import type { Line } from '../../hosts/session.ts'
import type { Estate, MutableJson, Pending } from '../../twin/estate.ts'
import { containersOn, engineState, nodeIsUp, peekEngine, swarmOf } from '../docker/estate.ts'
import { exit } from '../os/model.ts'
import { pretendUntar } from '../backup/pretendTar.ts'
import { nfsParts } from '../storage/target.ts'
import { settingOf, twinUcp } from '../ucp/estate.ts'
import {
  NO_NODES,
  VOLUMES,
  clashText,
  installMessages,
  joinMessages,
  phaseTwoText,
  unhealthyText,
} from './messages.ts'
import { flagsOf } from './modelFlags.ts'
import { repair } from './modelRepair.ts'
import { print, refuse, start, takesMs, unfitEntry } from './modelReplica.ts'
import { reconfigure, takeAway, upgrade } from './modelChanges.ts'
import { type TwinDtr, hostOfNode, isRunning, textOf, twinDtr } from './state.ts'

/** Path of the mark that `runScript` keeps. */
const markOf = (id: string): string => `/run/runbook-dtr-${id}`

/** `runScript` around a bootstrapper: clears what a marked run left, refuses what nobody explains, then runs. */
export function marked(line: Line, host: string, estate: Estate): Exit | Pending {
  const [, , , , id = '', ...command] = line.argv
  const engine = engineState(estate, host)
  const files = estate.hosts[host]?.files ?? {}
  const parts = [...Object.keys(engine.containers), ...Object.keys(engine.volumes)].filter(name =>
    new RegExp(`^dtr-[a-z-]+-${id}$`).test(name),
  )
  const ours = files[markOf(id)] !== undefined
  if (parts.length > 0 && !ours) {
    return exit(
      3,
      '',
      `runbook: parts of replica ${id} are on this host, and no interrupted run explains them:\n  ${parts.join('\n  ')}\n`,
    )
  }
  for (const name of parts) {
    Reflect.deleteProperty(engine.containers, name)
    Reflect.deleteProperty(engine.volumes, name)
  }
  const helper = engine.containers['dtr-phase2']
  if (ours && helper && helper.exitCode !== null) Reflect.deleteProperty(engine.containers, 'dtr-phase2')
  files[markOf(id)] = { content: '', mode: '0644' }
  const answer = bootstrapper({ ...line, argv: command }, estate, host)
  const done = (result: Exit, now: Estate): Exit => {
    if (result.code === 0) Reflect.deleteProperty(now.hosts[host]?.files ?? {}, markOf(id))
    return result
  }
  if (!('finish' in answer)) return done(answer, estate)
  return { ...answer, finish: now => done(answer.finish(now), now) }
}

/** `docker run … IMAGE install|join|remove|destroy …`. */
export function bootstrapper(line: Line, estate: Estate, host?: string): Exit | Pending {
  const at = line.argv.findIndex(word => /(^|\/)dtr:\d/.test(word))
  const image = line.argv[at] ?? ''
  const verb = line.argv[at + 1] ?? ''
  const flags = flagsOf(line.argv.slice(at + 2))
  const flag = (name: string): string => flags.get(name) ?? ''
  if (line.argv.slice(0, at).some(word => word === '-t' || word === '-it' || word === '--tty'))
    return exit(1, '', 'the input device is not a TTY\n')
  if (!(verb in takesMs)) return refuse(`unknown command ${verb}`)
  const missing = [
    '--ucp-url',
    ...(['install', 'join', 'restore'].includes(verb) ? ['--ucp-node'] : []),
    ...(['join', 'remove', 'upgrade', 'reconfigure', 'emergency-repair'].includes(verb)
      ? ['--existing-replica-id']
      : []),
  ].find(name => flag(name) === '')
  if (missing !== undefined)
    return refuse(`${missing.slice(2)}: cannot prompt for a value, the input device is not a TTY`)
  if (line.env['UCP_USERNAME'] === undefined || line.env['UCP_PASSWORD'] === undefined)
    return refuse('ucp-username: cannot prompt for a value, the input device is not a TTY')
  const ucp = twinUcp(estate)
  if (!ucp) return refuse(`Unable to connect to UCP at ${flag('--ucp-url')}`)
  if (ucp.adminUsername !== line.env['UCP_USERNAME'])
    return refuse('Failed to authenticate with UCP: unauthorized')
  if (!flags.has('--ucp-insecure-tls') && flag('--ucp-ca').trim() !== ucp.ca.trim())
    return refuse('x509: certificate signed by unknown authority')
  if (settingOf(ucp.toml, 'scheduling_configuration', 'enable_admin_ucp_scheduling') !== 'true')
    return refuse(NO_NODES)
  if (Object.keys(estate.hosts).some(name => peekEngine(estate, name).containers['dtr-phase2'] !== undefined))
    return refuse(clashText(image))
  if (verb === 'remove' || verb === 'destroy') return takeAway(verb, image, flag, estate)
  if (verb === 'emergency-repair') return repair(image, flags, estate)
  if (verb === 'upgrade') return upgrade(image, flag, estate)
  if (verb === 'reconfigure') return reconfigure(image, flags, line.env, estate)
  if (verb === 'restore') {
    // The archive comes on standard input, out of the file that the script before the command names.
    const tar = pretendUntar(estate.hosts[host ?? '']?.files[line.argv[4] ?? '']?.content ?? '')
    return restore(tar, image, flag, add('install', image, flag, estate))
  }
  return add(verb as 'install' | 'join', image, flag, estate)
}

function add(
  verb: 'install' | 'join',
  image: string,
  flag: (name: string) => string,
  estate: Estate,
): Exit | Pending {
  const node = flag('--ucp-node')
  const target = hostOfNode(estate, node)
  const swarm = target === undefined ? undefined : swarmOf(estate, target)?.swarm
  const known = Object.values(swarm?.nodes ?? {}).find(one => one.hostname === node)
  if (target === undefined || !known || !nodeIsUp(estate, known))
    return refuse(`The node ${node} was not found in the UCP cluster`)
  const id = flag('--replica-id') || randomId(node)
  const dtr = twinDtr(estate)
  const ports = {
    httpPort: Number(flag('--replica-http-port') || 80),
    httpsPort: Number(flag('--replica-https-port') || 443),
  }
  const taken = Object.keys(containersOn(estate, target)).some(name => name.startsWith('dtr-nginx-'))
  if (taken)
    return refuse(
      `Make sure that there is a node in your UCP cluster where port ${ports.httpPort} and port ${ports.httpsPort} are open`,
    )
  if (verb === 'join') {
    if (!dtr?.members[flag('--existing-replica-id')])
      return refuse(`Replica ${flag('--existing-replica-id')} was not found`)
    if (dtr.members[id]) return refuse(`Replica ${id} already exists`)
    const donor = flag('--existing-replica-id')
    const unfit = unfitEntry(estate, dtr, donor, image)
    if (unfit !== undefined && isRunning(estate, donor, dtr.members[donor]?.host ?? '')) return refuse(unfit)
    const bad = Object.entries(dtr.members).filter(([one, { host }]) => !isRunning(estate, one, host))
    if (bad.length > 0) return refuse(unhealthyText(bad.map(([one]) => one)), phaseTwoText(image))
  }
  const engine = engineState(estate, target)
  const version = image.slice(image.lastIndexOf(':') + 1)
  const begin = estate.clockMs
  engine.containers['dtr-phase2'] = { image, startsMs: begin, healthyMs: null, exitCode: null, labels: {} }
  for (const name of VOLUMES)
    engine.volumes[`dtr-${name}-${id}`] = { driver: 'local', options: {}, files: {} }
  const nfs = verb === 'install' ? flag('--nfs-storage-url') : textOf(dtr?.storage['url'])
  if (nfs !== '')
    engine.volumes[`dtr-registry-nfs-${id}`] = {
      driver: 'local',
      options: { type: 'nfs', device: nfsParts(nfs)?.export ?? '' },
      files: {},
    }
  return {
    tookMs: takesMs[verb],
    goesOn: true,
    finish: now => {
      const there = engineState(now, target)
      start(now, target, id, image, version)
      if (troubled(now, target)) {
        const helper = there.containers['dtr-phase2']
        if (helper) helper.exitCode = 1
        return refuse(
          'Polling failed with 50 attempts 10s apart: database dtr2 does not exist',
          phaseTwoText(image),
        )
      }
      const licensed = swarmOf(now, target)?.swarm.configs['com.docker.license'] !== undefined
      const nodes = Object.values(swarmOf(now, target)?.swarm.nodes ?? {}).map(one => one.hostname)
      const before = Object.keys(twinDtr(now)?.members ?? {})
      const member = { host: target, ...ports, joinedMs: now.clockMs }
      if (verb === 'install')
        now.shared['dtr'] = fresh(image, version, flag, id, member) as unknown as MutableJson
      else {
        const joined = twinDtr(now)
        if (joined) joined.members[id] = member
      }
      Reflect.deleteProperty(there.containers, 'dtr-phase2')
      const told =
        verb === 'install'
          ? installMessages(id, node, nodes, licensed)
          : joinMessages(id, node, nodes, before)
      return exit(0, '', print(told))
    },
  }
}

/** As an install, and then all that the archive says of repositories and tags. */
function restore(
  tar: ReturnType<typeof pretendUntar>,
  image: string,
  flag: (name: string) => string,
  installing: Exit | Pending,
): Exit | Pending {
  const storage = ['--dtr-use-default-storage', '--dtr-storage-volume', '--nfs-storage-url'].filter(
    name => flag(name) !== '',
  )
  if (storage.length !== 1) return refuse('exactly one of the storage flags is required for a restore')
  const entry = Object.keys(tar ?? {}).find(name => name.endsWith('/rethink/properties/0'))
  if (tar === undefined || entry === undefined) return refuse('unable to read the backup')
  const saved = JSON.parse(tar[entry] ?? '{}') as Partial<TwinDtr>
  const version = image.slice(image.lastIndexOf(':') + 1)
  if (saved.version !== version)
    return refuse(`The backup is of DTR ${saved.version ?? '?'}, the image of ${version}`)
  if (!('finish' in installing)) return installing
  return {
    tookMs: installing.tookMs,
    goesOn: true,
    finish(now) {
      const end = installing.finish(now)
      const dtr = twinDtr(now)
      if (end.code === 0 && dtr) {
        const { repositories = [], tags = {}, ca, webCertificate } = saved
        Object.assign(dtr, { repositories, tags, ...(ca !== undefined && { ca }) })
        if (webCertificate !== undefined) dtr.webCertificate = webCertificate
        // Object stores have no flag at a restore: the archive holds their settings.
        if (saved.storage !== undefined && flag('--dtr-use-default-storage') !== '')
          dtr.storage = saved.storage
      }
      return end
    },
  }
}

function fresh(
  image: string,
  version: string,
  flag: (name: string) => string,
  id: string,
  member: TwinDtr['members'][string],
): TwinDtr {
  const nfs = flag('--nfs-storage-url')
  const volume = flag('--dtr-storage-volume')
  const storage =
    nfs !== ''
      ? { kind: 'nfs', url: nfs }
      : volume !== ''
        ? { kind: 'path', path: volume }
        : { kind: 'local' }
  return {
    version,
    image,
    externalHost: flag('--dtr-external-url').replace(/^https:\/\//, ''),
    members: { [id]: member },
    ...(flag('--dtr-cert') === '' ? {} : { webCertificate: flag('--dtr-cert') }),
    storage,
    repositories: [],
    tags: {},
    ca: `-----BEGIN CERTIFICATE-----\nDTR${id}\n-----END CERTIFICATE-----\n`,
  }
}

/** A test may say that the next run on a host breaks off half way: `estate.shared.dtrTrouble = {HOST: true}`. */
function troubled(estate: Estate, host: string): boolean {
  const trouble = estate.shared['dtrTrouble'] as { [host: string]: MutableJson } | undefined
  if (trouble?.[host] !== true) return false
  Reflect.deleteProperty(trouble, host)
  return true
}

function randomId(node: string): string {
  return Buffer.from(node.padEnd(6, 'x')).toString('hex').slice(0, 12)
}
