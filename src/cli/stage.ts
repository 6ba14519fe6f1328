import { bareEstate as fresh } from '../catalog/os/bareHost.ts'
import type { Topology } from '../playbook/topology.ts'
import type { Estate } from '../twin/estate.ts'

/** A pretend estate for a playbook, at some time: its hosts, fresh from their installer. */
export function bareEstate(topology: Topology, nowMs: number): Estate {
  return { ...fresh(topology), clockMs: nowMs }
}
