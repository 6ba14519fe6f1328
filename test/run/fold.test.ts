import { describe, expect, it } from 'vitest'
import { digest } from '../../src/plan/canonical.ts'
import type { Event, Failure } from '../../src/run/event.ts'
import { type Run, type StepRun, fold, foldAll, fresh } from '../../src/run/fold.ts'
import type { Happening } from '../../src/run/workplace.ts'
import { join } from '../toy.ts'
import { planOf } from './scripted.ts'

const plan = planOf({ ...join('a', []), id: 's' }, { ...join('b', []), id: 't' })
const begin: Happening = {
  kind: 'run-started',
  run: 'R',
  plan: digest(plan),
  name: 'toy',
  steps: 2,
  resumed: false,
}
const started = (attempt = 1): Happening => ({ kind: 'step-started', step: 's', attempt })
const opStarted = (op = 0): Happening => ({ kind: 'op-started', step: 's', op, host: 'a', shown: 'x' })
const opEnded = (op = 0, code = 0): Happening => ({ kind: 'op-ended', step: 's', op, code })
const done: Happening = { kind: 'step-done', step: 's', how: 'changed' }
const ended: Happening = { kind: 'run-ended', outcome: 'failed' }
const failed = (failure: Failure): Happening => ({ kind: 'step-failed', step: 's', failure })
const exit: Failure = { why: 'exit', host: 'a', op: 0, shown: 'x', code: 1, lastLines: [] }
const gone: Failure = { why: 'unreachable', host: 'a', detail: '', help: '' }

const after = (...happenings: readonly Happening[]): Run =>
  happenings
    .map((one, i) => ({ at: new Date(i * 1000).toISOString(), ...one }))
    .reduce(fold, fresh('R', plan, digest(plan)))
const s = (...happenings: readonly Happening[]): StepRun | undefined => after(...happenings).steps.get('s')

describe('an order that cannot be', () => {
  it.each<[string, readonly Happening[], string]>([
    ['another plan', [{ ...begin, plan: 'other' }], 'another plan'],
    [
      'a step the plan does not have',
      [begin, { kind: 'step-started', step: 'x', attempt: 1 }],
      'no step of this plan',
    ],
    ['an op of a step that has not begun', [begin, opStarted()], 'the step is waiting'],
    [
      'output of a step that is done',
      [begin, done, { kind: 'output', step: 's', host: 'a', stream: 'out', line: '' }],
      'the step is done',
    ],
    ['a step done twice', [begin, done, done], 'the step is done'],
    ['a step begun after it was done', [begin, done, started()], 'the step is done'],
    [
      'a failed step begun again in the same part',
      [begin, started(), failed(exit), started(2)],
      'the step is failed',
    ],
    ['an op that ended and had not begun', [begin, started(), opEnded()], 'had not begun'],
    ['an op that ended twice', [begin, started(), opStarted(), opEnded(), opEnded()], 'had not begun'],
    ['another op than the one that began', [begin, started(), opStarted(0), opEnded(1)], 'had not begun'],
    ['two ops at once', [begin, started(), opStarted(0), opStarted(1)], 'while op 0 is open'],
    ['a first attempt that is the second', [begin, started(2)], 'cannot follow attempt 0'],
    ['the same attempt twice', [begin, started(), started()], 'cannot follow attempt 1'],
    ['an attempt left out', [begin, started(), started(3)], 'cannot follow attempt 1'],
    ['anything after the end', [begin, ended, started()], 'cannot follow the end'],
    ['two ends', [begin, ended, ended], 'cannot follow the end'],
    [
      'an answer to a step that has not begun',
      [begin, { kind: 'answered', step: 's', op: 0, by: '', answer: true }],
      'is waiting',
    ],
  ])('throws: %s', (_, happenings, message) => {
    expect(() => after(...happenings)).toThrow(message)
  })
  it('throws on an event from another version', () => {
    expect(() =>
      fold(fresh('R', plan, digest(plan)), { at: '', kind: 'sampled' } as unknown as Event),
    ).toThrow('unknown event')
  })
})

describe('how a step failed', () => {
  it.each<[string, Failure, readonly Happening[], StepRun['state']]>([
    ['a known exit', exit, [opStarted(), opEnded(0, 1)], 'failed'],
    ['a time limit', { ...exit, why: 'timeout', afterSeconds: 1 }, [opStarted()], 'in-doubt'],
    ['nobody saw the end', { ...exit, why: 'in-doubt', detail: '' }, [opStarted()], 'in-doubt'],
    ['gone in the middle of an op', gone, [opStarted()], 'in-doubt'],
    ['gone after an op', gone, [opStarted(), opEnded()], 'in-doubt'],
    ['gone before any op', gone, [], 'failed'],
    [
      'a secret missing for the second op',
      { ...gone, why: 'interrupted' },
      [opStarted(), opEnded()],
      'in-doubt',
    ],
    [
      'not where the plan left it',
      { why: 'diverged', check: { fact: 'f', host: 'a', is: 1 }, seen: 2, detail: '' },
      [],
      'failed',
    ],
  ])('%s', (_, failure, ops, state) => {
    expect(s(begin, started(), ...ops, failed(failure))?.state).toBe(state)
  })
})

