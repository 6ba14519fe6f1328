import type { Command, Op, Step, StepId, Value } from '../plan/step.ts'
import type { Run } from './fold.ts'
import type { World } from './world.ts'

/** An op that takes longer than this at most is a job of its own, which outlives every line and login. */
export const SHORT_SECONDS = 30
/** So many steps go in one message at most: so much has to be asked about after a crash, and so long a stop waits. */
const MOST_STEPS = 100

/**
 * The steps that can be sent to the host of the first in one message, it among them; none when it cannot. They are those that stand next
 * to it on its host, in the order of the plan, up to the first that has to be performed by itself.
 *
 * A step can go so when its host alone can tell whether it may begin and whether it is done, nothing in it has to be asked for first,
 * its effects are short, may be repeated, and touch that host alone, and no group or lane depends on when it runs.
 */
export function together(
  first: Step,
  waiting: Iterable<Step>,
  run: Run,
  world: Pick<World, 'facts'>,
  isAlone: (step: StepId) => boolean,
): readonly Step[] {
  const chosen: Step[] = []
  const ids = new Set<StepId>()
  let isPast = false
  for (const step of waiting) {
    isPast ||= step === first
    if (!isPast || step.host !== first.host) continue
    const fits =
      run.steps.get(step.id)?.state === 'waiting' &&
      !isAlone(step.id) &&
      step.needs.every(need => ids.has(need) || run.steps.get(need)?.state === 'done') &&
      mayGoAhead(step, world)
    if (!fits || chosen.length === MOST_STEPS) break
    chosen.push(step)
    ids.add(step.id)
  }
  return chosen
}

function mayGoAhead(step: Step, { facts }: Pick<World, 'facts'>): boolean {
  const { host, goal, requires } = step
  return (
    step.lane === undefined &&
    step.during.length === 0 &&
    step.inDoubt === 'repeat' &&
    goal.length > 0 &&
    step.run.length > 0 &&
    step.run.every(op => isShort(op, host)) &&
    [...goal, ...requires].every(check => {
      const fact = facts.get(check.fact)
      return check.host === host && !fact?.secret && fact?.tells?.(check.args, check.is) !== undefined
    })
  )
}

function isShort(op: Op, host: string): boolean {
  if ('exec' in op) {
    return (
      (op.on ?? host) === host &&
      op.timeoutSeconds <= SHORT_SECONDS &&
      op.failsOn === undefined &&
      valuesOf(op.exec).every(isAtHand)
    )
  }
  return 'write' in op && (op.on ?? host) === host && isAtHand(op.content)
}

function valuesOf({ argv, stdin, env }: Command): readonly Value[] {
  return [...argv, ...(stdin === undefined ? [] : [stdin]), ...Object.values(env ?? {})]
}

/** The controller has it, or can have it without asking a host. */
function isAtHand(value: Value): boolean {
  if (typeof value === 'string') return true
  if ('join' in value) return value.join.every(isAtHand)
  if ('json' in value) return isAtHand(value.json)
  return !('fact' in value)
}
