import { describe, expect, it } from 'vitest'
import { exitOfRun, exits, Quit } from '../../src/cli/exit.ts'

describe('exit codes', () => {
  it('are what scripts rely on', () => {
    expect(exits).toEqual({
      ok: 0,
      bug: 1,
      changes: 2,
      invalid: 10,
      unreachable: 11,
      refused: 12,
      stale: 13,
      locked: 14,
      failed: 15,
      rolledBack: 16,
      inDoubt: 17,
      unsteady: 18,
      unanswered: 19,
      lost: 20,
      usage: 64,
      interrupted: 130,
      terminated: 143,
    })
  })

  it.each([
    ['done', undefined, 0],
    ['done', 'SIGINT', 0],
    ['failed', undefined, 15],
    ['failed', 'SIGINT', 15],
    ['in-doubt', undefined, 17],
    ['stopped', 'SIGINT', 130],
    ['stopped', 'SIGTERM', 143],
    [undefined, undefined, 130],
  ] as const)('a run that is %s after %s ends with %d', (outcome, signal, code) =>
    expect(exitOfRun(outcome, signal)).toBe(code),
  )

  it('carry a message and a way on', () => {
    expect(new Quit('refused', 'no', 'ask')).toMatchObject({ exit: 'refused', message: 'no', help: 'ask' })
  })
})
