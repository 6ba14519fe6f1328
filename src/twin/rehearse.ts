import type { Fact } from '../plan/fact.ts'
import { factKey } from '../plan/fact.ts'
import { canonical } from '../plan/canonical.ts'
import { holds } from '../plan/check.ts'
import { preview } from '../plan/preview.ts'
import { asked } from '../plan/refs.ts'
import { showCheck, showOp } from '../plan/show.ts'
import type { Check, Digest, Plan, StepId } from '../plan/step.ts'
import type { Event, Failure } from '../run/event.ts'
import { execute } from '../run/execute.ts'
import { fold, fresh, type Run } from '../run/fold.ts'
import { observe } from '../run/observe.ts'
import { createRedact } from '../run/redact.ts'
import { openSessions, type World } from '../run/world.ts'
import { digest } from '../plan/canonical.ts'
import { virtualClock } from './clock.ts'
import { connectTwin, type TwinOptions } from './connect.ts'
import type { Estate, Model } from './estate.ts'
import { type Calls, type Fault, Killed, faultKinds, withFault } from './faults.ts'

/** What a rehearsal needs beside the plan. */
export interface Stage {
  readonly estate: Estate
  readonly models: readonly Model[]
  readonly facts: ReadonlyMap<string, Fact>
  readonly secret: (reference: string) => string
  readonly file: (file: string, sha256: Digest) => string
  /** How many steps may run at once. */
  readonly width: number
  readonly twin?: TwinOptions
}

/** One run on a clone of the stage's estate. */
export interface Performance {
  readonly estate: Estate
  readonly events: readonly Event[]
  readonly run: Run
  readonly calls: number
  /** Every argument list that reached a host. */
  readonly argv: readonly string[]
}

export interface Rehearsal {
  readonly calls: number
  /** Faults injected, one a case. */
  readonly cases: number
  /** Cases that ended with no way on: neither whole after a resume, nor in doubt where a step says so. */
  readonly stuck: readonly { readonly fault: Fault; readonly step: StepId; readonly failure: Failure }[]
  /** Cases that ended somewhere else than the undisturbed run. */
  readonly diverged: readonly { readonly fault: Fault; readonly where: string }[]
  /** Cases that ended in doubt where the step says that a person must look. */
  readonly inDoubt: number
  /** Goals that `preview` promised and the undisturbed run did not show. */
  readonly unfaithful: readonly string[]
  /** Commands that ran and were not planned, or were planned and did not run. */
  readonly unplanned: readonly string[]
}

/** Runs the plan once undisturbed, then once for every call and every kind of fault, each followed by a resume without fault. */
export async function rehearse(
  plan: Plan,
  stage: Stage,
  wanted: (fault: Fault) => boolean = () => true,
): Promise<Rehearsal> {
  const whole = await play(plan, stage, { guardProbes: true })
  if (whole.run.outcome !== 'done') {
    const [step, state] = [...whole.run.steps].find(([, state]) => state.failure) ?? []
    throw new Error(`the undisturbed run ended ${whole.run.outcome} at ${step}: ${canonical(state?.failure ?? null)}`)
  }
  const final = normal(whole.estate)
  const stuck: { fault: Fault; step: StepId; failure: Failure }[] = []
  const diverged: { fault: Fault; where: string }[] = []
  let cases = 0
  let inDoubt = 0
  for (let at = 0; at < whole.calls; at++) {
    for (const kind of faultKinds) {
      const fault = { at, kind }
      if (!wanted(fault)) continue
      cases += 1
      const { run, estate } = await play(plan, stage, {}, fault)
      if (run.outcome === 'done') {
        const end = normal(estate)
        if (end !== final) diverged.push({ fault, where: difference(final, end) })
        continue
      }
      const [id, state] = [...run.steps].find(([, step]) => step.failure) ?? []
      if (id === undefined || !state?.failure)
        throw new Error(`${canonical(fault)}: the run ended ${run.outcome} without a failure`)
      const step = plan.steps.find(one => one.id === id)
      if (state.state === 'in-doubt' && step?.inDoubt === 'ask') inDoubt += 1
      else stuck.push({ fault, step: id, failure: state.failure })
    }
  }
  return { calls: whole.calls, cases, stuck, diverged, inDoubt, ...(await faithful(plan, stage, whole)) }
}

