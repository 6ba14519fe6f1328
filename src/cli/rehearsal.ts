import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { products } from '../catalog/index.ts'
import { preview } from '../plan/preview.ts'
import type { Rehearsed } from '../plan/rehearsed.ts'
import type { Level } from '../plan/saved.ts'
import type { Digest, Json, Plan } from '../plan/step.ts'
import { createRedact } from '../run/redact.ts'
import { openSessions } from '../run/world.ts'
import { virtualClock } from '../twin/clock.ts'
import { connectTwin } from '../twin/connect.ts'
import type { Estate } from '../twin/estate.ts'
import { type Fault, faultKinds } from '../twin/faults.ts'
import { play, rehearse, type Stage } from '../twin/rehearse.ts'
import { Quit } from './exit.ts'
import type { Good } from './load.ts'
import { ownCommands } from './ownCommands.ts'
import { bareEstate } from './stage.ts'
import { type Survey, survey } from './survey.ts'
import { factsOf } from './world.ts'

/** The pretended hosts' day. Any fixed one, so that the same playbook gives the same plan and the same rehearsal. */
const DAY_MS = Date.UTC(2026, 0, 1)
const WIDTH = 10

/** Pretended hosts, and what they are in words. */
export interface Pretended {
  readonly from: string
  readonly estate: Estate
}

export interface Draw {
  /** At most so many failures; 0: all. */
  readonly most: number
  readonly seed: number
  /** Called now and then with how many are through. */
  readonly tell?: (through: number, of: number) => void
}

/**
 * Pretended hosts for a playbook: fresh from their installer, or as `after` leaves them. Needs no host and no secret.
 * @throws Quit when `after` cannot be applied even there
 */
export async function pretendedHosts(good: Good, after?: Good): Promise<Pretended> {
  const fresh = bareEstate(good.topology, DAY_MS)
  if (after === undefined) return { from: 'bare hosts', estate: fresh }
  const old = bareEstate(after.topology, DAY_MS)
  const estate = { ...old, hosts: { ...fresh.hosts, ...old.hosts } }
  const { plan } = await surveyTwin(after, estate)
  const { run, estate: left } = await play(plan, withOwn(plan, stageFor(after, estate)).stage, {})
  if (run.outcome !== 'done')
    throw new Quit(
      'refused',
      `${after.file} could not be applied to pretended hosts: the run ${run.outcome ?? 'did not end'}`,
    )
  // Names of jobs belong to that run: the next one is another.
  for (const host of Object.values(left.hosts)) host.jobs = {}
  return { from: `what ${after.file} leaves`, estate: left }
}

/** What planning would see of pretended hosts. Nothing on them is changed. */
export async function surveyTwin(good: Good, estate: Estate): Promise<Survey> {
  const { topology } = good
  const stage = stageFor(good, estate)
  const clock = virtualClock(estate.clockMs)
  const connect = connectTwin(structuredClone(estate), stage.models, clock, { guardProbes: true })
  const ask = (): Promise<never> => Promise.reject(new Error('planning asks nobody'))
  const world = { ...stage, hosts: topology.hosts, connect, clock, ask, redact: createRedact() }
  return survey(topology, good.digest, products, world, openSessions(topology.hosts, connect))
}

/**
 * Runs the playbook's plan on pretended hosts, once undisturbed, then once for each failure that is drawn.
 * @throws Quit when these hosts are not what the plan is for, or when even the undisturbed run does not get through
 */
