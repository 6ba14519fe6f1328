import type { Sample } from '../plan/pace.ts'
import type { Plan, StepId } from '../plan/step.ts'
import type { Event } from './event.ts'

/**
 * How long the steps of a run took that were begun once and ended well, as shares of what the plan took for typical. What held already,
 * failed, was begun again or was cut by the end of a part of the run says nothing of how long such a step takes.
 */
export function durations(plan: Plan, events: readonly Event[]): readonly Sample[] {
  const steps = new Map(plan.steps.map(step => [step.id, step]))
  const began = new Map<StepId, number>()
  const found: Sample[] = []
  for (const event of events) {
    if (event.kind === 'run-started') began.clear()
    else if (event.kind === 'step-started') {
      if (event.attempt === 1) began.set(event.step, Date.parse(event.at))
      else began.delete(event.step)
    } else if (event.kind === 'step-done') {
      const startedMs = began.get(event.step)
      const step = steps.get(event.step)
      if (event.how !== 'changed' || startedMs === undefined || !step || step.takes.p50Seconds <= 0) continue
      const seconds = (Date.parse(event.at) - startedMs) / 1000
      if (seconds >= 0) found.push({ kind: step.kind, share: seconds / step.takes.p50Seconds })
    }
  }
  return found
}
