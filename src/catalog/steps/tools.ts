import type * as Cel from '@marcbachmann/cel-js'
import type * as Liquid from 'liquidjs'

/** The two interpreters that own steps need: 50 ms to load, so only playbooks with steps pay for them. */
export interface StepTools {
  readonly cel: typeof Cel
  readonly liquid: typeof Liquid
}

let loaded: StepTools | undefined

/** Loads them, once. To be awaited before a playbook with `steps` is checked or compiled. */
export async function loadStepTools(): Promise<void> {
  loaded ??= { cel: await import('@marcbachmann/cel-js'), liquid: await import('liquidjs') }
}

/** Whether `loadStepTools` has been awaited. */
export function hasStepTools(): boolean {
  return loaded !== undefined
}

/** @throws Error when they were not loaded: a mistake in the code */
export function stepTools(): StepTools {
  if (loaded === undefined) throw new Error('a playbook with steps needs loadStepTools() first')
  return loaded
}
