import { holds } from './check.ts'
import { type Facts, factKey } from './fact.ts'
import type { Step } from './step.ts'

/** What a step does to what is there, in the words of a merge request's summary. */
export type Action = 'create' | 'update' | 'delete'

/**
 * 'create': nothing of its goal is there yet. 'delete': its goal is that something is not there. Else, and for what could
 * not be seen, 'update': it is the cautious word of the three.
 */
export function actionOf(step: Step, facts: Facts): Action {
  const missing = step.goal.filter(check => !holds(check, facts))
  if (missing.length === 0) return 'update'
  if (missing.every(check => check.is === null)) return 'delete'
  return missing.every(check => facts.get(factKey(check)) === null) ? 'create' : 'update'
}
