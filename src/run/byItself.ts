import { holds } from '../plan/check.ts'
import type { Step } from '../plan/step.ts'
import { comesTrue, told } from './until.ts'
import type { Workplace } from './workplace.ts'

/** A controller whose engine has just started, or a server that has just come back, is seen to serve within this time. */
const BY_ITSELF_SECONDS = 180

/**
 * Where all that is missing of a goal is what may come true by itself (`mayFollow`), it gets its time to. Answers whether the goal holds
 * then; when it does not, goal and requirements have been asked once more. @throws Stop and Unreachable as `told` does
 */
export async function cameByItself(step: Step, place: Workplace): Promise<boolean> {
  const { mayFollow, goal, requires, withinSeconds } = step
  if (mayFollow === undefined) return false
  const known = place.knowledge.believed()
  const missing = goal.filter(check => !holds(check, known))
  const may = new Set(mayFollow.checks.map(check => JSON.stringify(check)))
  if (!missing.every(check => may.has(JSON.stringify(check)))) return false
  if (!(await comesTrue(step, goal, Math.min(withinSeconds, BY_ITSELF_SECONDS), place))) return true
  await told([...goal, ...requires], place)
  return goal.every(check => holds(check, place.knowledge.believed()))
}
