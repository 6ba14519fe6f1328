import { holds } from '../plan/check.ts'
import { factKey } from '../plan/fact.ts'
import type { Step } from '../plan/step.ts'
import type { Failure } from './event.ts'
import type { StepRun } from './fold.ts'
import { cameByItself } from './byItself.ts'
import { operate } from './operate.ts'
import { comesTrue, told } from './until.ts'
import { Stop, type Workplace, failureOf } from './workplace.ts'

/** How often one part of a run begins a step whose end nobody saw. */
const MOST_BEGINNINGS = 2

/**
 * Makes one step's goal hold, or records why not. Never throws for anything a host does.
 * The order is the safety: goal first (done is done), then `requires`, then the ops with their intent on record, then the goal
 * again. Nothing is done on an old answer, and nothing on one that could not be had.
 *
 * A step in doubt goes on where it was: its host says what became of the op that was open. Where the host cannot, the goal
 * gets its full time, since the effect may still be on its way; then the step is begun anew, or a person has to look.
 */
export async function perform(step: Step, before: StepRun, place: Workplace): Promise<void> {
  const { record, knowledge } = place
  try {
    // What held before we came is not our doing; what we began and now holds is.
    const how = before.touched ? 'changed' : 'already'
    if (step.goal.length > 0 && knowledge.sure(step.goal) && goalHolds(step, knowledge)) {
      record({ kind: 'step-done', step: step.id, how })
      return
    }
    const inDoubt = before.state === 'in-doubt'
    const { ended, open }: Pick<StepRun, 'ended' | 'open'> = inDoubt ? before : { ended: [] }
    const midway = open !== undefined || ended.some(op => !('ask' in (step.run[op] ?? {})))
    await told(midway ? step.goal : [...step.goal, ...step.requires], place)
    if (step.goal.length > 0 && goalHolds(step, knowledge)) {
      record({ kind: 'step-done', step: step.id, how })
      return
    }
    const attempt = inDoubt ? before.attempt : before.attempt + 1
    record({ kind: 'step-started', step: step.id, attempt })
    if (!midway && (await cameByItself(step, place))) {
      record({ kind: 'step-done', step: step.id, how })
      return
    }
    if (!midway) mustHold(step, place)
    await bringAbout(step, { attempt, ended, ...(open !== undefined && { open }) }, midway, place)
    record({ kind: 'step-done', step: step.id, how: 'changed' })
  } catch (error) {
    record({ kind: 'step-failed', step: step.id, failure: failureOf(error, step) })
  }
}

/** How far a step has come. */
type Progress = Pick<StepRun, 'attempt' | 'ended' | 'open'>

/**
 * Brings a step to its end that its host has begun already, from where it is. Never throws for anything a host does.
 */
export async function carryOn(step: Step, from: Progress, place: Workplace): Promise<void> {
  try {
    await bringAbout(step, from, true, place)
    place.record({ kind: 'step-done', step: step.id, how: 'changed' })
  } catch (error) {
    place.record({ kind: 'step-failed', step: step.id, failure: failureOf(error, step) })
  }
}

/** @throws Stop and what `failureOf` knows, unless the goal holds in the end */
async function bringAbout(step: Step, from: Progress, midway: boolean, place: Workplace): Promise<void> {
  const { record } = place
  let { attempt, ended, open } = from
  for (let beginnings = midway ? 0 : 1; ; beginnings += 1) {
    const unknown = await runOps(step, attempt, ended, open, place)
    const missing = await comesTrue(step, step.goal, step.withinSeconds, place)
    if (!unknown && missing) throw new Stop(missing)
    // Without a goal nothing can show that an op whose end nobody saw did its work.
    if (!unknown || (step.goal.length > 0 && !missing)) return
    if (step.inDoubt === 'ask' || beginnings >= MOST_BEGINNINGS) throw new Stop(unknown)
    await told(step.requires, place)
    attempt += 1
    ended = []
    open = undefined
    record({ kind: 'step-started', step: step.id, attempt })
    mustHold(step, place)
  }
}

/** As far as is known. */
export function goalHolds(step: Step, knowledge: Pick<Workplace['knowledge'], 'believed'>): boolean {
  return step.goal.every(check => holds(check, knowledge.believed()))
}

/** @throws Stop when a requirement, just asked, is not met */
function mustHold(step: Step, { knowledge }: Workplace): void {
  const facts = knowledge.believed()
  for (const check of step.requires) {
    if (holds(check, facts)) continue
    throw new Stop({
      why: 'diverged',
      check,
      seen: facts.get(factKey(check)) ?? null,
      detail: 'something this step needs is not as the plan expects, so it was not begun',
    })
  }
}

/** Runs the ops not yet known to have ended. Answers an in-doubt failure when nobody can say how an op ended. */
async function runOps(
  step: Step,
  attempt: number,
  ended: readonly number[],
  open: number | undefined,
  place: Workplace,
): Promise<Failure | undefined> {
  for (const [index, op] of step.run.entries()) {
    if (ended.includes(index)) continue
    const unknown = await operate(step, op, { attempt, op: index, begun: index === open }, place)
    if (unknown) return unknown
  }
  return undefined
}
