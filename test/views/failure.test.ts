import { describe, expect, it } from 'vitest'
import type { Failure } from '../../src/run/event.ts'
import { failureDetail, failureLine, lastLines } from '../../src/views/failure.ts'

const check = { fact: 'a', host: 'h', is: true }
const all = {
  unreachable: { why: 'unreachable', host: 'h', detail: 'no route', help: 'look' },
  unobservable: { why: 'unobservable', host: 'h', detail: 'no answer', help: 'look' },
  fenced: { why: 'fenced', host: 'h', detail: 'h has another holder by now', help: 'look' },
  interrupted: { why: 'interrupted', host: 'h', detail: 'by hand', help: 'resume' },
  diverged: { why: 'diverged', check, seen: null, detail: 'moved' },
  'goal-not-met': { why: 'goal-not-met', check, seen: false, afterSeconds: 90 },
  exit: { why: 'exit', host: 'h', op: 0, shown: 'cmd x', code: 3, lastLines: ['l'] },
  'fatal-line': { why: 'fatal-line', host: 'h', op: 0, shown: 'cmd x', line: 'FATA', lastLines: [] },
  timeout: { why: 'timeout', host: 'h', op: 0, shown: 'cmd x', afterSeconds: 60, lastLines: [] },
  'in-doubt': { why: 'in-doubt', host: 'h', op: 0, shown: 'cmd x', detail: 'link died' },
} satisfies { readonly [why in Failure['why']]: Failure }

describe('failures', () => {
  it.each(Object.values(all).map(failure => [failure.why, failure] as const))(
    '%s names what is wrong',
    (_why, failure) => {
      expect(failureLine(failure)).toMatch(/\bh\b/.test(failureLine(failure)) ? /\S/ : /plan left it/)
      expect(failureDetail(failure).length).toBeGreaterThan(0)
    },
  )
  it('shows what was expected and seen, or what ran', () => {
    expect(failureDetail(all.diverged)).toEqual(['expected: a@h is true', 'seen:     nothing there'])
    expect(failureDetail(all.exit)).toEqual(['ran: cmd x'])
    expect(lastLines(all.exit)).toEqual(['l'])
    expect(lastLines(all.diverged)).toEqual([])
  })
})
