import type { Facts } from '../../plan/fact.ts'
import type { Quorum } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { leavingVoters } from './leavers.ts'

/**
 * UCP's two databases, one member on every manager that carries the container. Managers that are to go
 * are members too until they are demoted.
 */
export function quorums(topology: Topology, facts: Facts): readonly Quorum[] {
  const leaving = leavingVoters(topology, facts)
  const database = (name: string, container: string): Quorum => ({
    name,
    voters: [
      ...(topology.ucp?.managers ?? []).map(host => {
        const ask = { fact: 'docker.containers', host, args: { prefix: 'ucp-' } }
        return {
          name: host,
          member: { ...ask, is: { [container]: {} } },
          up: { ...ask, is: { [container]: { up: true } } },
        }
      }),
      ...leaving,
    ],
  })
  return [database('UCP etcd', 'ucp-kv'), database('UCP auth store', 'ucp-auth-store')]
}
