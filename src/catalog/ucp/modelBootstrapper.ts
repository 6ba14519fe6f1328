import { createHash } from 'node:crypto'
import type { Exit } from '../../plan/fact.ts'
import type { Estate, Model, Pending } from '../../twin/estate.ts'
import {
  engineState,
  nodeOf,
  peekEngine,
  startSwarm,
  swarmOf,
  type TwinAgent,
  type TwinSwarm,
} from '../docker/estate.ts'
import { osOf } from '../os/bareHost.ts'
import { exit } from '../os/model.ts'
import { CERTIFICATE_VOLUME, LICENSE_PATH } from './commands.ts'
import { settingOf, twinUcp, type TwinUcp } from './estate.ts'
import { conflictText, installLog, logLine } from './logText.ts'

/** An install with images to hand takes about a minute [O: 50 to 60 s]. */
const INSTALL_TAKES_MS = 60_000

/** Label of a worker that an upgrade holds back [D: reference/ucp/3.2/cli/upgrade.md]. */
export const HOLD = 'com.docker.ucp.upgrade-hold'

type Line = Parameters<Model>[0]

/** `docker run … ucp:VERSION install|upgrade` on a manager. `commandAt` is the place of that word in the words after `docker`. */
export function bootstrapper(
  line: Line,
  commandAt: number,
  host: string,
  estate: Estate,
): Exit | Pending | undefined {
  const words = line.argv.slice(1)
  const image = words[commandAt - 1] ?? ''
  const command = words[commandAt]
  if (command === 'upgrade') return upgrade(line, commandAt, host, estate)
  if (command !== 'install') return undefined
  if (!words.includes('/var/run/docker.sock:/var/run/docker.sock')) {
    return fatal('unable to connect to the Docker engine: is /var/run/docker.sock mounted?')
  }
  const state = engineState(estate, host)
  if (state.containers['ucp']) return exit(125, '', conflictText())
  if (words.includes('--tty') || words.includes('-t') || words.includes('-it'))
    return exit(1, '', 'the input device is not a TTY\n')
  const flags = flagsOf(words.slice(commandAt + 1))
  const password = line.env['UCP_ADMIN_PASSWORD'] ?? ''
  if (password.length < 8) return fatal('Your admin password must be at least 8 characters long')
  if (twinUcp(estate)) return fatal('UCP is already installed on this cluster')
  if (
    flags.has('--external-server-cert') &&
    !peekEngine(estate, host).volumes[CERTIFICATE_VOLUME]?.files['key.pem']
  ) {
    return fatal(`unable to find the external server certificate in volume ${CERTIFICATE_VOLUME}`)
  }
  if (nodeOf(estate, host)?.node.role === 'worker')
    return fatal('this node is a worker of a swarm: UCP is installed on a manager')
  state.containers['ucp'] = { image, startsMs: estate.clockMs, healthyMs: null, exitCode: null, labels: {} }
  return {
    tookMs: INSTALL_TAKES_MS,
    goesOn: true,
    finish: now => finishInstall(now, host, image, flags, line),
  }
}

function fatal(message: string): Exit {
  return exit(1, '', `${logLine('fatal', message)}\n`)
}

function flagsOf(words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const flags = new Map<string, string[]>()
  words.forEach((word, i) => {
    if (!word.startsWith('--')) return
    const [name = '', inline] = word.split('=')
    const next = words[i + 1]
    flags.set(name, [...(flags.get(name) ?? []), inline ?? (next?.startsWith('--') ? '' : (next ?? ''))])
  })
  return flags
}

