import { bareEstate } from '../../../src/catalog/os/bareHost.ts'
import { os } from '../../../src/catalog/os/index.ts'
import { ownSteps } from '../../../src/catalog/steps/index.ts'
import { makeSteps } from '../../../src/catalog/steps/make.ts'
import { compile, questions } from '../../../src/catalog/compile.ts'
import { factKey, type Fact, type Facts } from '../../../src/plan/fact.ts'
import type { Json, Plan, Step } from '../../../src/plan/step.ts'
import type { ActionSpec, StepSpec } from '../../../src/playbook/steps.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import type { Event } from '../../../src/run/event.ts'
import { execute } from '../../../src/run/execute.ts'
import { observe } from '../../../src/run/observe.ts'
import { createRedact } from '../../../src/run/redact.ts'
import { openSessions, type World } from '../../../src/run/world.ts'
import { virtualClock } from '../../../src/twin/clock.ts'
import { connectTwin } from '../../../src/twin/connect.ts'
import type { Estate } from '../../../src/twin/estate.ts'

/** Hosts remember jobs by the run's name, so every run has its own. */
let runs = 0

export const machine = {
  hostname: 'm1',
  distribution: 'ubuntu',
  release: '18.04',
  cpus: 4,
  memoryMb: 16_384,
  curl: true,
  root: true,
}

export function topologyOf(
  steps: readonly StepSpec[],
  more: Partial<Topology> = {},
  names: readonly string[] = ['m1'],
): Topology {
  return {
    name: 'toy',
    hosts: Object.fromEntries(
      names.map((name, i) => [
        name,
        {
          name,
          address: `198.51.100.${11 + i}`,
          port: 22,
          user: 'root',
          roles: ['manager'],
          sudo: 'no' as const,
        },
      ]),
    ),
    roles: { manager: names, worker: [], dtr: [], loadBalancer: [] },
    ssh: { knownHostsFiles: [], hostKeys: 'strict', connectTimeoutSeconds: 5 },
    docker: { version: '19.03', hosts: [] },
    storage: { kind: 'local' },
    steps,
    ...more,
  }
}

export function step(action: ActionSpec, more: Partial<StepSpec> = {}): StepSpec {
  return { name: 'Try it', hosts: ['m1'], actions: [action], ...more }
}

export const seen: Facts = new Map<string, Json>([[factKey({ fact: 'os.machine', host: 'm1' }), machine]])

/** The one step that an action becomes on m1. @throws when it has findings */
export function made(action: ActionSpec, more: Partial<Topology> = {}, facts: Facts = seen): Step {
  const { made: all, findings } = makeSteps(topologyOf([step(action)], more), facts)
  if (findings.length > 0)
    throw new Error(findings.map(one => `${one.code} ${one.path.join('.')}: ${one.message}`).join('\n'))
  const [only] = all.flatMap(one => one.steps)
  if (only === undefined) throw new Error('no step was made')
  return only
}

/** What is wrong with an action, as `CODE path: message`. */
export function wrong(action: ActionSpec, more: Partial<Topology> = {}): readonly string[] {
  return makeSteps(topologyOf([step(action)], more), seen).findings.map(
    one => `${one.code} ${one.path.join('.')}: ${one.message}`,
  )
}

export const products = [os, ownSteps([os])]
export const facts: ReadonlyMap<string, Fact> = new Map(
  products.flatMap(product => product.facts).map(fact => [fact.name, fact]),
)
export const toySecret = 'hunter2-is-secret'

/** A twin that can be looked at and applied to, again and again. */
export function stageOf(topology: Topology, estate: Estate = bareEstate(topology)) {
  const clock = virtualClock(estate.clockMs)
  const probes: string[][] = []
  const heard: string[] = []
  const asked: string[] = []
  const models = products.map(product => product.model)
  const connect = connectTwin(estate, models, clock, {
    guardProbes: true,
    heard: (_, line, how) => {
      heard.push(`${how} ${line.argv.join(' ')}`)
    },
  })
  const world: World = {
    hosts: topology.hosts,
    connect: async host => {
      const session = await connect(host)
      return {
        ...session,
        probe: (lines, options) => {
          probes.push(lines.map(line => line.argv.join(' ')))
          return session.probe(lines, options)
        },
      }
    },
    facts,
    secret: () => toySecret,
    file: file => `text of ${file}\n`,
    ask: question => {
      asked.push(question)
      return Promise.resolve({ by: 'me', answer: 'yes' })
    },
    clock,
    redact: createRedact(),
  }
  const plan = async (): Promise<{ plan: Plan; facts: Facts }> => {
    const known = new Map<string, Json>()
    const refs = new Set<string>()
    for (;;) {
      const made = compile(topology, 'digest', products, known)
      const open = questions(topology, products, made).filter(ref => !refs.has(factKey(ref)))
      if (open.length === 0) return { plan: made, facts: known }
      for (const ref of open) refs.add(factKey(ref))
      const { facts: answers } = await observe(open, world, openSessions(topology.hosts, world.connect))
      for (const [key, value] of answers) known.set(key, value)
    }
  }
  const apply = async () => {
    const { plan: wanted, facts: known } = await plan()
    const events: Event[] = []
    const run = await execute(wanted, world, {
      runId: `run-${(runs += 1)}`,
      observed: { facts: known, refs: questions(topology, products, wanted) },
      width: 9,
      signal: new AbortController().signal,
      emit: event => void events.push(event),
    })
    const how = Object.fromEntries(
      [...run.steps].map(([id, state]) => [id, state.how ?? state.failure?.why ?? state.state]),
    )
    return { plan: wanted, run, events, how }
  }
  return { estate, world, plan, apply, probes, heard, asked }
}
