import type { Product } from '../product.ts'
import { faults } from './facts.ts'
import { kinds } from './kinds.ts'
import { model } from './model.ts'
import { drillPages } from './pages.ts'

/** Faults and canaries of drills. No playbook asks for it: its steps stand in drills only. */
export const drill: Product = {
  name: 'drill',
  wanted: () => false,
  facts: [faults],
  asks: () => [],
  plays: { converge: () => [] },
  quorums: () => [],
  healthy: () => [],
  status: () => [],
  rules: () => [],
  findings: () => [],
  pages: drillPages,
  kinds,
  model,
}
