import { idle } from '../idle.ts'
import { products } from '../index.ts'
import type { Play, Product } from '../product.ts'
import { findings, questions } from './findings.ts'
import { takeRegistryAway, takeSwarmAway, takeUcpAway } from './plays.ts'

/** In this order: the registry first, since its bootstrapper and its network are UCP's and the swarm's [§8.17]. */
const ways: readonly (readonly [string, Play])[] = [
  ['dtr', takeRegistryAway],
  ['ucp', takeUcpAway],
  ['docker', takeSwarmAway],
]

/**
 * The products as they are taken away: compiled, surveyed and executed like any others. They have no quorums, since all of them are to
 * go, and no rules but that nothing of somebody else's goes with them.
 */
export const resetProducts: readonly Product[] = [
  ...ways.flatMap(([name, converge]) =>
    products.filter(one => one.name === name).map(one => leaving(one, converge)),
  ),
  // The others only lend their facts.
  ...products.filter(one => !ways.some(([name]) => name === one.name)).map(idle),
]

function leaving(product: Product, converge: Play): Product {
  const isLast = product.name === 'docker'
  return {
    ...idle(product),
    wanted: topology => topology.ucp !== undefined,
    asks: isLast ? questions : () => [],
    plays: { converge },
    findings: isLast ? findings : () => [],
  }
}
