import type { Exit, Fact } from '../../plan/fact.ts'
import type { HostName, Json, Value } from '../../plan/step.ts'
import { coversVersion } from '../../plan/version.ts'
import { isMissing, isObject, member, parseJson, textArg } from '../os/text.ts'

/** True when the engine's client says that no engine listens. */
function isStopped(exit: Exit): boolean {
  return /Cannot connect to the Docker daemon|[Ff]ailed to connect to the docker API/.test(exit.stderr)
}

/**
 * The engine of a host: null when it is not installed, else `{version, running, asWanted}`. When it does not run, `version` is the
 * client's (both come in one release). `asWanted` answers args `{wanted}`: '19.03' wants 19.03.x; true when nothing is asked for.
 * Undefined when an engine is there and does not answer.
 */
export const engine: Fact = {
  name: 'docker.engine',
  about:
    'The engine: null when it is not installed, else {version, running, asWanted}. args {wanted}: version by whole components.',
  scope: 'host',
  probe: () => ({ argv: ['docker', 'version', '--format', '{{json .}}'] }),
  parse(exit, args) {
    if (isMissing(exit, 'docker')) return null
    const answer = parseJson(exit.stdout)
    const server = member(member(answer, 'Server'), 'Version')
    const client = member(member(answer, 'Client'), 'Version')
    const wanted = member(args, 'wanted')
    const seen = (version: string, running: boolean): Json => ({
      version,
      running,
      asWanted: typeof wanted === 'string' ? coversVersion(wanted, version.replace(/[+~].*$/, '')) : true,
    })
    if (exit.code === 0 && typeof server === 'string' && server !== '') return seen(server, true)
    if (isStopped(exit) && typeof client === 'string' && client !== '') return seen(client, false)
    return undefined
  },
}

/** A host that is in no swarm; also one without an engine. */
const OUTSIDE = {
  state: 'inactive',
  nodeId: null,
  nodeAddr: null,
  clusterId: null,
  manager: false,
  worker: false,
  quorum: false,
  managers: [],
}

/**
 * What the host's engine knows of its swarm: `{state, nodeId, nodeAddr, clusterId, manager, worker, quorum, managers}`.
 * `state` is LocalNodeState: inactive, pending, active, error, locked. A worker is not told the cluster's id (null). `quorum`: as a
 * manager it sees a leader. `managers` are the addresses it knows managers by. A host without an engine is in no swarm.
 */
export const swarm: Fact = {
  name: 'docker.swarm',
  about:
    'The swarm as this host knows it: {state, nodeId, nodeAddr, clusterId, manager, worker, quorum, managers}.',
  scope: 'cluster',
  probe: () => ({ argv: ['docker', 'info', '--format', '{{json .Swarm}}'] }),
  parse(exit) {
    if (isMissing(exit, 'docker')) return OUTSIDE
    const seen = parseJson(exit.stdout)
    const state = member(seen, 'LocalNodeState')
    // A client without an engine prints the whole shape with nothing in it.
    if (exit.code !== 0 || typeof state !== 'string' || state === '') return undefined
    if (state === 'inactive') return OUTSIDE
    const manager = member(seen, 'ControlAvailable') === true
    const remote = member(seen, 'RemoteManagers')
    const managers = Array.isArray(remote)
      ? (remote as readonly Json[]).map(one => member(one, 'Addr') ?? '').filter(addr => addr !== '')
      : []
    return {
      state,
      nodeId: textOrNull(member(seen, 'NodeID')),
      nodeAddr: textOrNull(member(seen, 'NodeAddr')),
      clusterId: textOrNull(member(member(seen, 'Cluster'), 'ID')),
      manager,
      worker: state === 'active' && !manager,
      quorum: manager && textOrNull(member(seen, 'Error')) === null,
      managers: [...managers].sort((a, b) => (String(a) < String(b) ? -1 : 1)),
    }
  },
}

const LIST_NODES = { argv: ['docker', 'node', 'ls', '--format', '{{json .}}'] } as const

/** One node as managers see it. `reachability` is null for workers. */
interface Node {
  readonly id: string
  readonly hostname: string
  readonly role: 'manager' | 'worker'
  readonly state: string
  readonly availability: string
  readonly reachability: string | null
  readonly leader: boolean
}

