import type { Facts } from '../../plan/fact.ts'
import type { Check } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import type { Product } from '../product.ts'
import { founder, isLicensed, managerChecks, schedulingIsOn, workerChecks } from './cluster.ts'
import { facts } from './facts.ts'
import { kinds } from './kinds.ts'
import { health as healthAsWhole, reports } from './health.ts'
import { model } from './model.ts'
import { converge } from './plays/converge.ts'
import { pages } from './pages.ts'
import { asks, findings } from './preflight.ts'
import { pages as rulePages, rules } from './rules.ts'
import { quorums } from './quorums.ts'
import { etcd } from './repair.ts'
import { status } from './status.ts'

/** Universal Control Plane, later Mirantis Kubernetes Engine 3.x: a swarm with UCP's controllers on its managers. */
export const ucp: Product = {
  name: 'ucp',
  wanted: topology => topology.ucp !== undefined,
  facts: [...facts, etcd],
  asks,
  plays: { converge },
  quorums,
  healthy: topology => healthy(topology, new Map()),
  status,
  health: healthAsWhole,
  reports,
  rules,
  findings,
  pages: [...rulePages, ...pages],
  kinds,
  model,
}

/** What must hold when all is well. */
function healthy(topology: Topology, seen: Facts): readonly Check[] {
  const spec = topology.ucp
  if (!spec) return []
  const through = founder(spec, seen)
  return [
    ...spec.managers.flatMap(host => managerChecks(spec, host, through)),
    ...spec.workers.flatMap(host => workerChecks(spec, host, through)),
    ...(spec.license ? [isLicensed(through)] : []),
    ...(topology.dtr ? [schedulingIsOn(spec, through)] : []),
  ]
}
