import type { Step, StepId } from './step.ts'

/**
 * Steps in an order that respects `needs`, as near to the given order as that allows.
 * @throws when an id stands twice, a need names no step, or needs go in a circle: each is a mistake in the catalog
 */
export function order(steps: readonly Step[]): readonly Step[] {
  const byId = new Map<StepId, Step>()
  for (const step of steps) {
    if (byId.has(step.id)) throw new Error(`two steps have the id ${step.id}`)
    byId.set(step.id, step)
  }
  const sorted: Step[] = []
  const done = new Set<StepId>()
  const open: StepId[] = []
  const visit = (step: Step): void => {
    if (done.has(step.id)) return
    if (open.includes(step.id)) throw new Error(`needs go in a circle: ${[...open, step.id].join(' → ')}`)
    open.push(step.id)
    for (const need of step.needs) {
      const needed = byId.get(need)
      if (!needed) throw new Error(`${step.id} needs ${need}, which is no step`)
      visit(needed)
    }
    open.pop()
    done.add(step.id)
    sorted.push(step)
  }
  for (const step of steps) visit(step)
  return sorted
}
