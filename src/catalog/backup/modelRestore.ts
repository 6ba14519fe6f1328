import type { Exit } from '../../plan/fact.ts'
import type { Estate, MutableJson, Pending } from '../../twin/estate.ts'
import { engineState, nodeIsUp, swarmOf, type TwinSwarm } from '../docker/estate.ts'
import { osOf } from '../os/bareHost.ts'
import { exit } from '../os/model.ts'
import type { TwinUcp } from '../ucp/estate.ts'
import { agents, sha256 } from '../ucp/modelBootstrapper.ts'
import { conflictText, logLine } from '../ucp/logText.ts'
import type { SwarmState } from './modelArchives.ts'
import { pretendUntar } from './pretendTar.ts'

/** The state of an archive on a host, by the name of the entry that holds it. */
function stateIn(estate: Estate, host: string, path: string, entry: RegExp): unknown {
  const files = pretendUntar(estate.hosts[host]?.files[path]?.content ?? '')
  const name = Object.keys(files ?? {}).find(one => entry.test(one))
  return name === undefined ? undefined : (JSON.parse(files?.[name] ?? 'null') as unknown)
}

/** `runbook-restore-swarm FOLDER ADDRESS`: the host becomes the only manager of what was archived. */
export function restoreSwarm(folder: string, address: string, host: string, estate: Estate): Exit | Pending {
  const files = estate.hosts[host]?.files ?? {}
  const mark = `${folder}/.restoring`
  if (swarmOf(estate, host) && !files[mark]) return exit(3, '', 'runbook: this host is in a swarm (active)\n')
  const state = stateIn(estate, host, `${folder}/swarm.tar`, /raft\/snap/) as SwarmState | undefined
  if (state === undefined) return exit(2, '', 'tar: This does not look like a tar archive\n')
  if (state.address !== address || osOf(estate, host).address !== address)
    return exit(
      1,
      '',
      'Error response from daemon: could not find the address of this node in the raft log\n',
    )
  files[mark] = { content: '', mode: '0600' }
  return {
    tookMs: 20_000,
    finish(now) {
      const engine = engineState(now, host)
      const swarm = structuredClone(state.swarm)
      const own = swarm.nodes[state.node]
      if (!own) return exit(1, '', 'Error response from daemon: the node is not in the raft log\n')
      // A forced cluster has one manager; the others are nodes that do not answer.
      for (const [id, node] of Object.entries(swarm.nodes)) {
        if (id !== state.node) node.role = 'worker'
        node.joinedMs = now.clockMs
        node.readyMs = now.clockMs
      }
      const swarms = (now.shared['swarms'] ??= {}) as unknown as { [id: string]: TwinSwarm }
      swarms[state.id] = swarm
      engine.swarm = state.id
      engine.node = state.node
      const there = now.hosts[host]?.files ?? {}
      for (const name of [`${folder}/swarm.tar`, mark]) Reflect.deleteProperty(there, name)
      return exit(0)
    },
  }
}

/** `runbook-restore-clear`: what came back with the swarm and is no more. */
export function clear(host: string, estate: Estate): Exit {
  const found = swarmOf(estate, host)
  if (!found) return exit(1, '', 'Error response from daemon: This node is not a swarm manager.\n')
  const { swarm } = found
  swarm.agents = []
  for (const [id, node] of Object.entries(swarm.nodes))
    if (!nodeIsUp(estate, node)) Reflect.deleteProperty(swarm.nodes, id)
  const engine = engineState(estate, host)
  for (const name of Object.keys(engine.containers))
    if (/^(ucp-|k8s_)/.test(name)) Reflect.deleteProperty(engine.containers, name)
  for (const name of Object.keys(engine.volumes))
    if (name.startsWith('ucp-')) Reflect.deleteProperty(engine.volumes, name)
  for (const name of Object.keys(swarm.configs))
    if (name.startsWith('com.docker.ucp.')) Reflect.deleteProperty(swarm.configs, name)
  return exit(0)
}

/** `runbook-restore-ucp FILE docker … IMAGE restore`. */
export function restoreUcp(
  file: string,
  command: readonly string[],
  host: string,
  estate: Estate,
): Exit | Pending {
  const at = command.findIndex(word => /(^|\/)ucp:\d/.test(word))
  const image = command[at] ?? ''
  const [repository = '', version = ''] = image.split(':')
  const fatal = (message: string): Exit => exit(1, '', `${logLine('fatal', message)}\n`)
  if (command[at + 1] !== 'restore') return fatal(`unknown command ${command[at + 1] ?? ''}`)
  if (command.some(word => ['-t', '-it', '--tty'].includes(word)))
    return exit(1, '', 'the input device is not a TTY\n')
  if (!command.slice(0, at).includes('-i')) return fatal('unable to read the backup: no input')
  const engine = engineState(estate, host)
  if (engine.containers['ucp']) return exit(125, '', conflictText())
  const found = swarmOf(estate, host)
  if (!found) return fatal('not modelled: a restore that makes a swarm')
  if (found.swarm.agents.length > 0 || estate.shared['ucp'] !== undefined)
    return fatal('UCP is already installed on this cluster: uninstall it first')
  const state = stateIn(estate, host, file, /etcd\.backup\.db$/) as TwinUcp | undefined
  if (state === undefined) return fatal('unable to parse the backup file')
  if (minor(state.version) !== minor(version))
    return fatal(`the backup is of ${state.version}, this is ${version}`)
  engine.containers['ucp'] = { image, startsMs: estate.clockMs, healthyMs: null, exitCode: null, labels: {} }
  return {
    tookMs: 120_000,
    finish(now) {
      Reflect.deleteProperty(engineState(now, host).containers, 'ucp')
      const swarm = swarmOf(now, host)
      if (!swarm) return fatal('the swarm is gone')
      const restored: TwinUcp = { ...structuredClone(state), swarm: swarm.id, version, repository }
      now.shared['ucp'] = restored as unknown as MutableJson
      swarm.swarm.agents.push(...agents(repository.replace(/\/ucp$/, ''), version, now.clockMs - 60_000))
      swarm.swarm.configs['com.docker.ucp.config-1'] = restored.toml
      Reflect.deleteProperty(now.hosts[host]?.files ?? {}, file)
      return exit(
        0,
        '',
        `${logLine('info', 'Cluster successfully restored')} ${sha256(swarm.id).slice(0, 8)}\n`,
      )
    },
  }
}

function minor(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}
