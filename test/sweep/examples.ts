import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { products } from '../../src/catalog/index.ts'
import { checkPlaybook } from '../../src/cli/check.ts'
import { bareEstate } from '../../src/catalog/os/bareHost.ts'
import { survey } from '../../src/cli/survey.ts'
import { factsOf } from '../../src/cli/world.ts'
import { ownCommands } from '../../src/cli/ownCommands.ts'
import type { Product } from '../../src/catalog/product.ts'
import { resetProducts } from '../../src/catalog/reset/index.ts'
import { recipeNamed } from '../../src/catalog/recover/index.ts'
import { leaveOut } from '../../src/cli/leaveOut.ts'
import type { Digest, HostName, Plan } from '../../src/plan/step.ts'
import { hasErrors } from '../../src/playbook/diagnostic.ts'
import type { Topology } from '../../src/playbook/topology.ts'
import { createRedact } from '../../src/run/redact.ts'
import { openSessions } from '../../src/run/world.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { play, type Stage } from '../../src/twin/rehearse.ts'
import { backedUp, creating, restoring, wiped } from '../catalog/backup/onTwin.ts'
import { type Change, changes, playbooksOf } from '../changes/changes.ts'
import { type Loss, losses } from '../catalog/recover/losses.ts'
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
  return ['toy', 'ordered', ...files.map(file => file.slice(0, -'.yml'.length)).sort()]
}

/** The names of all changes in the life of a cluster, planned from what its installation leaves. */
export function changeNames(): readonly string[] {
  return changes.map(({ name }) => name)
}

/** Clusters that are taken away again: a registry in high availability, the smallest, and one of the later names. */
const resets = ['minimal', 'dtr-ha', 'msr-2.9-mke-3']

export function resetNames(): readonly string[] {
  return resets.map(from => `reset ${from}`)
}

/** Clusters of which a set of backups is made, and that come back from one when nothing else is left. */
const kept = ['minimal', 'dtr-ha']

export function backupNames(): readonly string[] {
  return kept.flatMap(from => [`backup ${from}`, `restore ${from}`])
}

/** The names of all losses and the recipes for them, planned from a cluster that stood and lost something. */
export function lossNames(): readonly string[] {
  return losses.map(lossName)
}

function lossName({ what, recipe }: Loss): string {
  return `${recipe}: ${what}`
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
  const loss = losses.find(one => lossName(one) === name)
  if (loss !== undefined) return lost(loss)
  if (resetNames().includes(name)) return taken(name, name.slice('reset '.length))
  if (backupNames().includes(name)) return keptOf(name)
  const from = name === 'ordered' ? import.meta.dirname : folder
  const { diagnostics, topology, digest } = await checkPlaybook(join(from, `${name}.yml`))
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

/** A cluster that stood as its playbook says, what was lost of it, and the recipe's plan. */
async function lost(loss: Loss): Promise<Example> {
  const before = losses.find(({ what }) => what === loss.after)
  const whole = await example(before === undefined ? loss.from : lossName(before))
  const { topology, digest } = await checkPlaybook(join(folder, `${loss.from}.yml`))
  const recipe = recipeNamed(loss.recipe)
  if (!topology || digest === undefined || !recipe)
    throw new Error(`${loss.what}: no such playbook or recipe`)
  const { estate } = await play(whole.plan, whole.stage, {})
  for (const host of Object.values(estate.hosts)) host.jobs = {}
  loss.change(estate, { ...bareEstate(topology), clockMs: NOW_MS })
  const gone = loss.lost ?? []
  const stage = { ...whole.stage, estate }
  const name = lossName(loss)
  return { name, ...(await planned(name, topology, digest, stage, recipe.products(gone), gone)) }
}

/** A cluster as its playbook's installation leaves it, and the plan that takes all of it away. */
async function taken(name: string, from: string): Promise<Example> {
  const whole = await example(from)
  const { topology, digest } = await checkPlaybook(join(folder, `${from}.yml`))
  if (!topology || digest === undefined) throw new Error(`${from}.yml is no good playbook`)
  const { estate } = await play(whole.plan, whole.stage, {})
  for (const host of Object.values(estate.hosts)) host.jobs = {}
  return { name, ...(await planned(name, topology, digest, { ...whole.stage, estate }, resetProducts)) }
}

/** A cluster as its playbook's installation leaves it, and the plan of a set of it; or bare hosts, and the plan that restores one. */
async function keptOf(name: string): Promise<Example> {
  const [what = '', from = ''] = name.split(' ')
  const whole = await example(from)
  const { topology: plain, digest } = await checkPlaybook(join(folder, `${from}.yml`))
  if (!plain || digest === undefined) throw new Error(`${from}.yml is no good playbook`)
  const topology = backedUp(plain)
  const { estate } = await play(whole.plan, whole.stage, {})
  for (const host of Object.values(estate.hosts)) host.jobs = {}
  const stage = { ...whole.stage, estate }
  const create = await planned(name, topology, digest, stage, creating(from))
  if (what === 'backup') return { name, ...create }
  const made = await play(create.plan, create.stage, {})
  const gone = { ...stage, estate: wiped(topology, made.estate) }
  return { name, ...(await planned(name, topology, digest, gone, restoring(made.estate))) }
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
  of: readonly Product[] = products,
  without: readonly HostName[] = [],
): Promise<Pick<Example, 'plan' | 'stage'>> {
  const clock = virtualClock(stage.estate.clockMs)
  const connect = connectTwin(structuredClone(stage.estate), stage.models, clock, { guardProbes: true })
  const { hosts } = topology
  const ask = (): Promise<never> => Promise.reject(new Error('planning asks nobody'))
  const world = { ...stage, hosts, connect, clock, ask, redact: createRedact() }
  const sessions = openSessions(topology.hosts, connect)
  const seen = await survey(topology, digest, of, world, sessions, without)
  const { plan, unreachable, findings } = leaveOut(seen, without)
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