/**
 * All nodes, asked on a manager: a list of `{id, hostname, role, state, availability, reachability, leader}`, in lower case, sorted by
 * hostname. Null where there is no list (not a manager, no engine); undefined when the managers have no leader.
 */
export const nodes: Fact = {
  name: 'docker.nodes',
  about:
    'All nodes as a manager sees them: [{id, hostname, role, state, availability, reachability, leader}]; null on a host that is no manager.',
  scope: 'cluster',
  probe: () => LIST_NODES,
  parse: exit => listOf(exit) as Json | undefined,
}

/**
 * The node of the hostname `{name}`, asked on a manager: null or `{id, role, state, availability, reachability, leader, doubles}`.
 * Where a hostname stands more than once (a node that was replaced), it is the one that is ready; `doubles` counts the others.
 */
export const node: Fact = {
  name: 'docker.node',
  about:
    'One node by hostname, args {name}, as a manager sees it: null or {id, role, state, availability, reachability, leader, doubles}.',
  scope: 'cluster',
  probe: () => LIST_NODES,
  parse(exit, args) {
    const list = listOf(exit)
    if (list === undefined || list === null) return list
    const same = list.filter(one => one.hostname === textArg(args, 'name'))
    const best = same.find(one => one.state === 'ready') ?? same[0]
    if (!best) return null
    const { hostname: _, ...rest } = best
    return { ...rest, doubles: same.length - 1 }
  },
}

function listOf(exit: Exit): readonly Node[] | null | undefined {
  if (isMissing(exit, 'docker')) return null
  if (/This node is not (a swarm manager|part of a swarm)/.test(exit.stderr)) return null
  if (exit.code !== 0) return undefined
  const list: Node[] = []
  for (const line of exit.stdout.split('\n').filter(text => text.trim() !== '')) {
    const seen = parseJson(line)
    const text = (name: string): string | undefined => {
      const value = member(seen, name)
      return typeof value === 'string' ? value : undefined
    }
    const [id, hostname, state, status] = [
      text('ID'),
      text('Hostname'),
      text('Status'),
      text('ManagerStatus'),
    ]
    if (!id || !hostname || !state || status === undefined) return undefined
    list.push({
      id,
      hostname,
      role: status === '' ? 'worker' : 'manager',
      state: state.toLowerCase(),
      availability: (text('Availability') ?? '').toLowerCase(),
      reachability: status === '' ? null : status === 'Leader' ? 'reachable' : status.toLowerCase(),
      leader: status === 'Leader',
    })
  }
  if (list.length === 0) return undefined
  return list.sort((a, b) => (`${a.hostname} ${a.id}` < `${b.hostname} ${b.id}` ? -1 : 1))
}

/** The token with which a node of `{role: 'manager' | 'worker'}` joins, asked on a manager: `{token}`. Null where there is no swarm to join. */
export const joinToken: Fact = {
  name: 'docker.jointoken',
  about: "The token for joining as args {role: 'manager'|'worker'}, asked on a manager: {token}.",
  secret: true,
  scope: 'cluster',
  probe: args => ({ argv: ['docker', 'swarm', 'join-token', '--quiet', textArg(args, 'role')] }),
  parse(exit) {
    if (isMissing(exit, 'docker') || /This node is not (a swarm manager|part of a swarm)/.test(exit.stderr))
      return null
    const token = exit.stdout.trim()
    return exit.code === 0 && /^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$/.test(token) ? { token } : undefined
  },
}

/**
 * Containers whose names begin with `{prefix}`, stopped ones too: `{[name]: {up, health, image}}`. `up` is false for exited, created and
 * dead ones; `health` is null without a health check, else healthy, unhealthy or starting. `{}`: none, or no engine at all.
 */
