import type { Product } from '../product.ts'
import { facts } from './facts.ts'
import { kinds } from './kinds.ts'
import { model } from './model.ts'
import { restorePages } from './pages.ts'
import { pages, rules } from './rules.ts'

/**
 * Backup and restore. It has no part in `apply`: `creating.ts` and `restoring.ts` are the same products under other plays, and this one lends its
 * facts, pages and model.
 */
export const backup: Product = {
  name: 'backup',
  wanted: topology => topology.backup !== undefined,
  facts,
  asks: () => [],
  plays: { converge: () => [] },
  quorums: () => [],
  healthy: () => [],
  status: () => [],
  rules,
  findings: () => [],
  pages: [...pages, ...restorePages],
  kinds,
  model,
}
