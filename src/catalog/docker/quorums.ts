import type { Quorum } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'

/** The managers' raft group. A manager that does not say so may still be one, and counts as down. */
export function quorums(topology: Topology): readonly Quorum[] {
  const managers = topology.ucp?.managers ?? []
  if (managers.length === 0) return []
  return [
    {
      name: 'swarm raft',
      voters: managers.map(host => ({
        name: host,
        member: { fact: 'docker.swarm', host, is: { manager: true } },
        up: { fact: 'docker.swarm', host, is: { state: 'active', quorum: true } },
      })),
    },
  ]
}
