import type { Exit } from '../../plan/fact.ts'
import type { Estate, Pending } from '../../twin/estate.ts'
import { exit } from '../os/model.ts'
import { osOf } from '../os/bareHost.ts'
import {
  addNode,
  containersOn,
  engineState,
  hasQuorum,
  hostCalled,
  nodeIsUp,
  nodeOf,
  swarmOf,
  TASKS_END_AFTER_MS,
  type TwinNode,
  type TwinSwarm,
} from './estate.ts'

const NO_LEADER =
  "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online."
const JOIN_TAKES_MS = 2_000

/** `docker info`'s Swarm member. */
export function swarmInfo(estate: Estate, host: string): object {
  const found = swarmOf(estate, host)
  const own = nodeOf(estate, host)
  if (!found || !own)
    return {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    }
  const { swarm, id } = found
  const managers = Object.entries(swarm.nodes).filter(([, node]) => node.role === 'manager')
  const seen = {
    NodeID: own.id,
    NodeAddr: own.node.addr,
    LocalNodeState: 'active',
    ControlAvailable: own.node.role === 'manager',
    Error: '',
    RemoteManagers: managers.map(([nodeId, node]) => ({ NodeID: nodeId, Addr: `${node.addr}:2377` })),
  }
  if (own.node.role === 'worker') return seen
  if (!hasQuorum(estate, swarm)) return { ...seen, Error: NO_LEADER }
  return {
    ...seen,
    Nodes: Object.keys(swarm.nodes).length,
    Managers: managers.length,
    Cluster: {
      ID: id,
      Version: { Index: 10 },
      Spec: { Raft: { SnapshotInterval: 10_000 } },
      RootRotationInProgress: false,
    },
  }
}

/** Commands on the swarm, and the engine's API calls as `['api', path]`. */
export function swarmCommand(
  words: readonly string[],
  stdin: string | undefined,
  host: string,
  estate: Estate,
): Exit | Pending | undefined {
  const [noun, verb] = words
  if (noun === 'api') return verb === '/swarm/join' ? join(stdin ?? '', host, estate) : undefined
  if (noun === 'swarm' && verb === 'leave') return leave(words, host, estate)
  if (noun !== 'swarm' && noun !== 'node' && noun !== 'config') return undefined
  const refused = notManager(host, estate)
  if (refused) return refused
  const swarm = swarmOf(estate, host)?.swarm
  if (!swarm) return undefined
  if (noun === 'swarm' && verb === 'join-token') {
    return exit(0, `${words.at(-1) === 'manager' ? swarm.tokens.manager : swarm.tokens.worker}\n`)
  }
  if (noun === 'config' && verb === 'ls')
    return exit(
      0,
      Object.keys(swarm.configs)
        .map(name => `${name}\n`)
        .join(''),
    )
  if (noun === 'node' && verb === 'ls') return exit(0, nodeLines(estate, swarm, host))
  if (noun === 'node') return change(words, swarm, estate, nodeOf(estate, host)?.id)
  return undefined
}

function notManager(host: string, estate: Estate): Exit | undefined {
  const own = nodeOf(estate, host)
  const found = swarmOf(estate, host)
  if (!own || !found) {
    return exit(
      1,
      '',
      'Error response from daemon: This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.\n',
    )
  }
  if (own.node.role === 'worker') {
    return exit(
      1,
      '',
      "Error response from daemon: This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.\n",
    )
  }
  return hasQuorum(estate, found.swarm)
    ? undefined
    : exit(1, '', `Error response from daemon: ${NO_LEADER}\n`)
}

/** What the script of `docker.members` prints. */
export function memberLines(host: string, estate: Estate): Exit {
  const refused = notManager(host, estate)
  if (refused) return refused
  const lines = Object.entries(swarmOf(estate, host)?.swarm.nodes ?? {}).map(([id, node]) => {
    const isManager = node.role === 'manager'
    const own = isManager && node.hostname === host ? '0.0.0.0' : node.addr
    return `${id}|${node.hostname}|${node.role}|${own}|${isManager ? `${node.addr}:2377` : ''}|linux\n`
  })
  return exit(0, `${lines.join('')}end\n`)
}

function nodeLines(estate: Estate, swarm: TwinSwarm, host: string): string {
  const self = nodeOf(estate, host)?.id
  const managers = Object.entries(swarm.nodes).filter(
    ([, node]) => node.role === 'manager' && isReady(estate, node),
  )
  const leader = managers.sort(([, a], [, b]) => a.joinedMs - b.joinedMs)[0]?.[0]
  return Object.entries(swarm.nodes)
    .map(([id, node]) => {
      const ready = isReady(estate, node)
      const manager =
        id === leader ? 'Leader' : node.role === 'worker' ? '' : ready ? 'Reachable' : 'Unreachable'
      const line = {
        Availability: node.availability.replace(/^./, letter => letter.toUpperCase()),
        EngineVersion: '19.03.15',
        Hostname: node.hostname,
        ID: id,
        ManagerStatus: manager,
        Self: id === self,
        Status: ready ? 'Ready' : nodeIsUp(estate, node) ? 'Unknown' : 'Down',
        TLSStatus: 'Ready',
      }
      return `${JSON.stringify(line)}\n`
    })
    .join('')
}

function isReady(estate: Estate, node: TwinNode): boolean {
  return nodeIsUp(estate, node) && node.readyMs <= estate.clockMs
}

