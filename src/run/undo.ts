import type { Plan, Step } from '../plan/step.ts'
import type { Run } from './fold.ts'

/** The way back from a run, as far as there is one. */
export interface WayBack {
  /** Undoes what the run changed, the last first. Executed like any plan. */
  readonly plan: Plan
  /** The step that nothing undoes, where the way back ends. Undefined: it goes back to the beginning. */
  readonly noReturn?: Step
}

/**
 * The undos of the steps that a run may have changed anything by, in reverse, down to the first that has none.
 * What the run found as it should be is not its doing, and stays. A step that failed half-way or is in doubt counts as one that
 * changed something: its undo has a goal, so where there is nothing to undo, nothing is done. Pure.
 */
export function wayBack(plan: Plan, run: Run): WayBack {
  const touched = plan.steps
    .filter(step => {
      const state = run.steps.get(step.id)
      return state !== undefined && (state.touched || state.sent === true) && state.how !== 'already'
    })
    .reverse()
    .sort((a, b) => endedAt(run, b) - endedAt(run, a))
  const last = touched.findIndex(step => step.undo === undefined)
  const undone = last === -1 ? touched : touched.slice(0, last)
  const steps = undone.map((step, i): Step => {
    const { undo } = step
    const before = undone[i - 1]
    return {
      id: `undo:${step.id}`,
      kind: step.kind,
      title: `Undo: ${step.title}`,
      section: step.section,
      host: step.host,
      needs: before === undefined ? [] : [`undo:${before.id}`],
      requires: [],
      during: step.during,
      risk: step.risk === 'none' ? 'none' : 'interrupts',
      inDoubt: step.inDoubt,
      ...(step.lane !== undefined && { lane: step.lane }),
      takes: step.takes,
      goal: undo?.goal ?? [],
      run: undo?.run ?? [],
      withinSeconds: undo?.withinSeconds ?? 0,
    }
  })
  const noReturn = touched[last]
  return { plan: { ...plan, steps }, ...(noReturn && { noReturn }) }
}

/** When a step came to its end; one that did not is the newest. */
function endedAt(run: Run, step: Step): number {
  const at = run.steps.get(step.id)?.endedAt
  return at === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(at)
}
