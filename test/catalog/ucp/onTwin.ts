import { compile, questions } from '../../../src/catalog/compile.ts'
import { docker } from '../../../src/catalog/docker/index.ts'
import { bareEstate } from '../../../src/catalog/os/bareHost.ts'
import { os } from '../../../src/catalog/os/index.ts'
import type { Product } from '../../../src/catalog/product.ts'
import { ucp } from '../../../src/catalog/ucp/index.ts'
import type { Facts } from '../../../src/plan/fact.ts'
import type { Plan } from '../../../src/plan/step.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import { observe } from '../../../src/run/observe.ts'
import { createRedact } from '../../../src/run/redact.ts'
import { openSessions, type World } from '../../../src/run/world.ts'
import { virtualClock } from '../../../src/twin/clock.ts'
import { connectTwin } from '../../../src/twin/connect.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import type { Stage } from '../../../src/twin/rehearse.ts'

export const products: readonly Product[] = [os, docker, ucp]
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
  const draft = planOf(topology, new Map())
  const { facts, unreachable } = await observe(
    questions(topology, products, draft),
    world,
    openSessions(world.hosts, world.connect),
  )
  for (const lost of unreachable.values()) if (stage.estate.hosts[lost.host]?.up) throw lost
  return facts
}

export function planOf(topology: Topology, facts: Facts): Plan {
  return compile(topology, 'f'.repeat(64), products, facts)
}
