import { type Facts, factKey } from '../../plan/fact.ts'
import type { HostName, Json, Voter } from '../../plan/step.ts'
import type { Topology, UcpSpec } from '../../playbook/topology.ts'
import { swarmSays } from '../docker/preflight.ts'
import { member, shown } from '../os/text.ts'
import { founder } from './cluster.ts'

/** A node of the swarm that is to go. */
export interface Leaver {
  readonly id: string
  /** Its hostname. */
  readonly name: string
  readonly manager: boolean
  /** Managers see it: it can be drained, and it leaves in order. */
  readonly alive: boolean
  /** Its host, when the playbook knows it and it says itself that it is this node: then it can leave by itself. */
  readonly host?: HostName
  /** `rebuilt`: the host of that name is another node by now, or none; what is left is a shadow. `unwanted`: it left the playbook. */
  readonly why: 'rebuilt' | 'unwanted'
}

/**
 * The nodes that are to go, managers first, then by name: those that `absent.nodes` names, with `--prune` all that the playbook does not
 * name, and always the shadow of a host that was built anew under its old name (two nodes of one name, one of which can never come back).
 * A wanted node that is only down is none of them: it may come back.
 */
export function leavers(topology: Topology, facts: Facts): readonly Leaver[] {
  const { ucp } = topology
  if (!ucp) return []
  const wanted = new Set([...ucp.managers, ...ucp.workers])
  const found = nodesSeen(ucp, facts).flatMap((node): readonly Leaver[] => {
    const [id, name] = [shown(member(node, 'id')), shown(member(node, 'hostname'))]
    const alive = member(node, 'state') === 'ready'
    const own = swarmSays(facts, name, 'nodeId')
    const isRebuilt = wanted.has(name) && !alive && own !== undefined && own !== id
    const isUnwanted = !wanted.has(name) && (isAbsent(topology, name) || topology.prune === true)
    if (!isRebuilt && !isUnwanted) return []
    return [
      {
        id,
        name,
        manager: member(node, 'role') === 'manager',
        alive,
        why: isRebuilt ? 'rebuilt' : 'unwanted',
        ...(topology.hosts[name] && own === id ? { host: name } : {}),
      },
    ]
  })
  const rank = ({ manager, name, id }: Leaver): string => `${manager ? 0 : 1} ${name} ${id}`
  return found.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
}

/** The nodes as the manager sees them that the cluster is worked through; none when it could not tell. */
export function nodesSeen(ucp: UcpSpec, facts: Facts): readonly Json[] {
  const list = facts.get(factKey({ fact: 'docker.nodes', host: founder(ucp, facts) }))
  return Array.isArray(list) ? (list as readonly Json[]) : []
}

/** Leaving managers vote until they are demoted: members of every group of managers, counted by what the others see of them. */
export function leavingVoters(topology: Topology, facts: Facts): readonly Voter[] {
  const { ucp } = topology
  if (!ucp) return []
  const through = founder(ucp, facts)
  return leavers(topology, facts)
    .filter(({ manager }) => manager)
    .map(({ id, name, why }) => {
      const ask = { host: through, args: { id } }
      return {
        name: why === 'rebuilt' ? `${name} as it was` : name,
        member: { ...ask, fact: 'docker.duty', is: { manager: true } },
        up: { ...ask, fact: 'docker.node', is: { reachability: 'reachable' } },
      }
    })
}

function isAbsent(topology: Topology, name: HostName): boolean {
  return topology.absent?.nodes.includes(name) === true
}
