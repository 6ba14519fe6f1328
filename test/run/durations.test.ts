import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/run/event.ts'
import { durations } from '../../src/run/durations.ts'
import { toyPlan } from '../toy.ts'

const plan = toyPlan(['a', 'b'])
const [join, upgrade] = plan.steps
if (!join || !upgrade) throw new Error('the toy has lost its steps')
const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString()
const run = (resumed: boolean): Event => ({
  at: at(0),
  kind: 'run-started',
  run: 'R',
  plan: '',
  name: '',
  steps: 2,
  resumed,
})
const began = (seconds: number, attempt = 1, step = join.id): Event => ({
  at: at(seconds),
  kind: 'step-started',
  step,
  attempt,
})
const done = (seconds: number, how: 'changed' | 'already' = 'changed', step = join.id): Event => ({
  at: at(seconds),
  kind: 'step-done',
  step,
  how,
})

describe('durations', () => {
  it('are those of steps that were begun once and ended well', () => {
    const share = 15 / join.takes.p50Seconds
    expect(durations(plan, [run(false), began(1), done(16)])).toEqual([{ kind: join.kind, share }])
  })
  it('are not those of what held already, was begun again, or went over the end of a part of the run', () => {
    expect(durations(plan, [run(false), began(1), done(16, 'already')])).toEqual([])
    expect(durations(plan, [run(false), began(1), began(9, 2), done(16)])).toEqual([])
    expect(durations(plan, [run(false), began(1), run(true), done(16)])).toEqual([])
    expect(durations(plan, [run(false), done(16)])).toEqual([])
    expect(durations(plan, [run(false), began(1, 1, 'nobody@x'), done(16, 'changed', 'nobody@x')])).toEqual(
      [],
    )
  })
})
