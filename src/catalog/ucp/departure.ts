import type { Product } from '../product.ts'
import { depart } from './plays/depart.ts'

/**
 * The way out of the cluster, as a product of its own because of its place: a node may go only after registry and balancer let go of it,
 * and these come after the cluster manager.
 */
export const departure: Product = {
  name: 'departure',
  wanted: topology => topology.ucp !== undefined,
  facts: [],
  asks: () => [],
  plays: { converge: depart },
  quorums: () => [],
  healthy: () => [],
  status: () => [],
  rules: () => [],
  findings: () => [],
  pages: [],
  // Its kinds stand with UCP's.
  kinds: [],
  model: () => undefined,
}
