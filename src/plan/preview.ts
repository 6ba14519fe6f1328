import { canonical } from './canonical.ts'
import { contradicts, holds } from './check.ts'
import { type Facts, factKey } from './fact.ts'
import { project, projectInto } from './project.ts'
import { type Margin, margins } from './quorum.ts'
import type { Check, HostName, Plan, Step, StepId } from './step.ts'

/** What a step will do, as far as can be told before anything runs. */
export interface Outlook {
  readonly step: StepId
  /** 'depend': some of its goal could not be seen and no earlier step decides it, or it may come true `after` others. */
  readonly will: 'run' | 'hold' | 'depend'
  /** Only of 'depend': what is missing now may come true by itself when these steps have run, and then this one is not needed. */
  readonly after?: readonly StepId[]
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
  const moving: Step[] = []
  return plan.steps.map(step => {
    const { will: needed, decided } = outlook(step, expected, guessed)
    const after = needed === 'run' ? causes(step, decided, moving) : []
    const will = after.length > 0 ? 'depend' : needed
    if (will !== 'hold') moving.push(step)
    if (will !== 'hold') guess([...step.during, ...step.goal])
    const lowest = margins(plan.quorums, will === 'hold' ? expected : project(expected, step.during), guessed)
    if (will !== 'hold') projectInto(expected, step.goal)
    return {
      step: step.id,
      will,
      ...(after.length > 0 && { after }),
      lowest,
      margins: margins(plan.quorums, expected, guessed),
    }
  })
}

/** The earlier steps that may make what is missing of this one's goal come true on their way, by its own word (`mayFollow`). */
function causes({ mayFollow }: Step, missing: readonly Check[], moving: readonly Step[]): readonly StepId[] {
  if (mayFollow === undefined) return []
  const may = new Set(mayFollow.checks.map(words))
  if (!missing.every(check => may.has(words(check)))) return []
  return moving.filter(one => places(one).some(host => mayFollow.hosts.includes(host))).map(one => one.id)
}

function words(check: Check): string {
  return `${factKey(check)} ${canonical(check.is)}`
}

/** Where a step does something, or brings something about. */
function places({ host, run, goal }: Step): readonly HostName[] {
  return [host, ...run.flatMap(op => ('on' in op ? [op.on ?? host] : [])), ...goal.map(check => check.host)]
}

/** What is known to be missing of a step's goal; 'depend' where it could not be seen. */
function outlook(
  step: Step,
  expected: Facts,
  guessed: ReadonlySet<string>,
): { readonly will: Outlook['will']; readonly decided: readonly Check[] } {
  const missing = step.goal.filter(check => !holds(check, expected))
  const decided = missing.filter(check => {
    const key = factKey(check)
    return guessed.has(key) ? contradicts(check.is, expected.get(key)) : expected.has(key)
  })
  if (step.goal.length === 0) return { will: 'run', decided }
  return { will: missing.length === 0 ? 'hold' : decided.length > 0 ? 'run' : 'depend', decided }
}
