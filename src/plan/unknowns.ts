import type { Outlook } from './preview.ts'
import type { FactRef, Plan, Step, StepId } from './step.ts'

/** A value that nobody can know when the plan is made. It is asked just before it is used, and never stored. */
export interface Unknown {
  readonly fact: string
  readonly host: string
  /** Dotted path into the answer. */
  readonly pick: string
  /** The step by whose end it is known at the latest. */
  readonly step: StepId
  /** 'while': the step that uses it brings it about itself. */
  readonly when: 'after' | 'while'
  /** Steps that use it, in order. */
  readonly usedBy: readonly StepId[]
}

/** What a machine tells of itself (its name) is there before any step. */
const MACHINE = 'os.'

/**
 * What becomes known only while the plan runs, by the order of its first use, with the step that makes it known: the one that uses it,
 * where its own goal is about that very question; else the first before it whose goal is; else the last before it whose goal is about the same
 * product on the same host. A value that no such step comes before is there to be asked already, and is no unknown.
 */
export function unknowns(plan: Plan, outlooks: readonly Outlook[]): readonly Unknown[] {
  const held = new Set(outlooks.filter(one => one.will === 'hold').map(one => one.step))
  const moving = plan.steps.filter(step => !held.has(step.id))
  const found = new Map<string, Unknown>()
  const there = new Set<string>()
  moving.forEach((step, i) => {
    for (const { ref, pick } of latesOf(step)) {
      const key = `${ref.fact}@${ref.host} ${pick}`
      const known = found.get(key)
      const source = known ?? sourceOf(ref, step, moving.slice(0, i))
      if (source === undefined) there.add(key)
      if (source === undefined || there.has(key)) continue
      const usedBy = [...(known?.usedBy ?? []), step.id]
      found.set(key, { fact: ref.fact, host: ref.host, pick, step: source.step, when: source.when, usedBy })
    }
  })
  return [...found.values()]
}

function sourceOf(
  { fact, host }: FactRef,
  user: Step,
  before: readonly Step[],
): Pick<Unknown, 'step' | 'when'> | undefined {
  const tells = (step: Step): boolean => step.goal.some(check => check.fact === fact && check.host === host)
  if (tells(user)) return { step: user.id, when: 'while' }
  const product = fact.slice(0, fact.indexOf('.') + 1)
  const concerns = (step: Step): boolean =>
    step.goal.some(check => check.fact.startsWith(product) && check.host === host)
  const source = before.find(tells) ?? (product === MACHINE ? undefined : before.findLast(concerns))
  return source && { step: source.id, when: 'after' }
}

/** The late values of a step's commands and files, each once. */
function latesOf(step: Step): readonly { readonly ref: FactRef; readonly pick: string }[] {
  const found = new Map<string, { readonly ref: FactRef; readonly pick: string }>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('pick' in value && 'fact' in value && typeof value.fact === 'object') {
      const { fact: ref, pick } = value as { readonly fact: FactRef; readonly pick: string }
      found.set(`${ref.fact}@${ref.host} ${pick}`, { ref, pick })
    }
    Object.values(value).forEach(visit)
  }
  visit(step.run)
  return [...found.values()]
}
