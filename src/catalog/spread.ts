import type { HostName } from '../plan/step.ts'
import type { Topology } from '../playbook/topology.ts'

/**
 * The site whose loss takes the majority of a group with it, when the playbook names more than one site and the group
 * has three members or more. 3 members spread 1-1-1, 5 spread 2-2-1 [D: engine/swarm/admin_guide.md].
 */
export function deadlySite(
  topology: Topology,
  members: readonly HostName[],
): { readonly site: string; readonly count: number } | undefined {
  const sites = new Set(Object.values(topology.hosts).map(({ site }) => site))
  sites.delete(undefined)
  if (sites.size < 2 || members.length < 3) return undefined
  for (const site of sites) {
    const count = members.filter(member => topology.hosts[member]?.site === site).length
    if (site !== undefined && members.length - count <= members.length / 2) return { site, count }
  }
  return undefined
}
