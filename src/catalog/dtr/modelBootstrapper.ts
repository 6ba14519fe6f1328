import type { Exit } from '../../plan/fact.ts'
import type { Line } from '../../hosts/session.ts'
import type { Estate, MutableJson, Pending } from '../../twin/estate.ts'
import { containerOn, containersOn, engineState, nodeIsUp, peekEngine, swarmOf } from '../docker/estate.ts'
import { exit } from '../os/model.ts'
import { nfsParts } from '../storage/target.ts'
import { settingOf, twinUcp } from '../ucp/estate.ts'
import { logLine } from '../ucp/logText.ts'
import {
  COMPONENTS,
  NO_NODES,
  VOLUMES,
  type Message,
  clashText,
  installMessages,
  joinMessages,
  phaseTwoText,
  unhealthyText,
} from './messages.ts'
import { flagsOf } from './modelFlags.ts'
import { wayTo } from './hops.ts'
import { type TwinDtr, hasMajority, hostOfNode, isRunning, storeName, textOf, twinDtr } from './state.ts'

/** Seen: 114 to 160 s and 100 to 183 s, about 20 s for destroy [O]. */
const TAKES_MS = {
  install: 130_000,
  join: 140_000,
  remove: 60_000,
  destroy: 20_000,
  upgrade: 200_000,
  reconfigure: 60_000,
} as const

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
  const answer = bootstrapper({ ...line, argv: command }, estate)
  const done = (result: Exit, now: Estate): Exit => {
    if (result.code === 0) Reflect.deleteProperty(now.hosts[host]?.files ?? {}, markOf(id))
    return result
  }
  if (!('finish' in answer)) return done(answer, estate)
  return { tookMs: answer.tookMs, finish: now => done(answer.finish(now), now) }
}