function message(text: string): Exit {
  return exit(0, `${JSON.stringify({ message: text })}\n`)
}

function join(body: string, host: string, estate: Estate): Exit | Pending {
  if (swarmOf(estate, host)) {
    return message(
      'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.',
    )
  }
  const { JoinToken, RemoteAddrs, AdvertiseAddr } = JSON.parse(body) as {
    JoinToken: string
    RemoteAddrs: string[]
    AdvertiseAddr?: string
  }
  return {
    tookMs: JOIN_TAKES_MS,
    finish(now) {
      const swarms = (now.shared['swarms'] ?? {}) as unknown as { [id: string]: TwinSwarm }
      const target = Object.entries(swarms).find(([, swarm]) =>
        Object.values(swarm.nodes).some(
          node => RemoteAddrs.includes(`${node.addr}:2377`) && node.role === 'manager' && nodeIsUp(now, node),
        ),
      )
      if (!target) {
        return message(
          `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing dial tcp ${RemoteAddrs[0] ?? ''}: connect: connection refused"`,
        )
      }
      const [id, swarm] = target
      const role =
        JoinToken === swarm.tokens.manager
          ? 'manager'
          : JoinToken === swarm.tokens.worker
            ? 'worker'
            : undefined
      if (!role)
        return message(
          'rpc error: code = InvalidArgument desc = A valid join token is necessary to join this cluster',
        )
      if (!hasQuorum(now, swarm)) return message(NO_LEADER)
      addNode(now, host, id, role, AdvertiseAddr ?? osOf(now, host).address)
      return exit(0)
    },
  }
}

function leave(words: readonly string[], host: string, estate: Estate): Exit {
  const own = nodeOf(estate, host)
  if (!own) return exit(1, '', 'Error response from daemon: This node is not part of a swarm\n')
  if (own.node.role === 'manager' && !words.includes('--force')) {
    return exit(
      1,
      '',
      'Error response from daemon: You are attempting to leave the swarm on a node that is participating as a manager. Use `--force` to suppress this message.\n',
    )
  }
  const state = engineState(estate, host)
  // Agents put ordinary containers on a node; these stay when it leaves.
  for (const [name, container] of Object.entries(containersOn(estate, host)))
    state.containers[name] ??= structuredClone(container)
  state.swarm = null
  delete state.node
  return exit(0, 'Node left the swarm.\n')
}

function change(
  words: readonly string[],
  swarm: TwinSwarm,
  estate: Estate,
  self: string | undefined,
): Exit | undefined {
  const last = words.at(-1) ?? ''
  const name = last === 'self' ? (self ?? last) : last
  const found = Object.entries(swarm.nodes).find(([id, node]) => id === name || node.hostname === name)
  if (!found) return exit(1, '', `Error: No such node: ${name}\n`)
  const [id, node] = found
  const managers = Object.values(swarm.nodes).filter(one => one.role === 'manager')
  if (words[1] === 'inspect') return exit(0, `${JSON.stringify(node.labels)}\n`)
  if (words[1] === 'ps') {
    const ended = node.drainedMs !== undefined && estate.clockMs >= node.drainedMs + TASKS_END_AFTER_MS
    const state = ended ? 'Shutdown 2 seconds ago' : 'Running 3 hours ago'
    return exit(0, (node.tasks ?? []).map(task => `${task}|${state}\n`).join(''))
  }
  if (words[1] === 'demote') {
    if (node.role === 'manager' && managers.length === 1) {
      return exit(
        1,
        '',
        'Error response from daemon: rpc error: code = FailedPrecondition desc = attempting to demote the last manager of the swarm\n',
      )
    }
    if (node.role === 'worker') return exit(0, `Node ${name} is already a worker.\n`)
    node.role = 'worker'
    node.demotedMs = estate.clockMs
    return exit(0, `Manager ${name} demoted in the swarm.\n`)
  }
  if (words[1] === 'promote') {
    node.role = 'manager'
    delete node.demotedMs
    node.joinedMs = estate.clockMs
    return exit(0, `Node ${name} promoted to a manager in the swarm.\n`)
  }
  if (words[1] === 'rm') {
    const host = hostCalled(estate, node.hostname)
    const member = host !== undefined && nodeOf(estate, host)?.id === id
    if (member && nodeIsUp(estate, node) && !words.includes('--force')) {
      return exit(
        1,
        '',
        `Error response from daemon: rpc error: code = FailedPrecondition desc = node ${id} is not down and can't be removed\n`,
      )
    }
    Reflect.deleteProperty(swarm.nodes, id)
    swarm.struck = [...(swarm.struck ?? []), id]
    return exit(0, `${name}\n`)
  }
  if (words[1] === 'update') {
    const at = words.indexOf('--availability')
    if (at > 0) {
      node.availability = words[at + 1] as TwinNode['availability']
      if (node.availability === 'drain') node.drainedMs ??= estate.clockMs
      else delete node.drainedMs
    }
    const label = words.indexOf('--label-add')
    if (label > 0) {
      const [key = '', value = ''] = (words[label + 1] ?? '').split('=')
      node.labels[key] = value
    }
    const unlabel = words.indexOf('--label-rm')
    if (unlabel > 0) Reflect.deleteProperty(node.labels, words[unlabel + 1] ?? '')
    return exit(0, `${name}\n`)
  }
  return undefined
}
