import type { Digest, Plan, StepId } from '../plan/step.ts'
import type { Event, Failure, How, Outcome } from './event.ts'

export type StepState = 'waiting' | 'running' | 'done' | 'failed' | 'in-doubt'

/** What became of one step. */
export interface StepRun {
  readonly state: StepState
  /** How often it was begun with a known end before; names the jobs on the hosts. 0: never begun. */
  readonly attempt: number
  /** Ops of this attempt that are known to have ended with code 0. */
  readonly ended: readonly number[]
  /** Whether any op of this attempt may have reached a host. */
  readonly touched: boolean
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
  switch (event.kind) {
    case 'run-started': {
      // Whatever was begun and not ended is in doubt; what failed for a known reason may be tried again.
      const steps = new Map(run.steps)
      for (const [id, step] of steps) {
        if (step.state === 'running' || step.state === 'in-doubt')
          steps.set(id, { ...unfailed(step), state: 'in-doubt' })
        else if (step.state === 'failed') steps.set(id, { ...waiting, attempt: step.attempt })
      }
      return { id: run.id, plan: run.plan, steps }
    }
    case 'step-started': {
      const step = from(run, event.step, event, ['waiting', 'in-doubt', 'running'])
      const again = event.attempt === step.attempt
      return put(run, event.step, {
        state: 'running',
        attempt: event.attempt,
        ended: again ? step.ended : [],
        touched: again && step.touched,
        startedAt: step.startedAt ?? event.at,
      })
    }
    case 'op-started':
      return put(run, event.step, { ...from(run, event.step, event, ['running']), touched: true })
    case 'op-ended': {
      const step = from(run, event.step, event, ['running'])
      return event.code === 0 ? put(run, event.step, { ...step, ended: [...step.ended, event.op] }) : run
    }
    case 'output':
    case 'waiting':
    case 'answered':
      from(run, event.step, event, ['running'])
      return run
    case 'step-done': {
      const step = from(run, event.step, event, ['waiting', 'running', 'in-doubt'])
      return put(run, event.step, { ...unfailed(step), state: 'done', how: event.how, endedAt: event.at })
    }
    case 'step-failed': {
      const step = from(run, event.step, event, ['waiting', 'running', 'in-doubt'])
      const state = unknownEnd(event.failure, step) ? 'in-doubt' : 'failed'
      return put(run, event.step, { ...step, state, failure: event.failure, endedAt: event.at })
    }
    case 'run-ended':
      return { ...run, outcome: event.outcome }
    default:
      throw new Error(`unknown event ${JSON.stringify(event satisfies never)}`)
  }
}

function unfailed(step: StepRun): StepRun {
  const { state, attempt, ended, touched, how, startedAt } = step
  return { state, attempt, ended, touched, ...(how && { how }), ...(startedAt && { startedAt }) }
}

/** True when nobody can say whether the step's effects happened. */
function unknownEnd(failure: Failure, step: StepRun): boolean {
  if (failure.why === 'in-doubt') return true
  return (
    step.touched &&
    (failure.why === 'unreachable' || failure.why === 'unobservable' || failure.why === 'interrupted')
  )
}

function from(run: Run, id: StepId, event: Event, states: readonly StepState[]): StepRun {
  const step = run.steps.get(id)
  if (!step) throw new Error(`${event.kind} names ${id}, which is no step of this plan`)
  if (!states.includes(step.state))
    throw new Error(`${event.kind} of ${id} cannot follow: the step is ${step.state}`)
  return step
}

function put(run: Run, id: StepId, step: StepRun): Run {
  return { ...run, steps: new Map(run.steps).set(id, step) }
}
