import type { Facts } from '../../plan/fact.ts'
import { holds } from '../../plan/check.ts'
import { project } from '../../plan/project.ts'
import type { Step } from '../../plan/step.ts'
import { type Operation, type Verdict, allowed, wordFor } from './verdict.ts'
import type { Intent } from './intent.ts'
import { isObject } from '../os/text.ts'

/** A step that the verdict at its point of the plan does not allow. */
export interface Forbidden {
  readonly step: Step
  readonly operation: Operation
  readonly verdict: Verdict
}

/**
 * Walks a plan's steps over what was seen, keeps count of members as each step leaves them, and holds every step against the table of
 * operations at that point. Pure.
 */
export function forbidden(steps: readonly Step[], intent: Intent, facts: Facts): readonly Forbidden[] {
  const { census, diagnosis } = intent
  const state = new Map(census.members.map(one => [one.id, one.state]))
  const count = (): Verdict =>
    wordFor(
      state.size,
      [...state.values()].filter(one => one === 'healthy').length,
      [...state.values()].filter(one => one === 'ghost').length,
    )
  const found: Forbidden[] = []
  let expected = facts
  let verdict = diagnosis.verdict
  for (const step of steps) {
    const idle = step.goal.length > 0 && step.goal.every(check => holds(check, expected))
    const what = operationOf(step, state)
    if (what === undefined || idle) continue
    const { operation, id } = what
    if (!allowed[verdict].includes(operation)) found.push({ step, operation, verdict })
    expected = project(expected, step.goal)
    if (id !== undefined) {
      // All others are dropped with it.
      if (operation === 'emergency-repair') state.clear()
      if (
        operation === 'emergency-repair' ||
        operation === 'install' ||
        operation === 'join' ||
        operation === 'start'
      )
        state.set(id, 'healthy')
      if (operation === 'remove-failed' || operation === 'remove-healthy') state.delete(id)
    }
    // What nobody named before answers once it has been started: from then on only the run itself can tell.
    verdict = state.size === 0 && operation === 'start' ? 'healthy' : count()
    if (verdict === 'none') verdict = diagnosis.verdict
  }
  return found
}

function operationOf(
  step: Step,
  state: ReadonlyMap<string, string>,
): { readonly operation: Operation; readonly id?: string } | undefined {
  const id = step.kind === 'dtr.remove' ? step.id.split(':').at(-1) : replicaOf(step)
  const named = id === undefined ? {} : { id }
  switch (step.kind) {
    case 'dtr.install':
      return { operation: 'install', ...named }
    case 'dtr.start':
      return { operation: 'start', ...named }
    case 'dtr.repair':
      return { operation: 'emergency-repair', ...named }
    case 'dtr.join':
      return { operation: 'join', ...named }
    case 'dtr.remove':
      return { operation: state.get(id ?? '') === 'healthy' ? 'remove-healthy' : 'remove-failed', ...named }
    case 'dtr.destroy':
      return { operation: 'destroy' }
    case 'dtr.upgrade':
      return { operation: 'upgrade' }
    case 'dtr.reconfigure':
      return { operation: 'reconfigure' }
  }
  return undefined
}

/** The replica a step brings up: the id in what its host shall carry. */
function replicaOf({ goal }: Step): string | undefined {
  const carried = goal.find(check => check.fact === 'dtr.replica')?.is
  return isObject(carried) ? Object.keys(carried)[0] : undefined
}
