import type { Topology } from '../../playbook/topology.ts'
import { products } from '../index.ts'
import { idle } from '../idle.ts'
import type { Product } from '../product.ts'
import { makingOf } from './plan.ts'
import { type CreateArgs, createSteps } from './plays/create.ts'

/** Those whose groups lose a member while a manager is archived. */
const watched = ['docker', 'ucp', 'dtr']

/** The products for one set: nothing is converged; the groups are counted, since a manager is away for a moment. @param set its name */
export function createProducts(set: string, args: CreateArgs): readonly Product[] {
  return products.map(product => {
    const { name } = product
    const wanted = (topology: Topology): boolean => product.wanted(topology)
    if (watched.includes(name))
      return { ...idle(product), wanted, quorums: (topology, facts) => product.quorums(topology, facts) }
    // Which version runs and who answers steers the means.
    if (name === 'loadBalancer') return { ...idle(product), wanted, asks: topology => product.asks(topology) }
    if (name !== 'backup') return idle(product)
    return {
      ...product,
      asks: topology =>
        products
          .filter(one => watched.includes(one.name) && one.wanted(topology))
          .flatMap(one => one.asks(topology)),
      plays: {
        converge: ({ topology, facts, after }) => {
          const making = makingOf(topology, facts, set)
          return making ? createSteps(making, args, after) : []
        },
      },
    }
  })
}
