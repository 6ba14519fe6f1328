import { bareHost } from '../catalog/os/bareHost.ts'
import type { Topology } from '../playbook/topology.ts'
import type { Estate } from '../twin/estate.ts'

/** A pretend estate for a playbook: its hosts, fresh from their installer. */
export function bareEstate(topology: Topology, nowMs: number): Estate {
  return {
    clockMs: nowMs,
    hosts: Object.fromEntries(
      Object.values(topology.hosts).map(host => [host.name, bareHost(host.name, host.address)]),
    ),
    shared: {},
  }
}
