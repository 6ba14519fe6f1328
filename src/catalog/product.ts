import type { Fact, Facts } from '../plan/fact.ts'
import type { Finding, RulePage } from '../plan/finding.ts'
import type { KindPage } from '../plan/kind.ts'
import type { Check, FactRef, Json, Quorum, Step, StepId } from '../plan/step.ts'
import type { Topology } from '../playbook/topology.ts'
import type { Model } from '../twin/estate.ts'

/** What a play may look at. `facts` steer the means (which healthy replica to join through), never whether to act. */
export interface Context {
  readonly topology: Topology
  readonly facts: Facts
  /** Ids of steps of earlier products that every first step of this one needs. */
  readonly after: readonly StepId[]
}

/** A procedure as a list of steps. Pure; writes no `if (installed)`: the goals decide. */
export type Play = (context: Context, args?: Json) => readonly Step[]

/** One line of `status`. */
export interface StatusRow {
  readonly item: string
  readonly host?: string
  readonly state: 'ok' | 'degraded' | 'absent' | 'unknown'
  readonly detail: string
  /** When a certificate or licence ends, RFC 3339. Whether that is soon, the reader's clock says. */
  readonly endsAt?: string
}

/** A product as a whole: what it is, which version, and what may be done with it as it is now. */
export interface ProductHealth {
  readonly product: string
  /** 'lost': a group has no majority, as somebody who belongs to it says. What could not be told is 'unknown', never 'lost'. */
  readonly state: 'healthy' | 'degraded' | 'lost' | 'absent' | 'unknown'
  /** All that applies: 'healthy', 'degraded', 'lost majority', 'ghost', 'stray', 'even', 'not installed', 'could not tell'. */
  readonly verdict: readonly string[]
  /** Every version that runs, oldest first. */
  readonly versions: readonly string[]
  readonly wanted: string
  /** Operations that are allowed as it is, where a table of the product says. */
  readonly allows?: readonly string[]
  /** What a person does about it; absent when nothing is to be done. */
  readonly recipe?: string
}

/** What we know of one product. Its folder is the only place that knows its words. */
export interface Product {
  readonly name: string
  /** Whether the playbook asks for this product at all. */
  wanted(topology: Topology): boolean
  readonly facts: readonly Fact[]
  /** Questions whose answers steer `plays` and `findings`, beyond those the plan's own checks ask. */
  asks(topology: Topology): readonly FactRef[]
  readonly plays: { readonly converge: Play; readonly [name: string]: Play }
  /** The groups that must keep their majority. `facts`: members that the playbook does not name, as far as they were seen. */
  quorums(topology: Topology, facts: Facts): readonly Quorum[]
  /** What must hold when all is well. */
  healthy(topology: Topology): readonly Check[]
  status(topology: Topology, facts: Facts): readonly StatusRow[]
  /** What it is as a whole. Products without one are told by their rows alone. */
  readonly health?: (topology: Topology, facts: Facts) => ProductHealth
  /** Questions of `status` alone: their answers change by themselves (ages, ends), so they are no part of a plan. */
  readonly reports?: (topology: Topology, facts: Facts) => readonly FactRef[]
  /** Findings that need no host (sizing, versions, names). */
  rules(topology: Topology): readonly Finding[]
  /** Findings over what was seen on the hosts (memory, foreign swarm, missing curl). */
  findings(topology: Topology, facts: Facts): readonly Finding[]
  readonly pages: readonly RulePage[]
  /** A page for each kind of step that any play of it makes. */
  readonly kinds: readonly KindPage[]
  readonly model: Model
  /** Puts steps among those of the other products. Only the person's own steps do that: products come one after another. */
  readonly place?: (context: Context, products: readonly ProductSteps[]) => readonly Step[]
}

/** What one product's `converge` made. */
export interface ProductSteps {
  readonly name: string
  readonly steps: readonly Step[]
}
