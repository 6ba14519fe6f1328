import { type Paces, takesOf } from '../plan/pace.ts'
import type { Step, StepId } from '../plan/step.ts'

/** Seconds from the first step to the last one's end. */
export interface Estimate {
  readonly p50Seconds: number
  readonly p90Seconds: number
}

/**
 * How long the steps take together: they are put on their hosts and lanes in order, each as soon as what it needs has
 * ended and its host and lane are free. What quorums hold back is not counted, so it is the lower end of the truth.
 * `paces`: how long such steps took earlier; the catalog's own seconds stand for kinds that are not in it.
 */
export function estimate(steps: readonly Step[], paces?: Paces): Estimate {
  return {
    p50Seconds: makespan(steps, step => takesOf(step, paces).p50Seconds),
    p90Seconds: makespan(steps, step => takesOf(step, paces).p90Seconds),
  }
}

function makespan(steps: readonly Step[], takes: (step: Step) => number): number {
  const ended = new Map<StepId, number>()
  const free = new Map<string, number>()
  let last = 0
  for (const step of steps) {
    const places = [`host ${step.host}`, ...(step.lane === undefined ? [] : [`lane ${step.lane}`])]
    const start = Math.max(
      0,
      ...step.needs.map(id => ended.get(id) ?? 0),
      ...places.map(place => free.get(place) ?? 0),
    )
    const end = start + takes(step)
    ended.set(step.id, end)
    for (const place of places) free.set(place, end)
    last = Math.max(last, end)
  }
  return last
}
