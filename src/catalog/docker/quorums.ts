import type { Facts } from '../../plan/fact.ts'
import type { Quorum } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { leavingVoters } from '../ucp/leavers.ts'

/** The managers' raft group, also those that are to go. A manager that does not say so may still be one, and counts as down. */
export function quorums(topology: Topology, facts: Facts): readonly Quorum[] {
  const managers = topology.ucp?.managers ?? []
  if (managers.length === 0) return []
  return [
    {
      name: 'swarm raft',
      voters: [
        ...managers.map(host => ({
          name: host,
          member: { fact: 'docker.swarm', host, is: { manager: true } },
          up: { fact: 'docker.swarm', host, is: { state: 'active', quorum: true } },
        })),
        ...leavingVoters(topology, facts),
      ],
    },
  ]
}