/** `docker run … IMAGE install|join|remove|destroy …`. */
export function bootstrapper(line: Line, estate: Estate): Exit | Pending {
  const at = line.argv.findIndex(word => /(^|\/)dtr:\d/.test(word))
  const image = line.argv[at] ?? ''
  const verb = line.argv[at + 1] ?? ''
  const flags = flagsOf(line.argv.slice(at + 2))
  const flag = (name: string): string => flags.get(name) ?? ''
  if (line.argv.slice(0, at).some(word => word === '-t' || word === '-it' || word === '--tty'))
    return exit(1, '', 'the input device is not a TTY\n')
  if (!(verb in TAKES_MS)) return refuse(`unknown command ${verb}`)
  const missing = [
    '--ucp-url',
    ...(verb === 'install' || verb === 'join' ? ['--ucp-node'] : []),
    ...(['join', 'remove', 'upgrade', 'reconfigure'].includes(verb) ? ['--existing-replica-id'] : []),
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
  if (verb === 'upgrade') return upgrade(image, flag, estate)
  if (verb === 'reconfigure') return reconfigure(image, flags, line.env, estate)
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
    tookMs: TAKES_MS[verb],
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

/** Containers are made one after another; the twin lets them all run from now. */
function start(estate: Estate, host: string, id: string, image: string, version: string): void {
  const repository = image.slice(0, image.lastIndexOf(':')).replace(/dtr$/, 'dtr-')
  for (const name of COMPONENTS) {
    engineState(estate, host).containers[`dtr-${name}-${id}`] = {
      image: `${repository}${name.replace('rethinkdb', 'rethink').replace('scanningstore', 'postgres')}:${version}`,
      startsMs: estate.clockMs,
      healthyMs: name === 'nginx' ? estate.clockMs + 20_000 : null,
      exitCode: null,
      labels: { 'com.docker.dtr.version': version, 'com.docker.dtr.replica': id },
    }
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

/** `remove` tells the database and clears the node; `destroy` clears the node and leaves a ghost. */
function takeAway(
  verb: 'remove' | 'destroy',
  image: string,
  flag: (name: string) => string,
  estate: Estate,
): Exit | Pending {
  const dtr = twinDtr(estate)
  const id = (flag('--replica-ids') || flag('--replica-id')).split(',')[0] ?? ''
  const known = dtr?.members[id]
  if (verb === 'remove') {
    const entry = flag('--existing-replica-id')
    if (!dtr || !known) return refuse(`Replica ${id} was not found`)
    const unfit = unfitEntry(estate, dtr, entry, image)
    if (unfit !== undefined) return refuse(unfit)
    if (entry === id) return refuse('The existing replica and the replica to remove are the same')
    const bad = Object.entries(dtr.members).filter(
      ([one, { host }]) => one !== id && !isRunning(estate, one, host),
    )
    if (isRunning(estate, id, known.host) && bad.length > 0)
      return refuse(unhealthyText(bad.map(([one]) => one)))
  }
  return {
    tookMs: TAKES_MS[verb],
    finish: now => {
      for (const name of Object.keys(now.hosts)) {
        const engine = now.hosts[name]?.up ? engineState(now, name) : undefined
        for (const part of [
          ...Object.keys(engine?.containers ?? {}),
          ...Object.keys(engine?.volumes ?? {}),
        ]) {
          if (!engine || !part.startsWith('dtr-') || !part.endsWith(`-${id}`)) continue
          Reflect.deleteProperty(engine.containers, part)
          Reflect.deleteProperty(engine.volumes, part)
        }
      }
      const after = twinDtr(now)
      if (verb === 'remove' && after) Reflect.deleteProperty(after.members, id)
      return exit(
        0,
        '',
        print([
          ['info', `Beginning Docker Trusted Registry replica ${verb}`],
          ['info', 'Force removing replica'],
          ['info', 'Replica removed.'],
        ]),
      )
    },
  }
}

/** Why a replica cannot be the way in: none of the members, not at work, without a majority, or of another version than the image. */
function unfitEntry(estate: Estate, dtr: TwinDtr, id: string, image: string): string | undefined {
  const entry = dtr.members[id]
  if (!entry || !isRunning(estate, id, entry.host)) return `Replica ${id} was not found`
  if (!hasMajority(estate, dtr))
    return 'Failed to connect to the database: no majority of replicas is available'
  const version = versionOf(estate, id, entry.host)
  const wanted = image.slice(image.lastIndexOf(':') + 1)
  return version === wanted ? undefined : `The bootstrapper is ${wanted}, the replica ${id} is ${version}`
}

function versionOf(estate: Estate, id: string, host: string): string {
  return containerOn(estate, host, `dtr-rethinkdb-${id}`)?.labels['com.docker.dtr.version'] ?? ''
}

/** One replica after the other; what was done before a run broke off stays done, and the next run does the rest. */
function upgrade(image: string, flag: (name: string) => string, estate: Estate): Exit | Pending {
  const dtr = twinDtr(estate)
  const entry = dtr?.members[flag('--existing-replica-id')]
  if (!dtr || !entry) return refuse(`Replica ${flag('--existing-replica-id')} was not found`)
  const bad = Object.entries(dtr.members).filter(([id, { host }]) => !isRunning(estate, id, host))
  if (bad.length > 0) return refuse(unhealthyText(bad.map(([id]) => id)))
  const ucp = twinUcp(estate)
  if (ucp && settingOf(ucp.toml, 'trust_configuration', 'require_content_trust') === 'true')
    return refuse('image or trust data does not exist for the upgrade images: content trust is enforced')
  const to = image.slice(image.lastIndexOf(':') + 1)
  for (const [id, { host }] of Object.entries(dtr.members)) {
    const way = wayTo(versionOf(estate, id, host), to)
    if (way.kind !== 'hops' || way.versions.length > 1)
      return refuse(`Upgrading from ${versionOf(estate, id, host)} to ${to} is not supported`)
  }
  return {
    tookMs: TAKES_MS.upgrade,
    finish: now => {
      const after = twinDtr(now)
      if (!after) return refuse('the registry has gone')
      for (const [id, { host }] of Object.entries(after.members)) start(now, host, id, image, to)
      after.version = to
      after.image = image
      return exit(0, '', print([['info', `Beginning Docker Trusted Registry upgrade to ${to}`]]))
    },
  }
}

/** Changes what its flags name and restarts; a storage flag without --storage-migrated erases every tag. */
function reconfigure(
  image: string,
  flags: ReadonlyMap<string, string>,
  env: Line['env'],
  estate: Estate,
): Exit | Pending {
  const flag = (name: string): string => flags.get(name) ?? ''
  const id = flag('--existing-replica-id')
  const dtr = twinDtr(estate)
  if (!dtr) return refuse(`Replica ${id} was not found`)
  const unfit = unfitEntry(estate, dtr, id, image)
  if (unfit !== undefined) return refuse(unfit)
  if (flag('--dtr-cert') !== '' && env['DTR_KEY'] === undefined && env['MSR_KEY'] === undefined)
    return refuse('dtr-key: cannot prompt for a value, the input device is not a TTY')
  return {
    tookMs: TAKES_MS.reconfigure,
    finish: now => {
      const after = twinDtr(now)
      const own = after?.members[id]
      if (!after || !own) return refuse(`Replica ${id} was not found`)
      if (flags.has('--dtr-external-url'))
        after.externalHost = flag('--dtr-external-url').replace(/^https:\/\//, '')
      if (flag('--dtr-cert') !== '') after.webCertificate = flag('--dtr-cert')
      if (flags.has('--replica-https-port')) own.httpsPort = Number(flag('--replica-https-port'))
      if (flags.has('--replica-http-port')) own.httpPort = Number(flag('--replica-http-port'))
      const nfs = flag('--nfs-storage-url')
      const volume = flag('--dtr-storage-volume')
      if (nfs !== '' || volume !== '') {
        after.storage = nfs !== '' ? { kind: 'nfs', url: nfs } : { kind: 'path', path: volume }
        // The flag says that a person has copied all images there.
        if (!flags.has('--storage-migrated')) after.tags = {}
        else for (const tag of Object.values(after.tags)) tag.stores.push(storeName(now, after, id))
      }
      for (const [one, { host }] of Object.entries(after.members))
        if (isRunning(now, one, host)) start(now, host, one, image, versionOf(now, one, host))
      return exit(0, '', print([['info', 'Starting phase1 reconfigure']]))
    },
  }
}

/** A test may say that the next run on a host breaks off half way: `estate.shared.dtrTrouble = {HOST: true}`. */
function troubled(estate: Estate, host: string): boolean {
  const trouble = estate.shared['dtrTrouble'] as { [host: string]: MutableJson } | undefined
  if (trouble?.[host] !== true) return false
  Reflect.deleteProperty(trouble, host)
  return true
}

function refuse(...messages: readonly string[]): Exit {
  return exit(1, '', print(messages.map((text): Message => ['fatal', text])))
}

function print(messages: readonly Message[]): string {
  return messages.map(([level, text]) => `${logLine(level, text)}\n`).join('')
}

function randomId(node: string): string {
  return Buffer.from(node.padEnd(6, 'x')).toString('hex').slice(0, 12)
}
