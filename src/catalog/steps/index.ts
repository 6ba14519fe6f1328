import type { Facts } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { Topology } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'
import { productSteps } from '../compile.ts'
import type { Product } from '../product.ts'
import { facts } from './facts.ts'
import { decidedHosts, makeSteps } from './make.ts'
import { kinds } from './kinds.ts'
import { model } from './model.ts'
import { pages } from './pages.ts'
import { type Placement, place } from './place.ts'
import { findings, rules } from './rules.ts'
import { hasStepTools } from './tools.ts'

/**
 * The person's own steps, put among those of the products. A playbook that has some needs `loadStepTools()` before it is
 * checked or compiled.
 * @param products all others, in order of need
 */
export function ownSteps(products: readonly Product[]): Product {
  const placed = (topology: Topology, known: Facts): Placement =>
    place(productSteps(topology, products, known), makeSteps(topology, known).made, () =>
      kindsOf(topology, products),
    )
  return {
    name: 'steps',
    wanted: topology => (topology.steps ?? []).length > 0,
    facts,
    asks: decidedHosts,
    plays: { converge: () => [] },
    quorums: () => [],
    healthy: () => [],
    status: () => [],
    rules: topology =>
      settle(topology, pages, [...rules(topology), ...(hasStepTools() ? placedRules(topology, placed) : [])]),
    findings: (topology, known) => [
      ...findings(topology, known),
      ...placed(topology, known).findings.filter(({ code }) => code === 'RB0912'),
    ],
    pages,
    kinds,
    model,
    place: ({ topology, facts: known }, made) =>
      place(
        made.filter(({ name }) => name !== 'steps'),
        makeSteps(topology, known).made,
        () => kindsOf(topology, products),
      ).steps,
  }
}

/** Kinds of steps that the plan of bare hosts has. */
function kindsOf(topology: Topology, products: readonly Product[]): ReadonlySet<string> {
  return new Set(
    productSteps(topology, products, new Map()).flatMap(({ steps }) => steps.map(({ kind }) => kind)),
  )
}

function placedRules(
  topology: Topology,
  placed: (topology: Topology, facts: Facts) => Placement,
): readonly Finding[] {
  try {
    return placed(topology, new Map()).findings
  } catch {
    // A playbook with other errors may have no plan at all; those errors are told by who found them.
    return []
  }
}