function finishInstall(
  estate: Estate,
  host: string,
  image: string,
  flags: ReadonlyMap<string, readonly string[]>,
  line: Line,
): Exit {
  Reflect.deleteProperty(engineState(estate, host).containers, 'ucp')
  const address = flags.get('--host-address')?.[0] ?? osOf(estate, host).address
  const fresh = swarmOf(estate, host) === undefined
  const swarmId = swarmOf(estate, host)?.id ?? startSwarm(estate, host, address)
  const swarm = swarmOf(estate, host)?.swarm
  if (!swarm) return exit(1, '', `${logLine('fatal', 'the swarm is gone')}\n`)
  const [repository = '', version = ''] = image.split(':')
  const port = Number(flags.get('--controller-port')?.[0] ?? '443')
  const ucp: TwinUcp = {
    swarm: swarmId,
    version,
    repository,
    controllerPort: port,
    adminUsername: line.env['UCP_ADMIN_USER'] ?? 'admin',
    adminPasswordSha256: sha256(line.env['UCP_ADMIN_PASSWORD'] ?? ''),
    sans: [...(flags.get('--san') ?? [])],
    podCidr: flags.get('--pod-cidr')?.[0] ?? '192.168.0.0/16',
    toml: `[auth]\n  default_new_user_role = "restrictedcontrol"\n\n[scheduling_configuration]\n  default_node_orchestrator = "swarm"\n\n[cluster_config]\n  controller_port = ${port}\n`,
    ca: `-----BEGIN CERTIFICATE-----\n${Buffer.from(`UCP of ${swarmId}`).toString('base64')}\n-----END CERTIFICATE-----\n`,
  }
  const external = engineState(estate, host).volumes[CERTIFICATE_VOLUME]?.files
  if (flags.has('--external-server-cert') && external) ucp.external = { ...external }
  estate.shared['ucp'] = ucp as unknown as NonNullable<Estate['shared'][string]>
  swarm.agents.push(...agents(repository.replace(/\/ucp$/, ''), version, estate.clockMs))
  swarm.configs['com.docker.ucp.config-1'] = ucp.toml
  const license = line.argv.some(word => word.endsWith(':/config/docker_subscription.lic'))
    ? estate.hosts[host]?.files[LICENSE_PATH]?.content
    : undefined
  if (license !== undefined) swarm.configs['com.docker.license'] = license
  // Who is there when UCP is installed gets it during the install, not minutes after.
  for (const node of Object.values(swarm.nodes))
    node.joinedMs = Math.min(node.joinedMs, estate.clockMs - INSTALL_TAKES_MS)
  for (const agent of swarm.agents) agent.sinceMs = estate.clockMs - INSTALL_TAKES_MS
  const nodes = Object.entries(swarm.nodes).map(([id, node]) => ({ id, hostname: node.hostname }))
  const log = installLog({
    version,
    address,
    port,
    username: ucp.adminUsername,
    nodes,
    newSwarm: fresh,
    licensed: license !== undefined,
    instance: swarmId,
  })
  return exit(0, '', log)
}

/** Containers of the agents, and when they come up after a node has joined: a new manager's controller takes minutes [§4.8]. */
export function agents(repository: string, version: string, sinceMs: number): readonly TwinAgent[] {
  const container = (
    role: 'manager' | 'worker',
    name: string,
    afterMs: number,
    healthyAfterMs: number | null,
  ): TwinAgent => ({
    role,
    name,
    image: `${repository}/${imageOf(name)}:${version}`,
    afterMs,
    healthyAfterMs,
    sinceMs,
  })
  return [
    container('manager', 'ucp-proxy', 10_000, null),
    container('manager', 'ucp-kv', 20_000, 50_000),
    container('manager', 'ucp-auth-store', 20_000, 60_000),
    container('manager', 'ucp-auth-api', 30_000, null),
    container('manager', 'ucp-auth-worker', 30_000, null),
    container('manager', 'ucp-controller', 40_000, 60_000),
    container('manager', 'ucp-kubelet', 40_000, null),
    container('worker', 'ucp-proxy', 10_000, null),
    container('worker', 'ucp-kubelet', 15_000, null),
    container('worker', 'ucp-kube-proxy', 15_000, null),
  ]
}

function imageOf(container: string): string {
  if (container === 'ucp-kv') return 'ucp-etcd'
  if (container === 'ucp-auth-api' || container === 'ucp-auth-worker') return 'ucp-auth'
  return container === 'ucp-proxy' ? 'ucp-agent' : container
}

