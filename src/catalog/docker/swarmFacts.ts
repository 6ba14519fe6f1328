import type { Exit, Fact } from '../../plan/fact.ts'
import type { HostName, Json, Value } from '../../plan/step.ts'
import { isMissing, isObject, member, parseJson, shown, textArg } from '../os/text.ts'

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
  picks: { nodeAddr: `sed -n 's/.*"NodeAddr":"\\([^"]*\\)".*/\\1/p'` },
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
      managers: [...managers].sort((a, b) => (shown(a) < shown(b) ? -1 : 1)),
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
 * With args `{id}` instead it is the node of that id, whatever its hostname.
 */
export const node: Fact = {
  name: 'docker.node',
  about:
    'One node by hostname, args {name}, or by args {id}, as a manager sees it: null or {id, role, state, availability, reachability, leader, doubles}.',
  scope: 'cluster',
  probe: () => LIST_NODES,
  parse(exit, args) {
    const list = listOf(exit)
    if (list === undefined || list === null) return list
    const wanted = member(args, 'id')
    const same =
      wanted === undefined
        ? list.filter(one => one.hostname === textArg(args, 'name'))
        : list.filter(one => one.id === wanted)
    const best = same.find(one => one.state === 'ready') ?? same[0]
    if (!best) return null
    const { id, role, state, availability, reachability, leader } = best
    return { id, role, state, availability, reachability, leader, doubles: same.length - 1 }
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
  picks: { token: 'cat' },
  probe: args => ({ argv: ['docker', 'swarm', 'join-token', '--quiet', textArg(args, 'role')] }),
  parse(exit) {
    if (isMissing(exit, 'docker') || /This node is not (a swarm manager|part of a swarm)/.test(exit.stderr))
      return null
    const token = exit.stdout.trim()
    return exit.code === 0 && /^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$/.test(token) ? { token } : undefined
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

/**
 * What is still asked of a node, args `{id}`, asked on a manager: `{manager, drained}`. A node that is on the list no more does nothing:
 * `{manager: false, drained: true}`, so a node that went all the way has also done each part of it. Null where there is no list.
 */
export const duty: Fact = {
  name: 'docker.duty',
  about:
    'What is still asked of a node, args {id}, asked on a manager: {manager, drained}; of a node that is gone, nothing: {manager: false, drained: true}.',
  scope: 'cluster',
  probe: () => LIST_NODES,
  parse(exit, args) {
    const list = listOf(exit)
    if (list === undefined || list === null) return list
    const found = list.find(one => one.id === textArg(args, 'id'))
    return {
      manager: found?.role === 'manager',
      drained: found === undefined || found.availability === 'drain',
    }
  },
}

/**
 * What the swarm still runs on a node, args `{id}`, asked on a manager: `{running}`, the number of tasks in state running, starting or
 * about to. The product's own agents (`ucp-…`) do not count: they are on every node as long as it is one. None on a node that is gone;
 * null where nobody knows.
 */
export const tasks: Fact = {
  name: 'docker.tasks',
  about:
    "How many of the swarm's tasks still run on a node, args {id}, asked on a manager: {running}, without the agents of UCP; none on a node that is gone.",
  scope: 'cluster',
  probe: args => ({
    argv: [
      'docker',
      'node',
      'ps',
      '--no-trunc',
      '--format',
      '{{.Name}}|{{.CurrentState}}',
      textArg(args, 'id'),
    ],
  }),
  parse(exit, args) {
    if (isMissing(exit, 'docker') || /This node is not (a swarm manager|part of a swarm)/.test(exit.stderr))
      return null
    if (/No such node|node \S+ not found/i.test(exit.stderr)) return { running: 0 }
    if (exit.code !== 0 || textArg(args, 'id') === '') return undefined
    const lines = exit.stdout.split('\n').filter(line => line !== '')
    if (lines.some(line => !/^[^|]+\|[A-Z][a-z]+/.test(line))) return undefined
    const alive = lines.filter(
      line =>
        !line.startsWith('ucp-') && /\|(Running|Starting|Preparing|Ready|Assigned|Accepted)\b/.test(line),
    )
    return { running: alive.length }
  },
}

/** Labels of a node by its hostname, args `{name}` ('self' is the host itself), asked on a manager: null without such a node, else `{labels: {[name]: value}}`. */
export const nodeLabels: Fact = {
  name: 'docker.nodelabels',
  about: 'Labels of a node, args {name}, asked on a manager: null without such a node, else {labels}.',
  scope: 'cluster',
  probe: args => ({
    argv: ['docker', 'node', 'inspect', '--format', '{{json .Spec.Labels}}', textArg(args, 'name')],
  }),
  parse(exit) {
    if (
      isMissing(exit, 'docker') ||
      /No such node|This node is not (a swarm manager|part of a swarm)/.test(exit.stderr)
    )
      return null
    const labels = parseJson(exit.stdout.trim())
    if (exit.code !== 0 || labels === undefined) return undefined
    return { labels: isObject(labels) ? labels : {} }
  },
}

const MEMBERS = `ids=$(docker node ls --quiet) || exit
for id in $ids; do
  docker node inspect --format '{{.ID}}|{{.Description.Hostname}}|{{.Spec.Role}}|{{.Status.Addr}}|{{with .ManagerStatus}}{{.Addr}}{{end}}|{{.Description.Platform.OS}}' "$id" || exit
done
echo end`

/**
 * All nodes with the addresses that managers know them by, asked on a manager: `[{id, hostname, role, address, os}]`, sorted by hostname. Of
 * a manager that says 0.0.0.0 of itself (moby#35437) the address of its raft port counts. `address` null: nobody knows it.
 */
export const members: Fact = {
  name: 'docker.members',
  about:
    'All nodes with their addresses, asked on a manager: [{id, hostname, role, address, os}]; null on a host that is no manager.',
  scope: 'cluster',
  probe: () => ({ argv: ['sh', '-c', MEMBERS, 'runbook-docker-members'] }),
  parse(exit) {
    if (isMissing(exit, 'docker')) return null
    if (/This node is not (a swarm manager|part of a swarm)/.test(exit.stderr)) return null
    const lines = exit.stdout.split('\n').filter(line => line !== '')
    if (exit.code !== 0 || lines.pop() !== 'end') return undefined
    const seen: { readonly [key: string]: string | null }[] = []
    for (const line of lines) {
      const [id = '', hostname = '', role = '', address = '', raft = '', os, more] = line.split('|')
      if (id === '' || hostname === '' || os === undefined || more !== undefined) return undefined
      const known = [address, raft.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')].find(
        one => one !== '' && one !== '0.0.0.0' && one !== '::' && !one.startsWith('127.'),
      )
      seen.push({ id, hostname, role, address: known ?? null, os })
    }
    return seen.sort((a, b) => ((a['hostname'] ?? '') < (b['hostname'] ?? '') ? -1 : 1))
  },
}

/** Questions about a swarm. */
export const facts: readonly Fact[] = [
  swarm,
  members,
  nodes,
  node,
  duty,
  tasks,
  nodeLabels,
  joinToken,
  config,
]

/** The join token of a swarm as a late value: asked of `manager` just before use, never stored. */
export function tokenFrom(manager: HostName, role: 'manager' | 'worker'): Value {
  return { fact: { fact: joinToken.name, host: manager, args: { role } }, pick: 'token' }
}

function textOrNull(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