/** One run, and its resume when it did not end well. */
export async function play(plan: Plan, stage: Stage, twin: TwinOptions, fault?: Fault): Promise<Performance> {
  const estate = structuredClone(stage.estate)
  const clock = virtualClock(estate.clockMs)
  const argv: string[] = []
  const twinOptions: TwinOptions = {
    ...stage.twin,
    ...twin,
    heard: (host, line, how) => {
      argv.push(line.argv.join(' '))
      twin.heard?.(host, line, how)
    },
  }
  const connect = connectTwin(estate, stage.models, clock, twinOptions)
  const world: World = {
    hosts: plan.hosts,
    connect,
    facts: stage.facts,
    secret: stage.secret,
    file: stage.file,
    ask: question => Promise.reject(new Error(`nobody is there to answer: ${question}`)),
    clock,
    redact: createRedact(),
  }
  const events: Event[] = []
  const refs = asked(plan)
  const part = async (calls: Calls, spoilt?: Fault): Promise<Run> => {
    const sessions = openSessions(plan.hosts, connect)
    const { facts } = await observe(refs, world, sessions)
    return execute(
      plan,
      { ...world, connect: withFault(connect, calls, spoilt) },
      {
        runId: 'rehearsal',
        past: [...events],
        observed: { facts, refs },
        width: stage.width,
        signal: new AbortController().signal,
        emit: event => {
          if (calls.dead) throw new Killed()
          events.push(event)
        },
      },
    )
  }
  const calls: Calls = { count: 0, dead: false }
  let run: Run | undefined
  try {
    run = await part(calls, fault)
  } catch (error) {
    if (!(error instanceof Killed)) throw error
  }
  if (fault && run?.outcome !== 'done') run = await part({ count: 0, dead: false })
  if (!run) throw new Error('the run was killed without a fault')
  // One fold for live runs and journals: reading the events back must give the same run.
  const again = events.reduce(fold, fresh(run.id, plan, digest(plan)))
  if (canonical([...again.steps]) !== canonical([...run.steps]))
    throw new Error('the journal read back is another run')
  return { estate, events, run, calls: calls.count, argv }
}

async function faithful(
  plan: Plan,
  stage: Stage,
  whole: Performance,
): Promise<Pick<Rehearsal, 'unfaithful' | 'unplanned'>> {
  const { facts: before } = await look(plan, stage, stage.estate)
  const { facts: after } = await look(plan, stage, whole.estate)
  const promised = new Map<string, Check>()
  for (const step of plan.steps)
    for (const check of step.goal) promised.set(`${factKey(check)} ${canonical(check.is)}`, check)
  const unfaithful = [...promised.values()].filter(check => !holds(check, after)).map(showCheck)
  const willRun = new Set(
    preview(plan, before)
      .filter(outlook => outlook.will !== 'hold')
      .map(outlook => outlook.step),
  )
  const planned = plan.steps
    .filter(step => willRun.has(step.id))
    .flatMap(step =>
      step.run.filter(op => 'exec' in op || 'write' in op).map(op => `${step.id}: ${showOp(op)}`),
    )
  const ran = whole.events.flatMap(event =>
    event.kind === 'op-started' ? [`${event.step}: ${event.shown}`] : [],
  )
  const unplanned = [
    ...ran.filter(command => !planned.includes(command)).map(command => `not planned: ${command}`),
    ...planned.filter(command => !ran.includes(command)).map(command => `planned, not run: ${command}`),
  ]
  return { unfaithful, unplanned }
}

async function look(plan: Plan, stage: Stage, estate: Estate) {
  const copy = structuredClone(estate)
  const clock = virtualClock(copy.clockMs)
  const world: World = {
    hosts: plan.hosts,
    connect: connectTwin(copy, stage.models, clock),
    facts: stage.facts,
    secret: stage.secret,
    file: stage.file,
    ask: () => Promise.reject(new Error('nobody is there')),
    clock,
    redact: createRedact(),
  }
  return observe(asked(plan), world, openSessions(plan.hosts, world.connect))
}

/** An estate without what may differ between two runs that are equal: time, and the names of jobs. Times end in `Ms`. */
export function normal(estate: Estate): string {
  const hosts = Object.fromEntries(
    Object.entries(estate.hosts).map(([name, host]) => [name, { ...host, jobs: {} }]),
  )
  return canonical(timeless({ hosts, shared: estate.shared }))
}

function timeless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(timeless)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.endsWith('Ms'))
      .map(([key, member]) => [key, timeless(member)]),
  )
}

function difference(a: string, b: string): string {
  let at = 0
  while (at < a.length && a[at] === b[at]) at += 1
  return `…${a.slice(Math.max(0, at - 80), at + 120)}… became …${b.slice(Math.max(0, at - 80), at + 120)}…`
}