/** Hex digest, as the twin keeps passwords and files. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** An upgrade of a small cluster; each node takes a while [O]. */
const UPGRADE_TAKES_MS = 240_000

function upgrade(line: Line, commandAt: number, host: string, estate: Estate): Exit | Pending {
  const words = line.argv.slice(1)
  const image = words[commandAt - 1] ?? ''
  const state = engineState(estate, host)
  if (state.containers['ucp']) return exit(125, '', conflictText())
  const ucp = twinUcp(estate)
  if (!ucp) return fatal('UCP is not installed on this cluster')
  if (nodeOf(estate, host)?.node.role !== 'manager') return fatal('this command must be run on a manager')
  if (flagsOf(words.slice(commandAt + 1)).get('--id')?.[0] !== ucp.swarm)
    return fatal('the instance id does not match the one of this cluster')
  const flags = flagsOf(words.slice(commandAt + 1))
  const [, version = ''] = image.split(':')
  const password = line.env['UCP_ADMIN_PASSWORD'] ?? ''
  if (sha256(password) !== ucp.adminPasswordSha256)
    return fatal('unauthorized: invalid administrator credentials')
  const minor = (text: string): number => Number(text.split('.')[1])
  if (minor(version) < minor(ucp.version))
    return fatal(`unable to downgrade from ${ucp.version} to ${version}`)
  if (minor(version) > minor(ucp.version) + 1)
    return fatal(`unable to upgrade from ${ucp.version} to ${version}: minor versions cannot be skipped`)
  if (settingOf(ucp.toml, 'trust_configuration', 'require_content_trust') === 'true')
    return fatal('image or trust data does not exist for the upgrade images: content trust is enforced')
  if (minor(version) < 3 && flags.has('--force-recent-backup'))
    return fatal('flag provided but not defined: -force-recent-backup')
  if (minor(version) >= 3 && !flags.has('--force-recent-backup') && ucp.backedUpMs === undefined)
    return fatal('no recent backup of this cluster was found')
  state.containers['ucp'] = { image, startsMs: estate.clockMs, healthyMs: null, exitCode: null, labels: {} }
  return {
    tookMs: UPGRADE_TAKES_MS,
    goesOn: true,
    finish: now => {
      Reflect.deleteProperty(engineState(now, host).containers, 'ucp')
      return finishUpgrade(now, image, flags.has('--manual-worker-upgrade'))
    },
  }
}

/** All nodes come to the new version, or with workers held back the managers only: a worker follows when its label goes. */
function finishUpgrade(estate: Estate, image: string, holdsWorkers: boolean): Exit {
  const ucp = twinUcp(estate)
  const swarm = (estate.shared['swarms'] as unknown as { [id: string]: TwinSwarm })[ucp?.swarm ?? '']
  if (!ucp || !swarm) return exit(1, '', `${logLine('fatal', 'UCP is gone')}\n`)
  const [repository = '', version = ''] = image.split(':')
  ucp.version = version
  ucp.repository = repository
  const fresh = agents(repository.replace(/\/ucp$/, ''), version, estate.clockMs - INSTALL_TAKES_MS)
  const labelled = (one: TwinAgent, is: boolean): TwinAgent => ({ ...one, labelled: { name: HOLD, is } })
  const old = swarm.agents.filter(one => one.role === 'worker' && one.labelled?.is !== true)
  // A run that is repeated finds the workers as the first one left them.
  const again = old.some(one => one.image.endsWith(`:${version}`))
  const held = again ? swarm.agents.filter(one => one.labelled?.is === true) : old
  if (holdsWorkers && !again)
    for (const node of Object.values(swarm.nodes)) if (node.role === 'worker') node.labels[HOLD] = 'true'
  swarm.agents = holdsWorkers
    ? [
        ...fresh.map(one => (one.role === 'worker' ? labelled(one, false) : one)),
        ...held.map(one => labelled(one, true)),
      ]
    : [...fresh]
  return exit(0, '', `${logLine('info', `Upgrade to ${version} complete`)}\n`)
}
