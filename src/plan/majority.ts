import { holds } from './check.ts'
import { type Facts, factKey } from './fact.ts'
import type { RulePage } from './finding.ts'
import { preview } from './preview.ts'
import { project, projectInto } from './project.ts'
import { tally } from './quorum.ts'
import type { Plan, Quorum, Step, StepId } from './step.ts'

/** The code whose acceptance says: a group may be without its majority meanwhile. */
export const BREAKS = 'RB0868'

export const majorityPages: readonly RulePage[] = [
  {
    code: BREAKS,
    severity: 'error',
    title: 'A step would cost a group its majority',
    acceptable: true,
    why: 'While it runs, fewer than a majority of the group would be up: the group stops serving, and what is written to it at that moment can be lost. A group of one or two that is whole cannot be changed otherwise, so there the plan only prints the margin; here a member is down already.',
    fix: 'Bring the member back first. Where that cannot be, override it: accept this finding with your reason (`accept: [{code: RB0868, reason: …}]`). The step then runs alone; plan, journal and report name the reason.',
  },
]

/** A group that would lose its majority, and how it would stand then. */
export interface Broken {
  readonly quorum: Quorum
  readonly up: number
  readonly members: number
}

/**
 * The groups that would lose their majority, or be worse off without one, while this step runs beside others. A group nobody belongs to yet
 * has nothing to lose. A group of one or two that is whole can never spare a member: there one may go at a time, and the preview says so.
 * @param others what holds while the other steps run
 */
export function broken(
  step: Pick<Step, 'during'>,
  others: Step['during'],
  quorums: readonly Quorum[],
  believed: Facts,
): readonly Broken[] {
  if (step.during.length === 0) return []
  const guessed = new Set([...others, ...step.during].map(factKey).filter(key => !believed.has(key)))
  const before = project(believed, others)
  const together = project(before, step.during)
  return quorums.flatMap((quorum): readonly Broken[] => {
    const now = tally(quorum, before, guessed)
    const then = tally(quorum, together, guessed)
    if (now.members === 0 || then.spare >= 0 || then.spare >= now.spare) return []
    if (now.spare === 0 && now.up === now.members && then.up === now.up - 1) return []
    return [{ quorum, up: then.up, members: then.members }]
  })
}

/** Steps of a plan that would cost a group its majority at their time even if they ran alone, each with the groups. Pure. */
export function breaking(
  plan: Plan,
  facts: Facts,
): readonly { readonly step: StepId; readonly groups: readonly Broken[] }[] {
  const outlooks = new Map(preview(plan, facts).map(one => [one.step, one.will]))
  const expected = new Map(facts)
  return plan.steps.flatMap(step => {
    if (
      outlooks.get(step.id) === 'hold' ||
      (step.goal.length > 0 && step.goal.every(check => holds(check, expected)))
    )
      return []
    const groups = broken(step, [], plan.quorums, expected)
    projectInto(expected, step.goal)
    return groups.length === 0 ? [] : [{ step: step.id, groups }]
  })
}
