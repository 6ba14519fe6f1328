import { contradicts, holds } from './check.ts'
import { type Facts, factKey } from './fact.ts'
import { project, projectInto } from './project.ts'
import { type Margin, margins } from './quorum.ts'
import type { Check, Plan, Step, StepId } from './step.ts'

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

/**
 * The dry-run: folds the goals over the facts. Pure; needs no host; right on a bare estate too.
 * What could not be seen stays unknown except where an earlier step decides it.
 */
export function preview(plan: Plan, facts: Facts): readonly Outlook[] {
  const expected = new Map(facts)
  const guessed = new Set<string>()
  const guess = (checks: readonly Check[]): void => {
    for (const key of checks.map(factKey)) if (!facts.has(key)) guessed.add(key)
  }
  return plan.steps.map(step => {
    const will = outlook(step, expected, guessed)
    if (will !== 'hold') guess([...step.during, ...step.goal])
    const lowest = margins(plan.quorums, will === 'hold' ? expected : project(expected, step.during), guessed)
    if (will !== 'hold') projectInto(expected, step.goal)
    return { step: step.id, will, lowest, margins: margins(plan.quorums, expected, guessed) }
  })
}

function outlook(step: Step, expected: Facts, guessed: ReadonlySet<string>): Outlook['will'] {
  const missing = step.goal.filter(check => !holds(check, expected))
  if (step.goal.length === 0) return 'run'
  if (missing.length === 0) return 'hold'
  const decided = missing.some(check => {
    const key = factKey(check)
    return guessed.has(key) ? contradicts(check.is, expected.get(key)) : expected.has(key)
  })
  return decided ? 'run' : 'depend'
}
