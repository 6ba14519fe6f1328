import type { Facts } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { HostName } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import type { Product } from '../product.ts'

/** What a recipe is held against: the playbook, what was seen, and what somebody gave up. */
export interface Scene {
  readonly topology: Topology
  readonly facts: Facts
  /** Hosts that are gone, as somebody said: neither asked nor changed, and struck off where they were members. */
  readonly lost: readonly HostName[]
}

/** The ids under which recipes are asked for; drills and reports use the same. */
export type RecipeName =
  | 'lb-loss'
  | 'dtr-replica-loss'
  | 'dtr-node-loss'
  | 'dtr-majority-loss'
  | 'dtr-total-loss'
  | 'ucp-manager-loss'
  | 'ucp-quorum-loss'
  | 'ucp-total-loss'
  | 'storage-loss'
  | 'dc-loss'
  | 'site-rejoin'

/**
 * One way back from one kind of loss. A real incident (`runbook recover`) and the recovery of a drill use the same object: its products
 * are surveyed, compiled, shown, agreed to, executed and resumed as those of an apply are.
 */
export interface Recipe {
  readonly name: RecipeName
  readonly title: string
  /** What is seen when it is this. */
  readonly when: string
  /** The decision ladder in words, first rung first: what is tried before, what it does, what is left when that fails. */
  readonly ladder: readonly string[]
  /** Where the ladder comes from. */
  readonly source: string
  /** Its steps come from a backup set, which `restore` reads first. No host points to it: nothing tells what is lost whole from what never was. */
  readonly restores?: true
  /** Recipes whose work it does too: where it fits, they need not be named. */
  readonly includes?: readonly RecipeName[]
  /** Why it is not this that the facts show; nothing: it is. Needs the answers to what `products` asks. */
  readonly applies: (scene: Scene) => readonly Finding[]
  /** All products under this recipe's plays; those that have no part in it only lend their facts. */
  readonly products: (lost: readonly HostName[]) => readonly Product[]
}
