import { createHash } from 'node:crypto'
import { osOf } from '../os/bareHost.ts'
import type { Estate } from '../../twin/estate.ts'

/** A container on a host of the twin. */
export interface TwinContainer {
  image: string
  /** Virtual time from which it runs; before that `docker ps` says Created. */
  startsMs: number
  /** Virtual time from which its health check says healthy; null: it has none. */
  healthyMs: number | null
  /** Stopped, with this code; null: it runs. */
  exitCode: number | null
  labels: { [name: string]: string }
}

/** What the twin's engine keeps of a host, at `state.docker`. Absent until something is there to keep. */
export interface EngineState {
  /** The swarm it belongs to, a key of `estate.shared.swarms`; null: none. */
  swarm: string | null
  /** Id of its own node there. */
  node?: string
  containers: { [name: string]: TwinContainer }
  /** Volumes with the files in them. */
  volumes: {
    [name: string]: { driver: string; options: { [name: string]: string }; files: { [path: string]: string } }
  }
}

/** A node of the twin's swarm. Its id follows from cluster and hostname, so equal histories give equal estates. */
export interface TwinNode {
  hostname: string
  role: 'manager' | 'worker'
  addr: string
  availability: 'active' | 'pause' | 'drain'
  labels: { [name: string]: string }
  /** Names of the services' tasks that run on it. */
  tasks?: string[]
  /** Virtual time at which its availability became drain: its tasks end TASKS_END_AFTER_MS later. */
  drainedMs?: number
  /** Virtual time at which it was demoted: what only managers carry goes RECONCILED_AFTER_MS later. */
  demotedMs?: number
  joinedMs: number
  /** Virtual time from which managers list it as ready (and reachable). */
  readyMs: number
}

/** Containers that a global service of the swarm puts on every node of a role, so many milliseconds after it joined. */
export interface TwinAgent {
  role: 'manager' | 'worker'
  name: string
  image: string
  afterMs: number
  healthyAfterMs: number | null
  /** Virtual time at which the service began. */
  sinceMs: number
  /** Only on nodes with (true) or without (false) this label; absent: on all of its role. */
  labelled?: { name: string; is: boolean }
}

/** A swarm of the twin, at `estate.shared.swarms[clusterId]`. Node ids are keys. */
export interface TwinSwarm {
  tokens: { manager: string; worker: string }
  nodes: { [id: string]: TwinNode }
  configs: { [name: string]: string }
  agents: TwinAgent[]
  /** Ids of nodes that were struck off: none is given again. */
  struck?: string[]
}

/** Tasks have this long to end when their node is drained (the default grace period of services). */
export const TASKS_END_AFTER_MS = 10_000
/** UCP takes its manager components off a demoted node in about this time (its agent reconciles; minutes on real hosts). */
const RECONCILED_AFTER_MS = 45_000
/** A node is listed as ready this long after it joined. */
export const READY_AFTER_MS = 3_000

/** What the engine of a host keeps; made when missing, so only effects may call it. */
export function engineState(estate: Estate, host: string): EngineState {
  const state = estate.hosts[host]?.state
  if (!state) throw new Error(`no host ${host}`)
  state['docker'] ??= { swarm: null, containers: {}, volumes: {} }
  return state['docker'] as unknown as EngineState
}

/** What the engine of a host keeps, for reading. */
export function peekEngine(estate: Estate, host: string): EngineState {
  return (
    (estate.hosts[host]?.state['docker'] as unknown as EngineState | undefined) ?? {
      swarm: null,
      containers: {},
      volumes: {},
    }
  )
}

/** The version of the engine on a host; undefined when none is installed. */
export function engineVersion(estate: Estate, host: string): string | undefined {
  const { packages } = osOf(estate, host)
  const installed = Object.entries(packages).find(([name]) =>
    ['docker-ee', 'docker-ce', 'docker.io', 'docker-engine'].includes(name),
  )
  return installed === undefined ? undefined : /(?:^|:)(\d+(?:\.\d+)+)/.exec(installed[1])?.[1]
}

/** True when a host is on and its engine runs. */
export function engineIsUp(estate: Estate, host: string): boolean {
  const on = estate.hosts[host]?.up === true
  return (
    on && engineVersion(estate, host) !== undefined && osOf(estate, host).services['docker']?.active === true
  )
}

/** The swarm a host belongs to, with its key; undefined when it is in none. */
export function swarmOf(
  estate: Estate,
  host: string,
): { readonly id: string; readonly swarm: TwinSwarm } | undefined {
  const id = peekEngine(estate, host).swarm
  const swarms = estate.shared['swarms'] as unknown as { [id: string]: TwinSwarm } | undefined
  const swarm = id === null ? undefined : swarms?.[id]
  return id === null || !swarm ? undefined : { id, swarm }
}

/** The host's own node and its id; undefined when it is in no swarm. */
export function nodeOf(
  estate: Estate,
  host: string,
): { readonly id: string; readonly node: TwinNode } | undefined {
  const found = swarmOf(estate, host)
  if (!found) return undefined
  const id = peekEngine(estate, host).node ?? nodeId(found.id, osOf(estate, host).hostname)
  const node = found.swarm.nodes[id]
  return node && { id, node }
}

