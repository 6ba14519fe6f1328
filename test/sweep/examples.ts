import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { products } from '../../src/catalog/index.ts'
import { checkPlaybook } from '../../src/cli/check.ts'
import { bareEstate } from '../../src/catalog/os/bareHost.ts'
import { survey } from '../../src/cli/survey.ts'
import { factsOf } from '../../src/cli/world.ts'
import type { Plan } from '../../src/plan/step.ts'
import { hasErrors } from '../../src/playbook/diagnostic.ts'
import { createRedact } from '../../src/run/redact.ts'
import { openSessions } from '../../src/run/world.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import type { Stage } from '../../src/twin/rehearse.ts'
import { toyPlan, toyStage } from '../toy.ts'

const folder = fileURLToPath(new URL('../../playbooks/', import.meta.url))
/** The estates' day: any fixed one, so that every sweep is the same. */
const NOW_MS = Date.UTC(2026, 0, 1)

export interface Example {
  readonly name: string
  readonly plan: Plan
  readonly stage: Stage
}

/** The names of all worked examples, and the engine's own toy product. */
export function exampleNames(): readonly string[] {
  const files = readdirSync(folder).filter(file => file.endsWith('.yml'))
  return ['toy', ...files.map(file => file.slice(0, -'.yml'.length)).sort()]
}

/** A worked example on bare pretend hosts, planned from what these say. @throws when the playbook has an error */
export async function example(name: string): Promise<Example> {
  if (name === 'toy') {
    const hosts = ['a', 'b', 'c', 'd', 'e']
    return { name, plan: toyPlan(hosts), stage: { ...toyStage(hosts), secret: canary } }
  }
  const { diagnostics, topology, digest } = await checkPlaybook(join(folder, `${name}.yml`))
  if (hasErrors(diagnostics) || !topology || digest === undefined) {
    throw new Error(`${name}.yml: ${diagnostics.map(({ code, message }) => `${code} ${message}`).join('; ')}`)
  }
  const stage: Stage = {
    estate: { ...bareEstate(topology), clockMs: NOW_MS },
    models: products.map(product => product.model),
    facts: factsOf(products),
    secret: canary,
    file: file => readFileSync(join(folder, file), 'utf8'),
    width: 10,
    ask: () => Promise.resolve({ by: 'the sweep', answer: 'yes' }),
  }
  const clock = virtualClock(NOW_MS)
  const connect = connectTwin(structuredClone(stage.estate), stage.models, clock, { guardProbes: true })
  const { hosts } = topology
  const ask = (): Promise<never> => Promise.reject(new Error('planning asks nobody'))
  const world = { ...stage, hosts, connect, clock, ask, redact: createRedact() }
  const { plan, unreachable } = await survey(
    topology,
    digest,
    products,
    world,
    openSessions(topology.hosts, connect),
  )
  if (unreachable.size > 0) throw new Error(`${name}: pretend hosts could not be asked`)
  return { name, plan, stage }
}

/** A value for every secret that is long, has what shells, URLs, JSON and base64 change, and is nowhere else. */
function canary(reference: string): string {
  return `cnry "&<'$/+ä-${reference}`
}
