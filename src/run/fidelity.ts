import type { Outlook } from '../plan/preview.ts'
import { showOp } from '../plan/show.ts'
import type { HostName, Plan } from '../plan/step.ts'
import type { Event } from './event.ts'

/** One command or file, as planned or as it was begun. */
export interface Deed {
  readonly step: string
  readonly op: number
  readonly host: HostName
  readonly shown: string
}

/** How well a run kept to its plan. `asPlanned` of `planned`; the two lists say what the difference is. */
export interface Fidelity {
  readonly planned: number
  readonly asPlanned: number
  /** Planned, and not begun: the run ended before, or the goal held sooner than was expected. */
  readonly missing: readonly Deed[]
  /** Begun, and not planned so. */
  readonly unplanned: readonly Deed[]
  /** Steps that the plan said are needed only if something does not come true by itself: how many were begun, how many held without. */
  readonly ifNeeded: { readonly begun: number; readonly spared: number }
  /** Deeds that were begun anew because nobody saw how they ended. */
  readonly repeated: number
}

/**
 * Compares the commands a run began with those of its plan. A step the outlook could not tell (`depend`) is planned when
 * it was begun. Without outlooks (a run read back) each step that was begun counts as planned.
 */
export function fidelity(plan: Plan, events: readonly Event[], outlooks?: readonly Outlook[]): Fidelity {
  const begun = new Map<string, Deed>()
  let repeated = 0
  for (const event of events) {
    if (event.kind !== 'op-started') continue
    const { step, op, host, shown } = event
    const key = keyOf({ step, op, host, shown })
    if (begun.has(key)) repeated += 1
    begun.set(key, { step, op, host, shown })
  }
  const touched = new Set([...begun.values()].map(deed => deed.step))
  const will = new Map(outlooks?.map(outlook => [outlook.step, outlook.will]))
  const ifNeeded = (outlooks ?? []).filter(outlook => outlook.after !== undefined)
  const needed = ifNeeded.filter(outlook => touched.has(outlook.step)).length
  // What the run did not come to was neither needed nor spared.
  const held = new Set(events.flatMap(one => (one.kind === 'step-done' ? [one.step] : [])))
  const spared = ifNeeded.filter(({ step }) => held.has(step) && !touched.has(step)).length
  const planned = plan.steps
    .filter(step => {
      const said = will.get(step.id) ?? 'depend'
      return said === 'run' || (said === 'depend' && touched.has(step.id))
    })
    .flatMap(step =>
      step.run.flatMap((op, index): Deed[] =>
        'await' in op || 'ask' in op
          ? []
          : [{ step: step.id, op: index, host: op.on ?? step.host, shown: showOp(op) }],
      ),
    )
  const wanted = new Set(planned.map(keyOf))
  const missing = planned.filter(deed => !begun.has(keyOf(deed)))
  return {
    planned: planned.length,
    asPlanned: planned.length - missing.length,
    missing,
    unplanned: [...begun].filter(([key]) => !wanted.has(key)).map(([, deed]) => deed),
    ifNeeded: { begun: needed, spared },
    repeated,
  }
}

function keyOf({ step, op, host, shown }: Deed): string {
  return JSON.stringify([step, op, host, shown])
}
