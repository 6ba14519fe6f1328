import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { products } from '../../src/catalog/index.ts'
import { checkPlaybook } from '../../src/cli/check.ts'
import { bareEstate } from '../../src/catalog/os/bareHost.ts'
import { survey } from '../../src/cli/survey.ts'
import { factsOf } from '../../src/cli/world.ts'
import { ownCommands } from '../../src/cli/ownCommands.ts'
import type { Digest, Plan } from '../../src/plan/step.ts'
import { hasErrors } from '../../src/playbook/diagnostic.ts'
import type { Topology } from '../../src/playbook/topology.ts'
import { createRedact } from '../../src/run/redact.ts'
import { openSessions } from '../../src/run/world.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { play, type Stage } from '../../src/twin/rehearse.ts'
import { type Change, changes, playbooksOf } from '../changes/changes.ts'
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

/** The names of all changes in the life of a cluster, planned from what its installation leaves. */
export function changeNames(): readonly string[] {
  return changes.map(({ name }) => name)
}

/**
 * A worked example on bare pretend hosts, or a change on those that its earlier playbook leaves, planned from what these say.
 * @throws when the playbook has an error
 */
export async function example(name: string): Promise<Example> {
  if (name === 'toy') {
    const hosts = ['a', 'b', 'c', 'd', 'e']
    return { name, plan: toyPlan(hosts), stage: { ...toyStage(hosts), secret: canary } }
  }
  const change = changes.find(one => one.name === name)
  if (change !== undefined) return changed(change)
  const { diagnostics, topology, digest } = await checkPlaybook(join(folder, `${name}.yml`))
  if (hasErrors(diagnostics) || !topology || digest === undefined) {
    throw new Error(`${name}.yml: ${diagnostics.map(({ code, message }) => `${code} ${message}`).join('; ')}`)
  }
  const stage = stageOf({ ...bareEstate(topology), clockMs: NOW_MS }, file =>
    readFileSync(join(folder, file), 'utf8'),
  )
  return { name, ...(await planned(name, topology, digest, stage)) }
}

/** What the earlier playbook leaves, and the plan from there. Commands of a person's own are taken at their word. */
async function changed(change: Change): Promise<Example> {
  const { before, after, files } = await playbooksOf(change)
  const file = (path: string): string => {
    const text = files.get(path.slice(path.indexOf('files/')))
    if (text === undefined) throw new Error(`${change.name}: no file ${path}`)
    return text
  }
  const [old, fresh] = [bareEstate(before.topology), bareEstate(after.topology)]
  const bare = { ...old, hosts: { ...fresh.hosts, ...old.hosts }, clockMs: NOW_MS }
  const first = await planned(change.name, before.topology, before.digest, stageOf(bare, file))
  const { run, estate } = await play(first.plan, first.stage, {})
  if (run.outcome !== 'done') throw new Error(`${change.name}: what is before it ended ${run.outcome ?? '?'}`)
  for (const host of Object.values(estate.hosts)) host.jobs = {}
  const { topology, digest } = after
  return { name: change.name, ...(await planned(change.name, topology, digest, stageOf(estate, file))) }
}

function stageOf(estate: Estate, file: Stage['file']): Stage {
  return {
    estate,
    models: products.map(product => product.model),
    facts: factsOf(products),
    secret: canary,
    file,
    width: 10,
    ask: () => Promise.resolve({ by: 'the sweep', answer: 'yes' }),
  }
}

async function planned(
  name: string,
  topology: Topology,
  digest: Digest,
  stage: Stage,
): Promise<Pick<Example, 'plan' | 'stage'>> {
  const clock = virtualClock(stage.estate.clockMs)
  const connect = connectTwin(structuredClone(stage.estate), stage.models, clock, { guardProbes: true })
  const { hosts } = topology
  const ask = (): Promise<never> => Promise.reject(new Error('planning asks nobody'))
  const world = { ...stage, hosts, connect, clock, ask, redact: createRedact() }
  const { plan, unreachable, findings } = await survey(
    topology,
    digest,
    products,
    world,
    openSessions(topology.hosts, connect),
  )
  if (unreachable.size > 0) throw new Error(`${name}: pretend hosts could not be asked`)
  const errors = findings.filter(({ severity }) => severity === 'error').map(({ code }) => code)
  if (errors.length > 0) throw new Error(`${name}: refused: ${errors.join(', ')}`)
  const { model } = ownCommands(plan, stage.models, stage.estate)
  return { plan, stage: { ...stage, models: [model, ...stage.models] } }
}

/** A value for every secret that is long, has what shells, URLs, JSON and base64 change, and is nowhere else. */
function canary(reference: string): string {
  return `cnry "&<'$/+ä-${reference}`
}
