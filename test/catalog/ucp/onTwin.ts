import { compile, questions } from '../../../src/catalog/compile.ts'
import { docker } from '../../../src/catalog/docker/index.ts'
import { bareEstate } from '../../../src/catalog/os/bareHost.ts'
import { os } from '../../../src/catalog/os/index.ts'
import type { Product } from '../../../src/catalog/product.ts'
import { departure } from '../../../src/catalog/ucp/departure.ts'
import { ucp } from '../../../src/catalog/ucp/index.ts'
import { factKey, type Facts } from '../../../src/plan/fact.ts'
import type { Json, Plan } from '../../../src/plan/step.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import { observe } from '../../../src/run/observe.ts'
import { createRedact } from '../../../src/run/redact.ts'
import { openSessions, type World } from '../../../src/run/world.ts'
import { virtualClock } from '../../../src/twin/clock.ts'
import { connectTwin } from '../../../src/twin/connect.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { play, type Stage } from '../../../src/twin/rehearse.ts'

export const products: readonly Product[] = [os, docker, ucp, departure]
export const PASSWORD = 'canary-orange-77'
export const LICENSE = '{"key_id":"canary","private_key":"canary","authorization":"canary"}'

/** A twin of the platform's hosts; bare unless given. */
export function stageOf(topology: Topology, estate: Estate = bareEstate(topology)): Stage {
  return {
    estate,
    models: products.map(product => product.model),
    facts: new Map(products.flatMap(product => product.facts).map(fact => [fact.name, fact])),
    secret: () => PASSWORD,
    file: () => LICENSE,
    width: 4,
  }
}

/** Everything planning asks, asked of the twin. */
export async function look(topology: Topology, stage: Stage): Promise<Facts> {
  const clock = virtualClock(stage.estate.clockMs)
  const world: World = {
    hosts: topology.hosts,
    connect: connectTwin(stage.estate, stage.models, clock, { guardProbes: true }),
    facts: stage.facts,
    secret: stage.secret,
    file: stage.file,
    ask: () => Promise.reject(new Error('nobody is there')),
    clock,
    redact: createRedact(),
  }
  const facts = new Map<string, Json>()
  const asked = new Set<string>()
  // Answers lead to new questions, as in `survey`.
  for (let round = 0; round < 4; round++) {
    const open = questions(topology, products, planOf(topology, facts)).filter(
      ref => !asked.has(factKey(ref)),
    )
    if (open.length === 0) return facts
    for (const ref of open) asked.add(factKey(ref))
    const seen = await observe(open, world, openSessions(world.hosts, world.connect))
    for (const lost of seen.unreachable.values()) if (stage.estate.hosts[lost.host]?.up) throw lost
    for (const [key, value] of seen.facts) facts.set(key, value)
  }
  throw new Error('the plan asks ever new questions')
}

/** The whole platform of a playbook on the twin, for what begins from there. */
export async function standing(topology: Topology): Promise<Estate> {
  const stage = stageOf(topology)
  const done = await play(planOf(topology, await look(topology, stage)), stage, {})
  if (done.run.outcome !== 'done') throw new Error(`the platform ended ${done.run.outcome ?? 'nowhere'}`)
  return done.estate
}

export function planOf(topology: Topology, facts: Facts): Plan {
  return compile(topology, 'f'.repeat(64), products, facts)
}
