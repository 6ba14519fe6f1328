import type { Digest, Plan, StepId } from '../plan/step.ts'
import { isDrillEvent } from './drillEvent.ts'
import type { Event, Failure, Held, How, Outcome } from './event.ts'

export type StepState = 'waiting' | 'running' | 'done' | 'failed' | 'in-doubt'

/** What became of one step. */
export interface StepRun {
  readonly state: StepState
  /** Counts from 1 and names the jobs on the hosts. 0: never begun. */
  readonly attempt: number
  /** Ops of this attempt that are known to have ended well. */
  readonly ended: readonly number[]
  /** The op of this attempt that was begun and is not known to have ended. */
  readonly open?: number
  /** Whether any op of any attempt may have reached a host: then what holds now may be our doing. */
  readonly touched: boolean
  /** It was sent to its host together with others, and not heard of since: it may have begun. */
  readonly sent?: true
  readonly how?: How
  readonly startedAt?: string
  readonly endedAt?: string
  readonly failure?: Failure
}

/** What became of a plan. */
export interface Run {
  readonly id: string
  readonly plan: Digest
  readonly steps: ReadonlyMap<StepId, StepRun>
  readonly outcome?: Outcome
  /** Steps that safety held back when the run ended. */
  readonly held?: readonly Held[]
}

const waiting: StepRun = { state: 'waiting', attempt: 0, ended: [], touched: false }

/** A run that has not begun. */
export function fresh(id: string, plan: Plan, planDigest: Digest): Run {
  return { id, plan: planDigest, steps: new Map(plan.steps.map(step => [step.id, waiting])) }
}

/**
 * One event further. The live run and a journal read back go through this same function.
 * @throws when the event cannot follow what came before: the journal was tampered with, or there is a bug
 */
export function fold(run: Run, event: Event): Run {
  return advance(run, event, copied)
}

/**
 * The same for whoever keeps nothing but the newest run: `run` is used up, so that an event costs one entry and not a copy of all.
 * @throws as `fold`
 */
export function foldOn(run: Run, event: Event): Run {
  return advance(run, event, steps => steps as Map<StepId, StepRun>)
}

/** Many events, one after another. @throws as `fold` */
export function foldAll(run: Run, events: readonly Event[]): Run {
  return events.reduce(foldOn, { ...run, steps: copied(run.steps) })
}

/** States that may be written to. */
type Own = (steps: Run['steps']) => Map<StepId, StepRun>

const copied: Own = steps => new Map(steps)

