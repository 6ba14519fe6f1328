import type { Facts } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { FactRef, HostName, Quorum } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'
import { idle } from '../idle.ts'
import { products } from '../index.ts'
import type { Play, Product } from '../product.ts'
import { recoverPages } from './pages.ts'
import type { Recipe } from './recipe.ts'

/** What one product does under a recipe. */
export interface Part {
  readonly of: string
  readonly play: Play
  readonly asks?: (topology: Topology) => readonly FactRef[]
  readonly quorums?: (topology: Topology, facts: Facts) => readonly Quorum[]
  readonly findings?: (topology: Topology, facts: Facts) => readonly Finding[]
}

/**
 * The products under a recipe: in order of need, as always. The last one of them also says whether the recipe fits, so that a survey
 * of these products is all that is needed to plan, refuse or go on.
 */
export function under(
  parts: readonly Part[],
  applies: Recipe['applies'],
  lost: readonly HostName[],
): readonly Product[] {
  const last = parts.at(-1)?.of
  return products.map(product => {
    const part = parts.find(({ of }) => of === product.name)
    if (!part) return idle(product)
    const also = product.name === last
    return {
      ...idle(product),
      wanted: () => true,
      asks: part.asks ?? (() => []),
      plays: { converge: part.play },
      quorums: part.quorums ?? (() => []),
      findings: (topology, facts) => [
        ...(part.findings?.(topology, facts) ?? []),
        ...(also ? settle(topology, recoverPages, applies({ topology, facts, lost })) : []),
      ],
    }
  })
}
