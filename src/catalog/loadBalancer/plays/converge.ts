import type { Play } from '../../product.ts'
import { external } from './external.ts'
import { managed } from './managed.ts'

/** The balancer comes last: nothing is sent to a replica before it is whole. */
export const converge: Play = context => {
  const { loadBalancer } = context.topology
  if (!loadBalancer) return []
  return loadBalancer.kind === 'external' ? external(context, loadBalancer) : managed(context, loadBalancer)
}
