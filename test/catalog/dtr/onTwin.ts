import { readFileSync } from 'node:fs'
import { compile, questions } from '../../../src/catalog/compile.ts'
import { products } from '../../../src/catalog/index.ts'
import { bareEstate } from '../../../src/catalog/os/bareHost.ts'
import { type Facts, factKey } from '../../../src/plan/fact.ts'
import type { Json } from '../../../src/plan/step.ts'
import { observe } from '../../../src/run/observe.ts'
import { createRedact } from '../../../src/run/redact.ts'
import { openSessions } from '../../../src/run/world.ts'
import { loadPlaybook } from '../../../src/playbook/read.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import { virtualClock } from '../../../src/twin/clock.ts'
import { connectTwin } from '../../../src/twin/connect.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import type { Stage } from '../../../src/twin/rehearse.ts'

/** Every secret reference of a playbook gets a value that is easy to look for. */
export const CANARY = 'k4n4ry'
export const secret = (reference: string): string => `${CANARY}-${reference.replaceAll(/[^A-Za-z0-9]/g, '')}`

/** A worked example as it is meant. */
export function example(name: string): Topology {
  const { topology, diagnostics } = loadPlaybook(
    new URL(`../../../playbooks/${name}.yml`, import.meta.url).pathname,
  )
  if (!topology) throw new Error(`${name}: ${JSON.stringify(diagnostics)}`)
  return topology
}

export function stageOf(topology: Topology, estate: Estate = bareEstate(topology)): Stage {
  return {
    estate,
    models: products.map(product => product.model),
    facts: new Map(products.flatMap(product => product.facts).map(fact => [fact.name, fact])),
    secret,
    file: file => {
      try {
        return readFileSync(new URL(`../../../playbooks/${file}`, import.meta.url), 'utf8')
      } catch {
        return `pretend content of ${file}\n`
      }
    },
    width: 8,
  }
}

/** What planning would see of the stage's estate. */
export async function look(topology: Topology, stage: Stage): Promise<Facts> {
  const estate = structuredClone(stage.estate)
  const clock = virtualClock(estate.clockMs)
  const connect = connectTwin(estate, stage.models, clock, { guardProbes: true })
  const world = {
    ...stage,
    hosts: topology.hosts,
    connect,
    clock,
    redact: createRedact(),
    ask: () => Promise.reject(new Error('nobody')),
  }
  // As planning does: answers lead to new questions.
  const facts = new Map<string, Json>()
  const asked = new Set<string>()
  for (let round = 0; round < 4; round++) {
    const open = questions(topology, products, compile(topology, '', products, facts)).filter(
      ref => !asked.has(factKey(ref)),
    )
    if (open.length === 0) return facts
    for (const ref of open) asked.add(factKey(ref))
    const seen = await observe(open, world, openSessions(topology.hosts, connect))
    for (const [key, value] of seen.facts) facts.set(key, value)
  }
  throw new Error('the plan still asks new questions')
}

export const planOf = (topology: Topology, facts: Facts) => compile(topology, 'playbook', products, facts)
