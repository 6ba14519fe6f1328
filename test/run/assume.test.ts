import { describe, expect, it } from 'vitest'
import { digest } from '../../src/plan/canonical.ts'
import type { Event } from '../../src/run/event.ts'
import { fold, fresh } from '../../src/run/fold.ts'
import { toyPlan } from '../toy.ts'

const plan = toyPlan(['a'])
const step = plan.steps[0]?.id ?? ''
const at = '2026-01-01T00:00:00.000Z'
const started: Event = {
  at,
  kind: 'run-started',
  run: 'R',
  plan: digest(plan),
  name: 'toy',
  steps: 2,
  resumed: false,
}
const doubt: Event[] = [
  started,
  { at, kind: 'step-started', step, attempt: 1 },
  { at, kind: 'op-started', step, op: 0, host: 'a', shown: 'x' },
  { ...started, resumed: true },
]
const after = (...events: Event[]) => events.reduce(fold, fresh('R', plan, digest(plan))).steps.get(step)

describe('what a person says about a step in doubt', () => {
  it('done: it is done, and the report says on whose word', () => {
    const seen = after(...doubt, { at, kind: 'assumed', step, done: true, by: 'me' })
    expect(seen).toMatchObject({ state: 'done', how: 'assumed', touched: true })
    expect(seen).not.toHaveProperty('open')
  })
  it('not done: it is begun anew, under a new name', () => {
    const seen = after(...doubt, { at, kind: 'assumed', step, done: false, by: 'me' })
    expect(seen).toMatchObject({ state: 'waiting', attempt: 1, touched: true })
    expect(seen).not.toHaveProperty('open')
  })
  it('is refused about a step that is in no doubt', () => {
    expect(() => after(started, { at, kind: 'assumed', step, done: true, by: 'me' })).toThrow()
  })
  it('a step whose host refused to begin it failed, and is open no more', () => {
    const fenced: Event = {
      at,
      kind: 'step-failed',
      step,
      failure: { why: 'fenced', host: 'a', detail: '', help: '' },
    }
    const seen = after(...doubt.slice(0, 3), fenced)
    expect(seen?.state).toBe('failed')
    expect(seen).not.toHaveProperty('open')
  })
})
