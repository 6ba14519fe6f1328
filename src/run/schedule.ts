import { holds } from '../plan/check.ts'
import { type Facts, factKey } from '../plan/fact.ts'
import { project } from '../plan/project.ts'
import { tally } from '../plan/quorum.ts'
import type { HostName, Op, Plan, Step } from '../plan/step.ts'
import type { Held } from './event.ts'
import type { Run } from './fold.ts'
import type { Knowledge } from './knowledge.ts'

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
  if (step.during.length === 0 || idle) return undefined
  const othersDuring = underWay.flatMap(other => other.during)
  const guessed = new Set([...othersDuring, ...step.during].map(factKey).filter(key => !believed.has(key)))
  const others: Facts = project(believed, othersDuring)
  const together: Facts = project(others, step.during)
  for (const quorum of plan.quorums) {
    const now = tally(quorum, others, guessed)
    const then = tally(quorum, together, guessed)
    if (now.members === 0 || then.spare >= 0 || then.spare >= now.spare) continue
    if (now.spare === 0 && now.up === now.members && then.up === now.up - 1) continue
    return { step: step.id, quorum: quorum.name, up: then.up, members: then.members }
  }
  return undefined
}
