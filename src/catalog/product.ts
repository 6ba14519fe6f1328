import type { Fact, Facts } from '../plan/fact.ts'
import type { Finding, RulePage } from '../plan/finding.ts'
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
  /** Findings that need no host (sizing, versions, names). */
  rules(topology: Topology): readonly Finding[]
  /** Findings over what was seen on the hosts (memory, foreign swarm, missing curl). */
  findings(topology: Topology, facts: Facts): readonly Finding[]
  readonly pages: readonly RulePage[]
  readonly model: Model
  /** Puts steps among those of the other products. Only the person's own steps do that: products come one after another. */
  readonly place?: (context: Context, products: readonly ProductSteps[]) => readonly Step[]
}

/** What one product's `converge` made. */
export interface ProductSteps {
  readonly name: string
  readonly steps: readonly Step[]
}