function advance(run: Run, event: Event, own: Own): Run {
  // What a drill says around its runs is none of theirs.
  if (isDrillEvent(event)) return run
  if (run.outcome !== undefined && event.kind !== 'run-started') {
    throw new Error(`${event.kind} cannot follow the end of a run`)
  }
  switch (event.kind) {
    case 'run-started': {
      if (event.plan !== run.plan)
        throw new Error(`run-started is of another plan: ${event.plan}, not ${run.plan}`)
      // Whatever was begun and not ended is in doubt; what failed for a known reason may be tried again.
      const steps = own(run.steps)
      for (const [id, step] of steps) {
        if (step.state === 'running' || step.state === 'in-doubt') {
          steps.set(id, { ...unfailed(step), state: 'in-doubt' })
        } else if (step.sent) {
          steps.set(id, { ...arrived(step), state: 'in-doubt' })
        } else if (step.state === 'failed') {
          steps.set(id, { ...waiting, attempt: step.attempt, touched: step.touched })
        }
      }
      return { id: run.id, plan: run.plan, steps }
    }
    case 'sent-ahead': {
      const steps = own(run.steps)
      for (const { step: id, attempt } of event.steps) {
        const step = from(run, id, event, ['waiting'])
        if (step.sent || attempt !== step.attempt + 1)
          throw new Error(`attempt ${attempt} of ${id} cannot be sent ahead after attempt ${step.attempt}`)
        steps.set(id, { ...step, sent: true })
      }
      return { ...run, steps }
    }
    case 'came-back': {
      const steps = own(run.steps)
      for (const id of event.steps) {
        const { sent, ...step } = from(run, id, event, ['waiting'])
        if (!sent) throw new Error(`${id} cannot come back: it was not sent ahead`)
        steps.set(id, step)
      }
      return { ...run, steps }
    }
    case 'step-started': {
      const step = from(run, event.step, event, ['waiting', 'in-doubt', 'running'])
      const again = step.state === 'in-doubt' && event.attempt === step.attempt
      if (!again && event.attempt !== step.attempt + 1) {
        throw new Error(`attempt ${event.attempt} of ${event.step} cannot follow attempt ${step.attempt}`)
      }
      return put(run, own, event.step, {
        state: 'running',
        attempt: event.attempt,
        ended: again ? step.ended : [],
        ...(again && step.open !== undefined && { open: step.open }),
        // Its host is at it while we write this.
        ...(step.sent && { open: 0 }),
        touched: step.touched || step.sent === true,
        startedAt: step.startedAt ?? event.at,
      })
    }
    case 'op-started': {
      const step = from(run, event.step, event, ['running'])
      if (step.open !== undefined && step.open !== event.op) {
        throw new Error(`op ${event.op} of ${event.step} cannot begin while op ${step.open} is open`)
      }
      return put(run, own, event.step, { ...step, open: event.op, touched: true })
    }
    case 'op-ended': {
      const step = from(run, event.step, event, ['running'])
      if (step.open !== event.op) throw new Error(`op ${event.op} of ${event.step} ended and had not begun`)
      return put(run, own, event.step, closed(step, event.code === 0 ? [event.op] : []))
    }
    case 'answered': {
      const step = from(run, event.step, event, ['running'])
      // A no stops the step, and whoever resumes is asked again.
      return event.answer === false
        ? run
        : put(run, own, event.step, { ...step, ended: [...step.ended, event.op] })
    }
    case 'assumed': {
      const step = from(run, event.step, event, ['in-doubt'])
      if (event.done)
        return put(run, own, event.step, {
          ...closed(step),
          state: 'done',
          how: 'assumed',
          endedAt: event.at,
        })
      return put(run, own, event.step, { ...waiting, attempt: step.attempt, touched: step.touched })
    }
    case 'output':
    case 'waiting':
      from(run, event.step, event, ['running'])
      return run
    case 'step-done': {
      const step = from(run, event.step, event, ['waiting', 'running', 'in-doubt'])
      return put(run, own, event.step, { ...closed(step), state: 'done', how: event.how, endedAt: event.at })
    }
    case 'step-failed': {
      const step = from(run, event.step, event, ['waiting', 'running', 'in-doubt'])
      const state = unknownEnd(event.failure, step) ? 'in-doubt' : 'failed'
      // What a host refused to begin is not open.
      const before =
        event.failure.why === 'fenced'
          ? closed(step)
          : step.sent && state === 'in-doubt'
            ? arrived(step)
            : step
      return put(run, own, event.step, { ...before, state, failure: event.failure, endedAt: event.at })
    }
    case 'run-ended':
      return { ...run, outcome: event.outcome, ...(event.held && { held: event.held }) }
    default:
      throw new Error(`unknown event ${JSON.stringify(event satisfies never)}`)
  }
}

/** A step sent ahead that may have got to its host: its first op may have begun there. */
function arrived({ attempt, ended }: StepRun): StepRun {
  return { state: 'in-doubt', attempt: attempt + 1, ended, open: 0, touched: true }
}

function unfailed(step: StepRun): StepRun {
  const { open } = step
  return { ...closed(step), ...(open !== undefined && { open }) }
}

/** The step without its open op and without a failure. */
function closed(step: StepRun, endedWell: readonly number[] = []): StepRun {
  const { state, attempt, ended, touched, how, startedAt } = step
  return {
    state,
    attempt,
    ended: [...ended, ...endedWell],
    touched,
    ...(how && { how }),
    ...(startedAt !== undefined && { startedAt }),
  }
}

/** True when nobody can say whether the step's effects happened. A command that was killed may have got anywhere. */
function unknownEnd(failure: Failure, step: StepRun): boolean {
  if (failure.why === 'fenced') return step.ended.length > 0
  if (failure.why === 'in-doubt' || failure.why === 'timeout') return true
  if (failure.why !== 'unreachable' && failure.why !== 'unobservable' && failure.why !== 'interrupted')
    return false
  return step.open !== undefined || step.ended.length > 0 || step.sent === true
}

function from(run: Run, id: StepId, event: Event, states: readonly StepState[]): StepRun {
  const step = run.steps.get(id)
  if (!step) throw new Error(`${event.kind} names ${id}, which is no step of this plan`)
  if (!states.includes(step.state))
    throw new Error(`${event.kind} of ${id} cannot follow: the step is ${step.state}`)
  return step
}

function put(run: Run, own: Own, id: StepId, step: StepRun): Run {
  return { ...run, steps: own(run.steps).set(id, step) }
}
