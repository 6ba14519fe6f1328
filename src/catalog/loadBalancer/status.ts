import { type Facts, factKey } from '../../plan/fact.ts'
import type { Topology } from '../../playbook/topology.ts'
import { isObject, member, shown } from '../os/text.ts'
import type { StatusRow } from '../product.ts'
import { haproxy, listed, nginx } from './facts.ts'
import { pools } from './pools.ts'

/** One line a pool and balancer. */
export function status(topology: Topology, facts: Facts): readonly StatusRow[] {
  const spec = topology.loadBalancer
  if (!spec) return []
  const all = pools(topology)
  if (spec.kind === 'external') {
    return all
      .filter(pool => pool.name.endsWith('_https'))
      .map(pool => {
        const row = { item: `load balancer: ${pool.product}`, host: spec.host }
        const [first] = pool.servers
        const seen = first && facts.get(factKey(listed(spec, pool.product, first.host)))
        if (!isObject(seen))
          return { ...row, state: 'unknown', detail: 'its list command could not be asked' }
        const missing = pool.servers.filter(server => seen[server.host] !== true).map(server => server.host)
        return missing.length === 0
          ? { ...row, state: 'ok', detail: `${pool.servers.length} members` }
          : { ...row, state: 'degraded', detail: `missing: ${missing.join(', ')}` }
      })
  }
  return spec.hosts.flatMap((host): readonly StatusRow[] => {
    const seen = facts.get(factKey({ fact: spec.kind === 'haproxy' ? haproxy.name : nginx.name, host }))
    const row = { item: `load balancer: ${spec.kind}`, host }
    if (seen === undefined) return [{ ...row, state: 'unknown', detail: 'could not tell' }]
    if (seen === null) return [{ ...row, state: 'absent', detail: 'not configured by us, or not running' }]
    if (spec.kind === 'nginx') return [{ ...row, state: 'ok', detail: shown(member(seen, 'description')) }]
    return all.map(pool => {
      const servers = member(member(seen, 'servers'), pool.name)
      const states = pool.servers.map(
        server => [server.host, member(servers, server.host) ?? 'missing'] as const,
      )
      const bad = states.filter(([, state]) => state !== 'up')
      const up = `${states.length - bad.length} of ${states.length} up`
      return {
        item: `load balancer: ${pool.name}`,
        host,
        state: bad.length === 0 ? ('ok' as const) : ('degraded' as const),
        detail:
          bad.length === 0
            ? up
            : `${up}; ${bad.map(([name, state]) => `${name} ${shown(state)}`).join(', ')}`,
      }
    })
  })
}