export const containers: Fact = {
  name: 'docker.containers',
  about:
    'Containers by the beginning of their names, args {prefix}: {[name]: {up, health, image}}, stopped ones too.',
  scope: 'cluster',
  // The filter only keeps the answer short; it matches anywhere in a name.
  probe: args => ({
    argv: [
      'docker',
      'ps',
      '--all',
      '--no-trunc',
      '--filter',
      `name=${textArg(args, 'prefix')}`,
      '--format',
      '{{.Names}}|{{.Image}}|{{.Status}}',
    ],
  }),
  parse(exit, args) {
    if (isMissing(exit, 'docker')) return {}
    if (exit.code !== 0) return undefined
    const found: Record<string, Json> = {}
    for (const line of exit.stdout.split('\n').filter(text => text !== '')) {
      const [names, image, status, more] = line.split('|')
      if (!names || image === undefined || status === undefined || more !== undefined) return undefined
      // Old links put further names behind a comma.
      const name = names.split(',')[0] ?? ''
      if (name.startsWith(textArg(args, 'prefix'))) found[name] = { ...stateOf(status), image }
    }
    return found
  },
}

function stateOf(status: string): { readonly up: boolean; readonly health: string | null } {
  const health = /\((healthy|unhealthy|health: starting)\)/.exec(status)?.[1]
  return {
    up: status.startsWith('Up ') && !status.includes('(Paused)'),
    health: health === undefined ? null : health.replace('health: ', ''),
  }
}

const MISSING_OBJECT = /No such (container|volume)/i

/** A container by its exact `{name}`: null, or `{state, image, labels}`. `state`: created, running, paused, restarting, exited, dead. */
export const container: Fact = {
  name: 'docker.container',
  about: 'A container by exact name, args {name}: null, or {state, image, labels}.',
  scope: 'cluster',
  probe: args => ({
    argv: [
      'docker',
      'container',
      'inspect',
      '--format',
      '{"state":{{json .State.Status}},"image":{{json .Config.Image}},"labels":{{json .Config.Labels}}}',
      textArg(args, 'name'),
    ],
  }),
  parse(exit) {
    if (isMissing(exit, 'docker') || (exit.code === 1 && MISSING_OBJECT.test(exit.stderr))) return null
    const seen = parseJson(exit.stdout)
    const state = member(seen, 'state')
    const image = member(seen, 'image')
    if (exit.code !== 0 || typeof state !== 'string' || typeof image !== 'string') return undefined
    const labels = member(seen, 'labels')
    return { state, image, labels: isObject(labels) ? labels : {} }
  },
}

/** A volume by its exact `{name}`: null, or `{driver, mountpoint, options, labels}`. */
export const volume: Fact = {
  name: 'docker.volume',
  about: 'A volume by exact name, args {name}: null, or {driver, mountpoint, options, labels}.',
  scope: 'cluster',
  probe: args => ({ argv: ['docker', 'volume', 'inspect', '--format', '{{json .}}', textArg(args, 'name')] }),
  parse(exit) {
    if (isMissing(exit, 'docker') || (exit.code === 1 && MISSING_OBJECT.test(exit.stderr))) return null
    const seen = parseJson(exit.stdout)
    const driver = member(seen, 'Driver')
    const mountpoint = member(seen, 'Mountpoint')
    if (exit.code !== 0 || typeof driver !== 'string' || typeof mountpoint !== 'string') return undefined
    const [options, labels] = [member(seen, 'Options'), member(seen, 'Labels')]
    return {
      driver,
      mountpoint,
      options: isObject(options) ? options : {},
      labels: isObject(labels) ? labels : {},
    }
  },
}

/** A swarm config by its exact `{name}`, asked on a manager: null, or `{name}`. Its content is not read. */
export const config: Fact = {
  name: 'docker.config',
  about: 'A swarm config by exact name, args {name}, asked on a manager: null, or {name}.',
  scope: 'cluster',
  probe: () => ({ argv: ['docker', 'config', 'ls', '--format', '{{.Name}}'] }),
  parse(exit, args) {
    if (isMissing(exit, 'docker') || /This node is not (a swarm manager|part of a swarm)/.test(exit.stderr))
      return null
    if (exit.code !== 0) return undefined
    const name = textArg(args, 'name')
    return exit.stdout.split('\n').includes(name) ? { name } : null
  },
}

/** All questions this folder can put. */
export const facts: readonly Fact[] = [
  engine,
  swarm,
  nodes,
  node,
  joinToken,
  containers,
  container,
  volume,
  config,
]

/** The join token of a swarm as a late value: asked of `manager` just before use, never stored. */
export function tokenFrom(manager: HostName, role: 'manager' | 'worker'): Value {
  return { fact: { fact: joinToken.name, host: manager, args: { role } }, pick: 'token' }
}

function textOrNull(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