export async function rehearsePlan(
  good: Good,
  planned: Survey & { readonly level: Level },
  { from, estate }: Pretended,
  draw: Draw,
): Promise<Rehearsed> {
  const { plan, facts } = await surveyTwin(good, estate)
  const { more, less } = unlike(plan, facts, planned)
  // Offline, what is not known is taken as not there. The twin knows: where the playbook wants an engine that is there, it is.
  const held = planned.level === 'offline' && more.length === 0 ? less.length : 0
  const other = held > 0 || more.length + less.length === 0 ? undefined : differenceWords(more, less)
  if (other !== undefined)
    throw new Quit(
      'refused',
      `this plan cannot be rehearsed from ${from}: there, ${other}`,
      'name the playbook that these hosts were last made by: --after OLD.yml',
    )
  const { stage, taken } = withOwn(plan, stageFor(good, estate))
  try {
    const { calls } = await rehearse(plan, stage, () => false)
    const faults = calls * faultKinds.length
    const all = draw.most === 0 || faults <= draw.most
    const drawn = all ? undefined : drawNumbers(faults, draw.most, draw.seed)
    const of = drawn?.size ?? faults
    let through = 0
    const wanted = ({ at, kind }: Fault): boolean =>
      drawn?.has(at * faultKinds.length + faultKinds.indexOf(kind)) ?? true
    const result = await rehearse(plan, stage, wanted, () => draw.tell?.(++through, of))
    const at = ({ at: call, kind }: Fault): string => `${kind} at call ${call + 1} of ${calls}`
    return {
      from,
      ...(held > 0 && { held }),
      ...(taken > 0 && { taken }),
      calls,
      faults,
      injected: result.cases,
      ...(drawn !== undefined && { seed: draw.seed }),
      inDoubt: result.inDoubt,
      stuck: result.stuck.map(one => `${at(one.fault)}: stuck at ${one.step}: ${one.why}`),
      diverged: result.diverged.map(one => `${at(one.fault)}: ended elsewhere: ${one.where}`),
      wrong: [
        ...result.unfaithful.map(one => `promised and not seen: ${one}`),
        ...result.unplanned.map(one => `not as planned: ${one}`),
        ...result.leaks.map(one => `a secret is in ${one}`),
      ],
    }
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('the undisturbed run')) throw error
    throw new Quit('refused', `the rehearsal did not get through: ${error.message}`, 'nothing was changed')
  }
}

/** Steps that would run on pretended hosts and not here, and the other way. */
function unlike(plan: Plan, facts: Survey['facts'], planned: Survey) {
  const moving = (some: Plan, seen: Survey['facts']): readonly string[] =>
    preview(some, seen)
      .filter(outlook => outlook.will !== 'hold')
      .map(outlook => outlook.step)
  const [there, here] = [moving(plan, facts), moving(planned.plan, planned.facts)]
  return { more: there.filter(id => !here.includes(id)), less: here.filter(id => !there.includes(id)) }
}

function differenceWords(more: readonly string[], less: readonly string[]): string {
  const some = (ids: readonly string[]): string =>
    `${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''}`
  return [
    ...(more.length === 0 ? [] : [`${some(more)} would run too`]),
    ...(less.length === 0 ? [] : [`${some(less)} would not run`]),
  ].join(', and ')
}

/** Pretended hosts with all that a run needs of the outside. */
export function stageFor({ folder }: Good, estate: Estate): Stage {
  return {
    estate,
    models: products.map(product => product.model),
    facts: factsOf(products),
    // Long, and with what shells, URLs and JSON change, so that a leak would be seen; no real secret is read.
    secret: reference => `pretended "&<'$/+ secret of ${reference}`,
    file: (file, sha256) => pinnedText(isAbsolute(file) ? file : join(folder, file), sha256),
    width: WIDTH,
    ask: (_, answer) => Promise.resolve({ by: 'the rehearsal', answer: yes(answer) }),
  }
}

/** The stage with answers for commands that no model knows, and in how many steps they stand. */
function withOwn(plan: Plan, stage: Stage): { readonly stage: Stage; readonly taken: number } {
  const { taken, model } = ownCommands(plan, stage.models, stage.estate)
  return { stage: { ...stage, models: [model, ...stage.models] }, taken: taken.length }
}

function pinnedText(path: string, sha256: Digest): string {
  const content = readFileSync(path)
  if (createHash('sha256').update(content).digest('hex') === sha256) return content.toString('utf8')
  throw new Quit('stale', `${path} was changed while the plan was rehearsed`, 'run the same command again')
}

/** The answer that lets the run go on. */
function yes(schema: Json): Json {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return 'yes'
  const { enum: choices, type } = schema as { readonly [key: string]: Json }
  if (Array.isArray(choices)) return (choices as readonly Json[])[0] ?? 'yes'
  return type === 'boolean' ? true : 'yes'
}

/** So many different numbers below `below`, the same for the same seed. */
export function drawNumbers(below: number, most: number, seed: number): ReadonlySet<number> {
  const all = Array.from({ length: below }, (_, i) => i)
  const next = mulberry32(seed)
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    ;[all[i], all[j]] = [all[j] ?? 0, all[i] ?? 0]
  }
  return new Set(all.slice(0, most))
}

/** Numbers from 0 up to 1, the same for the same seed. Tommy Ettinger's generator, public domain. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
