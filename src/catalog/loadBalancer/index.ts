import type { Check } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import type { Product } from '../product.ts'
import { facts, listed, serversAre } from './facts.ts'
import { findings, pages } from './findings.ts'
import { kinds } from './kinds.ts'
import { model } from './model.ts'
import { converge } from './plays/converge.ts'
import { pools } from './pools.ts'
import { activeChecks, rendered } from './rendered.ts'
import { pages as rulePages, rules } from './rules.ts'
import { status } from './status.ts'

/** The load balancer in front of UCP and DTR: HAProxy or NGINX of our own, or somebody else's by its commands. */
export const loadBalancer: Product = {
  name: 'loadBalancer',
  wanted: topology => topology.loadBalancer !== undefined,
  facts,
  asks: () => [],
  plays: { converge },
  quorums: () => [],
  healthy,
  status,
  rules,
  findings,
  pages: [...rulePages, ...pages],
  kinds,
  model,
}

function healthy(topology: Topology): readonly Check[] {
  const spec = topology.loadBalancer
  if (!spec) return []
  const all = pools(topology)
  if (spec.kind === 'external') {
    return all
      .filter(pool => pool.name.endsWith('_https'))
      .flatMap(pool => pool.servers.map(server => listed(spec, pool.product, server.host)))
  }
  return spec.hosts.flatMap(host => [
    ...activeChecks(host, spec, rendered(topology, spec)),
    ...(spec.kind === 'haproxy' ? [serversAre(host, all, 'up')] : []),
  ])
}
