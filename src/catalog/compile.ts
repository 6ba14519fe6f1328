import { digest } from '../plan/canonical.ts'
import type { Facts } from '../plan/fact.ts'
import type { Finding } from '../plan/finding.ts'
import { BREAKS } from '../plan/majority.ts'
import { order } from '../plan/order.ts'
import { asked, unique } from '../plan/refs.ts'
import type { Digest, FactRef, Plan, Step, StepId } from '../plan/step.ts'
import type { Topology } from '../playbook/topology.ts'
import type { Product, ProductSteps } from './product.ts'

/** Playbook and facts in, plan out. Pure: the same input gives the same bytes. */
export function compile(
  topology: Topology,
  playbook: Digest,
  products: readonly Product[],
  facts: Facts,
): Plan {
  const wanted = products.filter(product => product.wanted(topology))
  const made = productSteps(topology, products, facts)
  const placing = wanted.find(product => product.place)
  const steps =
    placing?.place?.({ topology, facts, after: [] }, made) ?? made.flatMap(product => product.steps)
  const override = topology.accepts?.find(({ code }) => code === BREAKS)
  const quorums = wanted
    .flatMap(product => product.quorums(topology, facts))
    .map(quorum => (override === undefined ? quorum : { ...quorum, mayBreak: override.reason }))
  const ordered = order(steps)
  const { name, hosts } = topology
  return {
    format: 'runbook.plan/1',
    name,
    from: { playbook, facts: digest(Object.fromEntries(steady(products, facts))) },
    hosts: Object.fromEntries(Object.entries(hosts).sort(([a], [b]) => (a < b ? -1 : 1))),
    quorums,
    steps: ordered,
  }
}

/** What a plan is made from and pins: all answers but the secret ones and those that change by themselves. */
export function steady(products: readonly Product[], facts: Facts): Facts {
  const loose = new Set(
    products.flatMap(product =>
      product.facts.filter(fact => fact.volatile ?? fact.secret).map(fact => fact.name),
    ),
  )
  return new Map([...facts].filter(([key]) => !loose.has(key.slice(0, key.indexOf('@')))))
}

/** What each product of the playbook would do, in order of need. */
export function productSteps(
  topology: Topology,
  products: readonly Product[],
  facts: Facts,
): readonly ProductSteps[] {
  const steps: Step[] = []
  let after: readonly StepId[] = []
  return products
    .filter(product => product.wanted(topology))
    .map(product => {
      const own = product.plays.converge({ topology, facts, after })
      steps.push(...own)
      // Products come one after another: what follows needs the loose ends of all before.
      const needed = new Set(steps.flatMap(step => step.needs))
      after = steps.filter(step => !needed.has(step.id)).map(step => step.id)
      return { name: product.name, steps: own }
    })
}

/** Every question that planning asks: what steers the plays, and what the plan's own checks ask. */
export function questions(
  topology: Topology,
  products: readonly Product[],
  plan: Pick<Plan, 'steps' | 'quorums'>,
): readonly FactRef[] {
  const steering = products
    .filter(product => product.wanted(topology))
    .flatMap(product => product.asks(topology))
  const health = products
    .filter(product => product.wanted(topology))
    .flatMap(product => product.healthy(topology))
  return unique([...steering, ...asked(plan), ...health])
}

/** What all rules say: of the playbook alone, and of what was seen on the hosts. */
export function findings(
  topology: Topology,
  products: readonly Product[],
  facts?: Facts,
): readonly Finding[] {
  return products
    .filter(product => product.wanted(topology))
    .flatMap(product => [...product.rules(topology), ...(facts ? product.findings(topology, facts) : [])])
}
