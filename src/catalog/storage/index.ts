import type { Product } from '../product.ts'
import { facts, sharedChecks, toolsRef } from './facts.ts'
import { findings, pages } from './findings.ts'
import { kinds } from './kinds.ts'
import { model } from './model.ts'
import { converge, provable } from './plays/converge.ts'
import { pages as rulePages, rules } from './rules.ts'
import { status } from './status.ts'
import { directTarget, replicaHosts } from './target.ts'

/** The storage that all replicas of the registry share. */
export const storage: Product = {
  name: 'storage',
  wanted: topology => topology.dtr !== undefined,
  facts,
  asks: topology =>
    ['s3', 'nfs'].includes(topology.storage.kind) ? replicaHosts(topology).map(toolsRef) : [],
  plays: { converge },
  quorums: () => [],
  healthy: topology => {
    const target = directTarget(topology.storage)
    // Without facts nobody knows whether curl can sign; the plan's own goals ask where it can.
    return target && target.kind !== 's3' && provable({ topology, facts: new Map() }, target)
      ? sharedChecks(topology, target)
      : []
  },
  status,
  rules,
  findings,
  pages: [...rulePages, ...pages],
  kinds,
  model,
}
