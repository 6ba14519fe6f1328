import { compile, findings, questions } from '../catalog/compile.ts'
import type { Product } from '../catalog/product.ts'
import type { Unreachable } from '../hosts/session.ts'
import { type Facts, factKey } from '../plan/fact.ts'
import type { Finding } from '../plan/finding.ts'
import type { Digest, FactRef, HostName, Json, Plan } from '../plan/step.ts'
import type { Topology } from '../playbook/topology.ts'
import { observe } from '../run/observe.ts'
import type { Sessions, World } from '../run/world.ts'

/** The plan for what is there, and what it was made from. */
export interface Survey {
  readonly plan: Plan
  readonly facts: Facts
  /** Every question that was asked. */
  readonly refs: readonly FactRef[]
  readonly unreachable: ReadonlyMap<HostName, Unreachable>
  readonly findings: readonly Finding[]
}

/** Answers may lead to new questions (a balancer's members once its kind is known); more rounds than this is a mistake in the catalog. */
const MOST_ROUNDS = 4

/**
 * Asks the hosts, every host's questions in one round trip, and makes the plan. Read-only by the sessions it is given.
 * @param without hosts that are not asked: nothing is known of them
 */
export async function survey(
  topology: Topology,
  playbook: Digest,
  products: readonly Product[],
  world: World,
  sessions: Sessions,
  without: readonly HostName[] = [],
): Promise<Survey> {
  const facts = new Map<string, Json>()
  const asked = new Map<string, FactRef>()
  const unreachable = new Map<HostName, Unreachable>()
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const plan = compile(topology, playbook, products, facts)
    const open = questions(topology, products, plan).filter(ref => !asked.has(factKey(ref)))
    if (open.length === 0) {
      return {
        plan,
        facts,
        refs: [...asked.values()],
        unreachable,
        findings: findings(topology, products, facts),
      }
    }
    for (const ref of open) asked.set(factKey(ref), ref)
    const seen = await observe(
      open.filter(ref => !unreachable.has(ref.host) && !without.includes(ref.host)),
      world,
      sessions,
    )
    for (const [key, value] of seen.facts) facts.set(key, value)
    for (const [host, error] of seen.unreachable) unreachable.set(host, error)
  }
  throw new Error(`after ${MOST_ROUNDS} rounds of questions the plan still asks new ones`)
}

/** The plan for bare hosts, or for the facts of an earlier survey: no host is asked, no secret is read. */
export function offline(
  topology: Topology,
  playbook: Digest,
  products: readonly Product[],
  known: Facts = new Map(),
): Survey {
  const facts = new Map<string, Json>(known)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const plan = compile(topology, playbook, products, facts)
    const refs = questions(topology, products, plan)
    const open = refs.filter(ref => !facts.has(factKey(ref)))
    if (open.length === 0)
      return { plan, facts, refs, unreachable: new Map(), findings: findings(topology, products) }
    for (const ref of open) facts.set(factKey(ref), null)
  }
  throw new Error(`after ${MOST_ROUNDS} rounds of questions the plan still asks new ones`)
}