describe('a resume', () => {
  it('takes what had begun for in doubt, with the op that is open', () => {
    expect(s(begin, started(), opStarted(), opEnded(), opStarted(1), begin)).toEqual({
      state: 'in-doubt',
      attempt: 1,
      ended: [0],
      open: 1,
      touched: true,
      startedAt: '1970-01-01T00:00:01.000Z',
    })
  })
  it('goes on with the same attempt and what it had done', () => {
    expect(s(begin, started(), opStarted(), opEnded(), opStarted(1), begin, started(1))).toMatchObject({
      state: 'running',
      attempt: 1,
      ended: [0],
      open: 1,
    })
  })
  it('begins a failed step anew, and remembers that it touched the host', () => {
    const again = s(
      begin,
      started(),
      opStarted(),
      opEnded(),
      opStarted(1),
      opEnded(1, 1),
      failed(exit),
      ended,
      begin,
    )
    expect(again).toEqual({ state: 'waiting', attempt: 1, ended: [], touched: true })
  })
  it('keeps what is done, and forgets the end of the part before', () => {
    const run = after(begin, done, ended, begin)
    expect(run.steps.get('s')).toMatchObject({ state: 'done', how: 'changed' })
    expect(run.outcome).toBeUndefined()
  })
  it('lets a person say that a step in doubt is done', () => {
    expect(
      s(begin, started(), opStarted(), begin, { kind: 'step-done', step: 's', how: 'assumed' }),
    ).toMatchObject({ state: 'done', how: 'assumed', ended: [] })
  })
  it('asks again what was answered with no', () => {
    const answer = (answered: boolean): Happening => ({
      kind: 'answered',
      step: 's',
      op: 0,
      by: 'jo',
      answer: answered,
    })
    expect(s(begin, started(), answer(true))?.ended).toEqual([0])
    expect(s(begin, started(), answer(false))?.ended).toEqual([])
  })
})

it('leaves the run it was given alone', () => {
  const run = fresh('R', plan, digest(plan))
  const before = JSON.stringify([...run.steps])
  fold(fold(run, { at: '', ...begin }), { at: '', ...started() })
  expect(JSON.stringify([...run.steps])).toBe(before)
})

it('many events folded at once are the run that they are one by one, and use up nothing that was handed in', () => {
  const events = [begin, started(), opStarted(), opEnded(), done].map((one): Event => ({ at: '', ...one }))
  const from = fresh('R', plan, digest(plan))
  expect(foldAll(from, events)).toEqual(events.reduce(fold, from))
  expect(from).toEqual(fresh('R', plan, digest(plan)))
})

describe('steps sent to their host together', () => {
  const sent: Happening = { kind: 'sent-ahead', host: 'a', steps: [{ step: 's', attempt: 1 }] }
  const back: Happening = { kind: 'came-back', host: 'a', steps: ['s'] }
  const resumed: Happening = { ...begin, resumed: true }

  it('may have begun once they are on their way: a crash leaves them in doubt, under their attempt', () => {
    expect(s(begin, sent)).toMatchObject({ state: 'waiting', sent: true })
    expect(s(begin, sent, resumed)).toEqual({
      state: 'in-doubt',
      attempt: 1,
      ended: [],
      open: 0,
      touched: true,
    })
    expect(s(begin, sent, started(), resumed)).toMatchObject({ state: 'in-doubt', open: 0, touched: true })
    expect(s(begin, sent, failed(gone))).toMatchObject({
      state: 'in-doubt',
      attempt: 1,
      open: 0,
      touched: true,
    })
  })

  it('are as before when they came back, and can go again', () => {
    expect(s(begin, sent, back)).toEqual({ state: 'waiting', attempt: 0, ended: [], touched: false })
    expect(s(begin, sent, back, resumed)).toMatchObject({ state: 'waiting' })
    expect(s(begin, sent, back, sent)).toMatchObject({ sent: true })
  })

  it('go on like any step', () => {
    expect(s(begin, sent, started(), opStarted(), opEnded(), done)).toMatchObject({
      state: 'done',
      touched: true,
    })
    expect(s(begin, sent, { kind: 'step-done', step: 's', how: 'already' })).not.toHaveProperty('sent')
  })

  it.each<[string, readonly Happening[]]>([
    ['twice', [begin, sent, sent]],
    ['as another attempt', [begin, { kind: 'sent-ahead', host: 'a', steps: [{ step: 's', attempt: 2 }] }]],
    ['after they began', [begin, started(), sent]],
    ['back without having gone', [begin, back]],
  ])('cannot go %s', (_, happenings) => {
    expect(() => after(...happenings)).toThrow(/sent ahead|cannot follow/)
  })
})
