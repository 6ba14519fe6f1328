import { describe, expect, it } from 'vitest'
import { digest } from '../../src/plan/canonical.ts'
import type { Plan, Step } from '../../src/plan/step.ts'
import type { Event } from '../../src/run/event.ts'
import { fold, fresh } from '../../src/run/fold.ts'
import { wayBack } from '../../src/run/undo.ts'
import { toyPlan } from '../toy.ts'

const made = toyPlan(['a', 'b', 'c'])
const undoOf = (step: Step): Step => ({
  ...step,
  undo: {
    goal: [{ ...(step.goal[0] ?? { fact: '', host: '', is: null }), is: null }],
    run: [],
    withinSeconds: 9,
  },
})
const all: Plan = { ...made, steps: made.steps.slice(0, 3).map(undoOf) }
const [first = '', second = '', third = ''] = all.steps.map(step => step.id)

let second_ = 0
const at = (): string => new Date(Date.UTC(2026, 0, 1) + 1000 * ++second_).toISOString()
const done = (step: string, how: 'changed' | 'already' = 'changed'): Event[] => [
  ...(how === 'already'
    ? []
    : ([
        { at: at(), kind: 'step-started', step, attempt: 1 },
        { at: at(), kind: 'op-started', step, op: 0, host: 'a', shown: 'x' },
        { at: at(), kind: 'op-ended', step, op: 0, code: 0 },
      ] as Event[])),
  { at: at(), kind: 'step-done', step, how },
]
const after = (plan: Plan, ...events: Event[]) => {
  const started: Event = {
    at: at(),
    kind: 'run-started',
    run: 'R',
    plan: digest(plan),
    name: 'toy',
    steps: 3,
    resumed: false,
  }
  return wayBack(plan, [started, ...events].reduce(fold, fresh('R', plan, digest(plan))))
}

describe('the way back', () => {
  it('goes through what was changed, the last first, each after the one before', () => {
    const { plan, noReturn } = after(all, ...done(first), ...done(second, 'already'), ...done(third))
    expect(noReturn).toBeUndefined()
    expect(plan.steps.map(step => [step.id, step.needs])).toEqual([
      [`undo:${third}`, []],
      [`undo:${first}`, [`undo:${third}`]],
    ])
    expect(plan.steps[0]?.goal[0]?.is).toBeNull()
  })

  it('ends at the first step that nothing undoes, also when more could be undone behind it', () => {
    const plan = { ...all, steps: [all.steps[0], made.steps[1], all.steps[2]] as Step[] }
    const back = after(plan, ...done(first), ...done(second), ...done(third))
    expect(back.plan.steps.map(step => step.id)).toEqual([`undo:${third}`])
    expect(back.noReturn?.id).toBe(second)
  })

  it('begins with a step that was begun and did not end', () => {
    const begun = done(second).slice(0, 2)
    expect(after(all, ...done(first), ...begun).plan.steps.map(step => step.id)).toEqual([
      `undo:${second}`,
      `undo:${first}`,
    ])
  })

  it('is empty where nothing was changed', () => {
    expect(after(all, ...done(first, 'already'))).toMatchObject({ plan: { steps: [] } })
  })
})
