import type { Exit } from '../../plan/fact.ts'
import type { Estate, Pending } from '../../twin/estate.ts'
import { exit } from '../os/model.ts'
import { osOf } from '../os/bareHost.ts'
import {
  engineState,
  hasQuorum,
  hostCalled,
  nodeIsUp,
  nodeOf,
  peekEngine,
  swarmOf,
  type TwinSwarm,
} from './estate.ts'

const TAKES_MS = 20_000

/** How the twin answers the scripts of `refound.ts`; undefined: none of them. The engine of the host is up, but for `halt`. */
export function refoundScript(
  name: string,
  words: readonly string[],
  host: string,
  estate: Estate,
): Exit | Pending | undefined {
  if (name === 'runbook-docker-refound') return refound(host, estate)
  if (name === 'runbook-docker-forget') return forget(words[0] ?? '', host, estate)
  return undefined
}

/** The engine off; also where it was off already. */
export function haltScript(host: string, estate: Estate): Exit {
  const unit = osOf(estate, host).services['docker']
  if (unit) unit.active = false
  return exit(0)
}

function refound(host: string, estate: Estate): Exit | Pending {
  const own = nodeOf(estate, host)
  if (own?.node.role !== 'manager')
    return exit(1, '', 'Error response from daemon: This node is not a swarm manager.\n')
  return {
    tookMs: TAKES_MS,
    finish: now => {
      const found = swarmOf(now, host)
      if (!found) return exit(1, '', 'the swarm is gone\n')
      if (!hasQuorum(now, found.swarm)) leaveOldBehind(now, host, found.id, found.swarm)
      return exit(0)
    },
  }
}

/**
 * The managers as they were stay in a group of their own, which the hosts that were among them still believe in: where most of them are
 * up again at once they have a majority there, beside the new one.
 */
function leaveOldBehind(estate: Estate, host: string, id: string, swarm: TwinSwarm): void {
  const own = nodeOf(estate, host)?.id
  const old = structuredClone(swarm)
  for (const [nodeId, node] of Object.entries(old.nodes))
    if (node.role !== 'manager') Reflect.deleteProperty(old.nodes, nodeId)
  const oldId = `${id}-as-it-was`
  const swarms = estate.shared['swarms'] as unknown as { [id: string]: TwinSwarm }
  swarms[oldId] = old
  for (const name of Object.keys(estate.hosts)) {
    const member = peekEngine(estate, name)
    const nodeId = member.node
    if (member.swarm === id && nodeId !== undefined && nodeId !== own && old.nodes[nodeId])
      engineState(estate, name).swarm = oldId
  }
  // They are on the list as nodes that are down, and no members of the group any more.
  for (const [nodeId, node] of Object.entries(swarm.nodes))
    if (nodeId !== own && node.role === 'manager') node.role = 'worker'
  const ucp = estate.shared['ucp'] as { swarm?: string; stale?: { etcd: boolean; auth: boolean } } | undefined
  if (ucp?.swarm === id) ucp.stale = { etcd: true, auth: true }
}

function forget(name: string, host: string, estate: Estate): Exit {
  const found = swarmOf(estate, host)
  if (nodeOf(estate, host)?.node.role !== 'manager' || !found || !hasQuorum(estate, found.swarm))
    return exit(1, '', 'Error response from daemon: This node is not a swarm manager.\n')
  for (const [id, node] of Object.entries(found.swarm.nodes)) {
    if (node.hostname !== name || (nodeIsUp(estate, node) && hostCalled(estate, name) !== undefined)) continue
    Reflect.deleteProperty(found.swarm.nodes, id)
    found.swarm.struck = [...(found.swarm.struck ?? []), id]
  }
  return exit(0)
}
