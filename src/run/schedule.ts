import { holds } from '../plan/check.ts'
import { broken } from '../plan/majority.ts'
import type { HostName, Op, Plan, Step } from '../plan/step.ts'
import type { Held } from './event.ts'
import type { Run } from './fold.ts'
import type { Knowledge } from './knowledge.ts'

/** Groups whose majority somebody gave away, for the record. */
export function overridesOf({ quorums }: Plan): {
  readonly overrides?: readonly { readonly quorum: string; readonly reason: string }[]
} {
  const overrides = quorums.flatMap(({ name, mayBreak }) =>
    mayBreak === undefined ? [] : [{ quorum: name, reason: mayBreak }],
  )
  return overrides.length === 0 ? {} : { overrides }
}

/** True when all it needs is done, and no step that is or may be under way has its hosts or its lane. */
export function ready(step: Step, run: Run, underWay: readonly Step[]): boolean {
  if (!step.needs.every(need => run.steps.get(need)?.state === 'done')) return false
  const own = hostsOf(step)
  return underWay.every(
    other =>
      (other.lane === undefined || other.lane !== step.lane) &&
      !hostsOf(other).some(host => own.includes(host)),
  )
}

function hostsOf(step: Step): readonly HostName[] {
  const on = (op: Op): readonly HostName[] =>
    'await' in op || 'ask' in op || op.on === undefined ? [] : [op.on]
  return [step.host, ...step.run.flatMap(on)]
}

/**
 * The first group that would lose its majority, or be worse off without one, while this step runs beside those under way.
 * Undefined: the step may begin. A group nobody belongs to yet has nothing to lose. A group of one or two that is whole can never
 * spare a member, so holding back would be for ever: there one may go at a time, and the preview has said so.
 */
export function heldBy(
  step: Step,
  underWay: readonly Step[],
  plan: Plan,
  knowledge: Pick<Knowledge, 'believed' | 'sure'>,
): Held | undefined {
  const believed = knowledge.believed()
  const idle =
    step.goal.length > 0 && knowledge.sure(step.goal) && step.goal.every(check => holds(check, believed))
  if (idle) return undefined
  const othersDuring = underWay.flatMap(other => other.during)
  const found = broken(step, othersDuring, plan.quorums, believed).find(
    // What a person has agreed to happens alone.
    ({ quorum }) => quorum.mayBreak === undefined || othersDuring.length > 0,
  )
  return found && { step: step.id, quorum: found.quorum.name, up: found.up, members: found.members }
}
