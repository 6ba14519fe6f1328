import type { Product } from './product.ts'

/** A product that only lends name, facts, pages and model: nothing of it is asked for, and it has no steps. */
export function idle(product: Product): Product {
  const { name, facts, pages, kinds, model } = product
  return {
    name,
    facts,
    pages,
    kinds,
    model,
    wanted: () => false,
    asks: () => [],
    plays: { converge: () => [] },
    quorums: () => [],
    healthy: () => [],
    status: () => [],
    rules: () => [],
    findings: () => [],
  }
}
