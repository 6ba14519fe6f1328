import type { Facts } from '../plan/fact.ts'
import { digest } from '../plan/canonical.ts'
import type { Digest, FactRef, Plan, Step, StepId } from '../plan/step.ts'
import type { Event, Held, Outcome } from './event.ts'
import { foldAll, foldOn, fresh, type Run, type StepRun } from './fold.ts'
import { sendAhead } from './ahead.ts'
import { createKnowledge } from './knowledge.ts'
import { goalHolds, perform } from './perform.ts'
import { heldBy, overridesOf, ready } from './schedule.ts'
import { together } from './together.ts'
import type { Happening, Workplace } from './workplace.ts'
import { openSessions, type Sessions, type World } from './world.ts'

export interface ExecuteOptions {
  readonly runId: string
  /** Events of an earlier part of this run; none for a new one. */
  readonly past?: readonly Event[]
  /** Facts already read, and the questions that were asked for them. */
  readonly observed: { readonly facts: Facts; readonly refs: readonly FactRef[] }
  /** At most so many steps at once, whatever safety would allow. */
  readonly width: number
  /**
   * Called for every event, in order, before anything that follows from it. What it throws stops the run at once: nothing is
   * begun any more, and what runs on hosts is left to them (a resume asks what became of it).
   */
  readonly emit: (event: Event) => void
  /** Aborted: nothing new is begun, what runs is waited for. */
  readonly signal: AbortSignal
  /** What a person says about a step in doubt, after looking. */
  readonly assume?: { readonly step: StepId; readonly done: boolean; readonly by: string }
  /** A message to a host has one step, which is awaited before the next is sent, also where the host could go on by itself. */
  readonly oneByOne?: boolean
  /** Sessions to use and leave open; without them the run opens its own and closes them. */
  readonly sessions?: Sessions
}

/**
 * Makes a plan true. Which steps run together follows from `needs`, one step a host, the lanes, and what every quorum can spare.
 * @throws what `emit` throws (a journal that cannot be written) and bugs; whatever hosts do ends in events.
 */
export async function execute(plan: Plan, world: World, options: ExecuteOptions): Promise<Run> {
  let run = fresh(options.runId, plan, digestOf(plan))
  const past = options.past ?? []
  run = foldAll(run, past)
  const sessions = options.sessions ?? openSessions(world.hosts, world.connect)
  const knowledge = createKnowledge(options.observed.facts, options.observed.refs, world, sessions)
  /** A step of this part of the run failed or came to be in doubt. */
  let halted = false
  const isHalted = (): boolean => halted
  let broken: { readonly error: unknown } | undefined
  let tellBroken: (error: unknown) => void = () => undefined
  const breaking = new Promise<never>((_, reject) => {
    tellBroken = reject
  })
  breaking.catch(() => undefined)
  const breakOff = (error: unknown): void => {
    broken ??= { error }
    tellBroken(error)
  }
  const record = (happening: Happening): void => {
    if (broken) throw broken.error
    try {
      const event = world.redact.event({
        at: new Date(world.clock.now()).toISOString(),
        ...happening,
      })
      run = foldOn(run, event)
      if (event.kind === 'step-failed') halted = true
      options.emit(event)
    } catch (error) {
      breakOff(error)
      throw error
    }
  }
  const running = new Map<StepId, { readonly step: Step; readonly ended: Promise<void> }>()
  const place: Workplace = {
    runId: options.runId,
    world,
    sessions,
    knowledge,
    record,
    unlessBroken: doing => Promise.race([doing, breaking]),
  }
  try {
    record({
      kind: 'run-started',
      run: run.id,
      plan: run.plan,
      name: plan.name,
      steps: plan.steps.length,
      resumed: past.length > 0,
      ...(plan.without && { without: plan.without.hosts }),
      ...overridesOf(plan),
    })
    if (options.assume) record({ kind: 'assumed', ...options.assume })
    const waiting = new Map(
      plan.steps.filter(step => run.steps.get(step.id)?.state !== 'done').map(step => [step.id, step]),
    )
    // A step in doubt may still be at work on its host, so it counts as under way until it is resolved. None comes to be so
    // while it waits.
    const doubtful = new Set(
      [...waiting.values()].filter(step => run.steps.get(step.id)?.state === 'in-doubt'),
    )
    const position = new Map(plan.steps.map((step, i) => [step, i]))
    /** Those that were sent to one host together are resolved in their order. */
    const isLater = (step: Step, beside: Step): boolean =>
      doubtful.has(beside) &&
      step.host === beside.host &&
      (position.get(step) ?? 0) > (position.get(beside) ?? 0)
    const underWay = (beside: Step): readonly Step[] => [
      ...[...running.values()].map(({ step }) => step),
      ...[...doubtful].filter(step => step !== beside && !isLater(step, beside)),
    ]
    /** Steps in a message to their host. */
    const ahead = new Set<StepId>()
    /** Steps that are performed by themselves, since going ahead with them led nowhere. */
    const alone = new Set<StepId>()
    const begin = (step: Step, before: StepRun): Promise<void> => {
      const isSure = step.goal.length > 0 && knowledge.sure(step.goal)
      const steps =
        before.state !== 'waiting' || (isSure && goalHolds(step, knowledge))
          ? []
          : together(step, options.oneByOne ? [step] : waiting.values(), run, world, id => alone.has(id))
      if (steps.length === 0) {
        waiting.delete(step.id)
        doubtful.delete(step)
        return perform(step, before, place)
      }
      for (const one of steps) ahead.add(one.id)
      return sendAhead(steps, id => run.steps.get(id)?.attempt ?? 0, place).then(left => {
        for (const id of left) alone.add(id)
        for (const { id } of steps) {
          ahead.delete(id)
          if (run.steps.get(id)?.state !== 'waiting') waiting.delete(id)
        }
      })
    }
    for (;;) {
      const held: Held[] = []
      for (const step of waiting.values()) {
        if (options.signal.aborted || isHalted() || running.size >= options.width) break
        if (ahead.has(step.id)) continue
        const before = run.steps.get(step.id)
        const others = underWay(step)
        if (!before || !ready(step, run, others)) continue
        const holding = heldBy(step, others, plan, knowledge)
        if (holding) {
          held.push(holding)
          continue
        }
        const ended = begin(step, before)
          .catch((error: unknown) => {
            breakOff(error)
            throw error
          })
          .finally(() => running.delete(step.id))
        running.set(step.id, { step, ended })
      }
      if (running.size === 0) {
        const outcome = outcomeOf(run, waiting.size)
        record({ kind: 'run-ended', outcome, ...(held.length > 0 && { held }) })
        return run
      }
      await Promise.race([...running.values()].map(({ ended }) => ended))
    }
  } finally {
    await Promise.allSettled([...running.values()].map(({ ended }) => ended))
    if (!options.sessions) await sessions.closeAll()
  }
}

/** A rehearsal executes one plan thousands of times. */
const digests = new WeakMap<Plan, Digest>()

function digestOf(plan: Plan): Digest {
  const known = digests.get(plan) ?? digest(plan)
  digests.set(plan, known)
  return known
}

function outcomeOf(run: Run, left: number): Outcome {
  const states = [...run.steps.values()]
  if (states.some(step => step.state === 'in-doubt' && step.failure)) return 'in-doubt'
  if (states.some(step => step.state === 'failed')) return 'failed'
  return left === 0 ? 'done' : 'stopped'
}
