import type { Fact } from '../plan/fact.ts'
import type { Line } from '../hosts/session.ts'
import { factKey } from '../plan/fact.ts'
import { canonical } from '../plan/canonical.ts'
import { holds } from '../plan/check.ts'
import { preview } from '../plan/preview.ts'
import { asked } from '../plan/refs.ts'
import { showCheck, showOp } from '../plan/show.ts'
import type { Check, Digest, Plan, StepId } from '../plan/step.ts'
import type { Event } from '../run/event.ts'
import { execute } from '../run/execute.ts'
import { foldAll, fresh, type Run } from '../run/fold.ts'
import { observe } from '../run/observe.ts'
import { createRedact } from '../run/redact.ts'
import { openSessions, type World } from '../run/world.ts'
import { virtualClock } from './clock.ts'
import { pretendDepot } from './depot.ts'
import { connectTwin, type TwinOptions } from './connect.ts'
import type { Estate, Model } from './estate.ts'
import { type Calls, type Fault, Killed, faultKinds, sameAs, withFault } from './faults.ts'
import { type Late, withLate } from './late.ts'
import { leaks, remembering } from './leaks.ts'

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
  /** Who answers the plan's questions. Absent: nobody is there. */
  readonly ask?: World['ask']
}

/** One run on a clone of the stage's estate. */
export interface Performance {
  readonly estate: Estate
  readonly events: readonly Event[]
  readonly run: Run
  readonly calls: Calls
  /** Every argument list that reached a host, each once. */
  readonly argv: readonly string[]
  /** Every secret that was bound or answered. */
  readonly secrets: ReadonlySet<string>
  /** Where one of them was seen that nobody may see. */
  readonly leaks: readonly string[]
}

export interface Rehearsal {
  readonly calls: number
  /** Faults injected, one a case. */
  readonly cases: number
  /** How many of them had to be played: the others cannot be told from one that was (see `sameAs`). */
  readonly played: number
  /** Cases that ended with no way on: neither whole after a resume, nor in doubt where a step says so. */
  readonly stuck: readonly { readonly fault: Fault; readonly step: StepId; readonly why: string }[]
  /** Cases that ended somewhere else than the undisturbed run. */
  readonly diverged: readonly { readonly fault: Fault; readonly where: string }[]
  /** Cases that ended in doubt where the step says that a person must look. */
  readonly inDoubt: number
  /** Goals that `preview` promised and the undisturbed run did not show. */
  readonly unfaithful: readonly string[]
  /** Commands that ran and were not planned, or were planned and did not run. */
  readonly unplanned: readonly string[]
  /** Secrets in events, argument lists or the plan. */
  readonly leaks: readonly string[]
}

/** Runs the plan once undisturbed, then once for every call and every kind of fault, each followed by a resume without fault. */
export async function rehearse(
  plan: Plan,
  stage: Stage,
  wanted: (fault: Fault) => boolean = () => true,
  /** Called with each case, before it is played. */
  through?: () => void,
): Promise<Rehearsal> {
  const whole = await play(plan, stage, { guardProbes: true })
  if (whole.run.outcome !== 'done') {
    const { step, why } = endOf(whole)
    throw new Error(`the undisturbed run ended ${whole.run.outcome} at ${step}: ${why}`)
  }
  const final = normal(whole.estate)
  const stuck: { fault: Fault; step: StepId; why: string }[] = []
  const diverged: { fault: Fault; where: string }[] = []
  const leaking = new Set(whole.leaks)
  if (leaks(whole.secrets, [], [canonical(plan)]).length > 0) leaking.add('the plan')
  let cases = 0
  let played = 0
  let inDoubt = 0
  for (let at = 0; at < whole.calls.count; at++) {
    for (const kind of faultKinds) {
      const fault = { at, kind }
      if (!wanted(fault)) continue
      cases += 1
      through?.()
      if (sameAs(fault, whole.calls) !== fault && wanted(sameAs(fault, whole.calls))) continue
      played += 1
      const end = await play(plan, stage, {}, fault)
      for (const leak of end.leaks) leaking.add(leak)
      if (end.run.outcome === 'done') {
        const seen = normal(end.estate)
        if (seen !== final) diverged.push({ fault, where: difference(final, seen) })
        continue
      }
      const { step, why } = endOf(end)
      const asks = plan.steps.find(one => one.id === step)?.inDoubt === 'ask'
      if (asks && end.run.steps.get(step)?.state === 'in-doubt') inDoubt += 1
      else stuck.push({ fault, step, why })
    }
  }
  const counts = { calls: whole.calls.count, cases, played, stuck, diverged, inDoubt, leaks: [...leaking] }
  return { ...counts, ...(await faithful(plan, stage, whole)) }
}

