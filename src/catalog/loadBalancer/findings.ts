import { type Facts, factKey } from '../../plan/fact.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import type { Topology } from '../../playbook/topology.ts'
import { isObject, member, shown } from '../os/text.ts'
import { haproxy } from './facts.ts'
import { pools } from './pools.ts'

/** What the running balancer says that a person should know before anything is done. */
export function findings(topology: Topology, facts: Facts): readonly Finding[] {
  const spec = topology.loadBalancer
  if (spec?.kind !== 'haproxy') return []
  return spec.hosts.flatMap(host => {
    const servers = member(facts.get(factKey({ fact: haproxy.name, host })), 'servers')
    if (!isObject(servers)) return []
    const out = pools(topology).flatMap(pool =>
      pool.servers
        .map(server => [`${pool.name}/${server.host}`, member(servers[pool.name], server.host)] as const)
        .filter(([, state]) => state === 'drain' || state === 'maint'),
    )
    if (out.length === 0) return []
    return [
      {
        code: 'RB0875',
        severity: 'warning' as const,
        path: ['loadBalancer'],
        host,
        message: `taken out of ${host}'s pools: ${out.map(([name, state]) => `${name} (${shown(state)})`).join(', ')}`,
        help: 'apply puts every member back; leave apply alone while somebody works on these hosts',
      },
    ]
  })
}

export const pages: readonly RulePage[] = [
  {
    code: 'RB0875',
    title: 'A member stands drained in the balancer',
    severity: 'warning',
    why: 'Somebody, or an upgrade that was interrupted, took it out by hand. apply makes the playbook true and so puts it back.',
    fix: 'Finish the work on that host first, then run apply.',
  },
]