/** The host of the twin that calls itself so. */
export function hostCalled(estate: Estate, hostname: string): string | undefined {
  return Object.keys(estate.hosts).find(host => osOf(estate, host).hostname === hostname)
}

/** True when a node's engine can be reached by its managers and still takes part. */
export function nodeIsUp(estate: Estate, node: TwinNode): boolean {
  const host = hostCalled(estate, node.hostname)
  if (host === undefined || estate.hosts[host]?.state['cutOff'] === true) return false
  return engineIsUp(estate, host) && nodeOf(estate, host)?.node === node
}

/** True when more than half of a swarm's managers are up. A manager votes from the moment it is ready. */
export function hasQuorum(estate: Estate, swarm: TwinSwarm): boolean {
  const managers = Object.values(swarm.nodes).filter(node => node.role === 'manager')
  return managers.filter(node => nodeIsUp(estate, node)).length > managers.length / 2
}

/** Starts a swarm with the host as its only manager; answers its id. */
export function startSwarm(estate: Estate, host: string, addr: string): string {
  const { hostname } = osOf(estate, host)
  const id = base36(`cluster ${hostname}`, 25)
  const swarm: TwinSwarm = {
    tokens: { manager: token(id, 'manager'), worker: token(id, 'worker') },
    nodes: {},
    configs: {},
    agents: [],
  }
  const swarms = (estate.shared['swarms'] ??= {}) as unknown as { [id: string]: TwinSwarm }
  swarms[id] = swarm
  addNode(estate, host, id, 'manager', addr)
  const first = swarm.nodes[nodeId(id, hostname)]
  if (first) first.readyMs = estate.clockMs
  return id
}

/** Makes a host a member of a swarm. */
export function addNode(
  estate: Estate,
  host: string,
  swarmId: string,
  role: TwinNode['role'],
  addr: string,
): void {
  const { hostname } = osOf(estate, host)
  const swarm = (estate.shared['swarms'] as unknown as { [id: string]: TwinSwarm })[swarmId]
  if (!swarm) throw new Error(`no swarm ${swarmId}`)
  // Ids are never used again: a machine that comes back under its old name is another node.
  let id = nodeId(swarmId, hostname)
  for (let again = 2; swarm.nodes[id] || swarm.struck?.includes(id); again++)
    id = nodeId(swarmId, `${hostname} ${again}`)
  const state = engineState(estate, host)
  state.swarm = swarmId
  state.node = id
  swarm.nodes[id] = {
    hostname,
    role,
    addr,
    availability: 'active',
    labels: {},
    joinedMs: estate.clockMs,
    readyMs: estate.clockMs + READY_AFTER_MS,
  }
}

/** Everything that runs or lies on a host: its own containers and those that the swarm's agents put there. */
export function containersOn(estate: Estate, host: string): { readonly [name: string]: TwinContainer } {
  const own = peekEngine(estate, host).containers
  const member = nodeOf(estate, host)
  const swarm = swarmOf(estate, host)?.swarm
  if (!member || !swarm) return own
  const given = swarm.agents
    .filter(({ labelled }) => labelled === undefined || labelled.name in member.node.labels === labelled.is)
    .filter(
      agent =>
        agent.role === member.node.role ||
        (agent.role === 'manager' &&
          member.node.demotedMs !== undefined &&
          estate.clockMs < member.node.demotedMs + RECONCILED_AFTER_MS),
    )
    .map((agent): readonly [string, TwinContainer] => {
      const began = Math.max(agent.sinceMs, member.node.joinedMs)
      const healthyMs = agent.healthyAfterMs === null ? null : began + agent.healthyAfterMs
      return [
        agent.name,
        { image: agent.image, startsMs: began + agent.afterMs, healthyMs, exitCode: null, labels: {} },
      ]
    })
    .filter(([, container]) => container.startsMs <= estate.clockMs)
  return { ...Object.fromEntries(given), ...own }
}

/** The same for one name, without looking at the others. */
export function containerOn(estate: Estate, host: string, name: string): TwinContainer | undefined {
  return peekEngine(estate, host).containers[name] ?? containersOn(estate, host)[name]
}

function nodeId(clusterId: string, hostname: string): string {
  return base36(`${clusterId} ${hostname}`, 25)
}

function token(clusterId: string, role: string): string {
  return `SWMTKN-1-${base36(`ca ${clusterId}`, 50)}-${base36(`${role} ${clusterId}`, 25)}`
}

const hashed = new Map<string, string>()

/** Asked for the same few names over and over, so the hash is kept. */
function base36(seed: string, length: number): string {
  let long = hashed.get(seed)
  if (long === undefined) {
    long = BigInt(`0x${createHash('sha512').update(seed).digest('hex')}`).toString(36)
    hashed.set(seed, long)
  }
  return long.slice(0, length)
}