/** Where a run that is not done came to a stop. */
export function endOf({ run, events }: Performance): { readonly step: StepId; readonly why: string } {
  for (const [step, { failure }] of run.steps) if (failure) return { step, why: canonical(failure) }
  const last = events.at(-1)
  const [held] = last?.kind === 'run-ended' ? (last.held ?? []) : []
  if (held)
    return { step: held.step, why: `held back: ${held.quorum} would be ${held.up} of ${held.members}` }
  return { step: '', why: `the run ended ${run.outcome ?? 'nowhere'} and says nothing about it` }
}

/**
 * One run, and its resume when it did not end well.
 * @param faults the first spoils the run, the next its resume, and so on; the last resume is not spoilt
 */
export async function play(
  plan: Plan,
  stage: Stage,
  twin: TwinOptions,
  ...faults: readonly (Fault | Late)[]
): Promise<Performance> {
  const estate = structuredClone(stage.estate)
  const clock = virtualClock(estate.clockMs)
  const heard = new Set<Line>()
  const twinOptions: TwinOptions = {
    ...stage.twin,
    ...twin,
    heard: (host, line, how) => {
      heard.add(line)
      twin.heard?.(host, line, how)
    },
  }
  const connect = connectTwin(estate, stage.models, clock, twinOptions)
  const { redact, secrets } = remembering(createRedact())
  const world: World = {
    hosts: plan.hosts,
    connect,
    facts: stage.facts,
    secret: stage.secret,
    file: stage.file,
    ask: stage.ask ?? (question => Promise.reject(new Error(`nobody is there to answer: ${question}`))),
    clock,
    redact,
    depot: () => pretendDepot(estate),
  }
  const events: Event[] = []
  const refs = asked(plan)
  const part = async (calls: Calls, spoilt?: Fault | Late): Promise<Run> => {
    const spoil =
      spoilt?.kind === 'timed-out' ? withLate(connect, calls, spoilt) : withFault(connect, calls, spoilt)
    const sessions = openSessions(plan.hosts, connect)
    const { facts } = await observe(refs, world, sessions)
    return execute(
      plan,
      { ...world, connect: spoil },
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
  const uncounted = (): Calls => ({ count: 0, probes: new Set(), dead: false })
  const calls = uncounted()
  let run: Run | undefined
  for (const [i, fault] of [...faults, undefined].entries()) {
    run = undefined
    try {
      run = await part(i === 0 ? calls : uncounted(), fault)
    } catch (error) {
      if (!(error instanceof Killed)) throw error
    }
    if (run?.outcome === 'done') break
  }
  if (!run) throw new Error('the run was killed without a fault')
  // One fold for live runs and journals: reading the events back must give the same run.
  const again = foldAll(fresh(run.id, plan, run.plan), events)
  if (canonical([...again.steps]) !== canonical([...run.steps]))
    throw new Error('the journal read back is another run')
  const argv = [...heard].map(line => line.argv.join(' '))
  return { estate, events, run, calls, argv, secrets, leaks: leaks(secrets, events, argv) }
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
  const will = new Map(preview(plan, before).map(outlook => [outlook.step, outlook.will]))
  const unplanned = plan.steps.flatMap(({ id, run }) => {
    const ran = whole.events.flatMap(event =>
      event.kind === 'op-started' && event.step === id ? [event.shown] : [],
    )
    // What could not be told beforehand may run or not, but nothing else in its place.
    const runs = will.get(id) === 'run' || (will.get(id) === 'depend' && ran.length > 0)
    const planned = runs ? run.filter(op => !('await' in op || 'ask' in op)).map(showOp) : []
    if (canonical(ran) === canonical(planned)) return []
    return [`${id}: planned ${canonical(planned)}, ran ${canonical(ran)}`]
  })
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

/** Where two texts part, with what stands around it. */
export function difference(a: string, b: string): string {
  let at = 0
  while (at < a.length && a[at] === b[at]) at += 1
  return `…${a.slice(Math.max(0, at - 80), at + 120)}… became …${b.slice(Math.max(0, at - 80), at + 120)}…`
}
