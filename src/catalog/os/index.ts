import type { Product } from '../product.ts'
import { facts } from './facts.ts'
import { asks, findings, pages } from './preflight.ts'
import { model } from './model.ts'

/** What every product needs of a host: machine, files, units, packages. It has no steps of its own. */
export const os: Product = {
  name: 'os',
  wanted: () => true,
  facts,
  asks,
  plays: { converge: () => [] },
  quorums: () => [],
  healthy: () => [],
  status: () => [],
  rules: () => [],
  findings,
  pages,
  kinds: [],
  model,
}
