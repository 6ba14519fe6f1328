import { factKey } from './fact.ts'
import type { Check, FactRef, Plan } from './step.ts'

/** Every question the plan's own checks ask, each once, in a stable order. Late values are not among them. */
export function asked(plan: Pick<Plan, 'steps' | 'quorums'>): readonly FactRef[] {
  const checks: Check[] = []
  for (const step of plan.steps) checks.push(...step.goal, ...step.requires)
  for (const quorum of plan.quorums) for (const voter of quorum.voters) checks.push(voter.member, voter.up)
  return unique(checks)
}

/** The same questions without doubles; `is` is left out. */
export function unique(refs: readonly FactRef[]): readonly FactRef[] {
  const seen = new Map<string, FactRef>()
  for (const { fact, host, args } of refs) {
    const ref: FactRef = args === undefined ? { fact, host } : { fact, host, args }
    seen.set(factKey(ref), ref)
  }
  return [...seen.values()]
}
