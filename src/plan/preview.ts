import { holds } from './check.ts'
import { type Facts, factKey } from './fact.ts'
import { project } from './project.ts'
import { type Margin, margins } from './quorum.ts'
import type { Plan, StepId } from './step.ts'

/** What a step will do, as far as can be told before anything runs. */
export interface Outlook {
  readonly step: StepId
  /** 'depend': some of its goal could not be seen and no earlier step decides it. */
  readonly will: 'run' | 'hold' | 'depend'
  /** Every quorum while the step runs. */
  readonly lowest: { readonly [quorum: string]: Margin }
  /** Every quorum after the step. */
  readonly margins: { readonly [quorum: string]: Margin }
}

/** The dry-run: folds the goals over the facts. Pure; needs no host; right on a bare estate too. */
export function preview(plan: Plan, facts: Facts): readonly Outlook[] {
  let expected = facts
  return plan.steps.map(step => {
    const missing = step.goal.filter(check => !holds(check, expected))
    const will =
      missing.length === 0 && step.goal.length > 0
        ? 'hold'
        : step.goal.length === 0 || missing.some(check => expected.has(factKey(check)))
          ? 'run'
          : 'depend'
    const lowest = margins(plan.quorums, will === 'hold' ? expected : project(expected, step.during))
    if (will !== 'hold') expected = project(expected, step.goal)
    return { step: step.id, will, lowest, margins: margins(plan.quorums, expected) }
  })
}
