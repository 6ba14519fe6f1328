import type { Facts } from '../plan/fact.ts'
import { digest } from '../plan/canonical.ts'
import { holds } from '../plan/check.ts'
import { project } from '../plan/project.ts'
import { tally } from '../plan/quorum.ts'
import type { FactRef, HostName, Op, Plan, Step, StepId } from '../plan/step.ts'
import type { Event, Outcome } from './event.ts'
import { fold, fresh, type Run } from './fold.ts'
import { createKnowledge } from './knowledge.ts'
import { type Happening, perform } from './perform.ts'
import { openSessions, type Sessions, type World } from './world.ts'

export interface ExecuteOptions {
  readonly runId: string
  /** Events of an earlier part of this run; none for a new one. */
  readonly past?: readonly Event[]
  /** Facts already read, and the questions that were asked for them. */
  readonly observed: { readonly facts: Facts; readonly refs: readonly FactRef[] }
  /** At most so many steps at once, whatever safety would allow. */
  readonly width: number
  /** Called for every event, in order, before anything that follows from it. What it throws stops the run at once. */
  readonly emit: (event: Event) => void
  /** Aborted: nothing new is begun, what runs is waited for. */
  readonly signal: AbortSignal
  /** Sessions to use and leave open; without them the run opens its own and closes them. */
  readonly sessions?: Sessions
}

/**
 * Makes a plan true. Which steps run together follows from `needs`, one step a host, the lanes, and what every quorum can spare.
 * @throws what `emit` throws (a journal that cannot be written) and bugs; whatever hosts do ends in events.
 */
export async function execute(plan: Plan, world: World, options: ExecuteOptions): Promise<Run> {
  let run = fresh(options.runId, plan, digest(plan))
  const past = options.past ?? []
  for (const event of past) run = fold(run, event)
  const sessions = options.sessions ?? openSessions(world.hosts, world.connect)
  const knowledge = createKnowledge(options.observed.facts, options.observed.refs, world, sessions)
  let broken: { readonly error: unknown } | undefined
  const record = (happening: Happening): void => {
    if (broken) throw broken.error
    const event = world.redact.event({ at: new Date(world.clock.now()).toISOString(), ...happening } as Event)
    run = fold(run, event)
    try {
      options.emit(event)
    } catch (error) {
      broken = { error }
      throw error
    }
  }
  const running = new Map<StepId, { readonly step: Step; readonly ended: Promise<void> }>()
  const place = { runId: options.runId, world, sessions, knowledge, record }
  try {
    record({
      kind: 'run-started',
      run: run.id,
      plan: run.plan,
      name: plan.name,
      steps: plan.steps.length,
      resumed: past.length > 0,
    })
    const waiting = new Map(
      plan.steps.filter(step => run.steps.get(step.id)?.state !== 'done').map(step => [step.id, step]),
    )
    for (;;) {
      for (const step of waiting.values()) {
        if (options.signal.aborted || halted(run) || running.size >= options.width) break
        const state = run.steps.get(step.id)
        if (!state || !ready(step, run, running) || !safe(step, running, plan, knowledge.believed())) continue
        waiting.delete(step.id)
        const ended = perform(step, state, place).finally(() => running.delete(step.id))
        running.set(step.id, { step, ended })
      }
      if (running.size === 0) break
      await Promise.race([...running.values()].map(({ ended }) => ended))
    }
    record({ kind: 'run-ended', outcome: outcomeOf(run, waiting.size) })
    return run
  } finally {
    await Promise.allSettled([...running.values()].map(({ ended }) => ended))
    if (!options.sessions) await sessions.closeAll()
  }
}

function halted(run: Run): boolean {
  for (const step of run.steps.values())
    if (step.failure && (step.state === 'failed' || step.state === 'in-doubt')) return true
  return false
}

function outcomeOf(run: Run, left: number): Outcome {
  const states = [...run.steps.values()]
  if (states.some(step => step.state === 'in-doubt' && step.failure)) return 'in-doubt'
  if (states.some(step => step.state === 'failed')) return 'failed'
  return left === 0 ? 'done' : 'stopped'
}

function ready(step: Step, run: Run, running: ReadonlyMap<StepId, { readonly step: Step }>): boolean {
  if (!step.needs.every(need => run.steps.get(need)?.state === 'done')) return false
  const busy = hostsOf(step)
  for (const { step: other } of running.values()) {
    if (other.lane !== undefined && other.lane === step.lane) return false
    if (hostsOf(other).some(host => busy.includes(host))) return false
  }
  return true
}

function hostsOf(step: Step): readonly HostName[] {
  const on = (op: Op): readonly HostName[] =>
    'await' in op || 'ask' in op || op.on === undefined ? [] : [op.on]
  return [step.host, ...step.run.flatMap(on)]
}

/** True when every quorum keeps its majority, or is at least no worse off, while this step runs beside the others. */
function safe(
  step: Step,
  running: ReadonlyMap<StepId, { readonly step: Step }>,
  plan: Plan,
  believed: Facts,
): boolean {
  if (step.during.length === 0 || (step.goal.length > 0 && step.goal.every(check => holds(check, believed))))
    return true
  const others = project(
    believed,
    [...running.values()].flatMap(({ step: other }) => other.during),
  )
  const together = project(others, step.during)
  return plan.quorums.every(quorum => {
    const spare = tally(quorum, together).spare
    return spare >= 0 || spare >= tally(quorum, others).spare
  })
}
