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
    if (step.goal.length > 0 && knowledge.sure(step.goal) && goalHolds(step, place)) {
      record({ kind: 'step-done', step: step.id, how })
      return
    }
    const inDoubt = before.state === 'in-doubt'
    let { ended, open }: Pick<StepRun, 'ended' | 'open'> = inDoubt ? before : { ended: [] }
    const midway = open !== undefined || ended.some(op => !('ask' in (step.run[op] ?? {})))
    await told(midway ? step.goal : [...step.goal, ...step.requires], place)
    if (step.goal.length > 0 && goalHolds(step, place)) {
      record({ kind: 'step-done', step: step.id, how })
      return
    }
    let attempt = inDoubt ? before.attempt : before.attempt + 1
    record({ kind: 'step-started', step: step.id, attempt })
    if (!midway && (await cameByItself(step, place))) {
      record({ kind: 'step-done', step: step.id, how })
      return
    }
    if (!midway) mustHold(step, place)
    for (let beginnings = midway ? 0 : 1; ; beginnings += 1) {
      const unknown = await runOps(step, attempt, ended, open, place)
      const missing = await comesTrue(step, step.goal, step.withinSeconds, place)
      if (!unknown && missing) throw new Stop(missing)
      // Without a goal nothing can show that an op whose end nobody saw did its work.
      if (!unknown || (step.goal.length > 0 && !missing)) break
      if (step.inDoubt === 'ask' || beginnings >= MOST_BEGINNINGS) throw new Stop(unknown)
      await told(step.requires, place)
      attempt += 1
      ended = []
      open = undefined
      record({ kind: 'step-started', step: step.id, attempt })
      mustHold(step, place)
    }
    record({ kind: 'step-done', step: step.id, how: 'changed' })
  } catch (error) {
    record({ kind: 'step-failed', step: step.id, failure: failureOf(error, step) })
  }
}

function goalHolds(step: Step, { knowledge }: Workplace): boolean {
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
