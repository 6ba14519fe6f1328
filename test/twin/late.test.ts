import { expect, test } from 'vitest'
import type { Exit } from '../../src/plan/fact.ts'
import type { Session } from '../../src/hosts/session.ts'
import { withLate } from '../../src/twin/late.ts'
import { play } from '../../src/twin/rehearse.ts'
import { lateCases, pairCases, playAll } from '../sweep/further.ts'
import { toyHost, toyPlan, toyStage } from '../toy.ts'

const line = { argv: ['x'], env: {} }
const fine: Exit = { code: 0, stdout: 'fine', stderr: '' }

test('the call that is due runs into its time limit, and no other; a file is not touched', async () => {
  const limits: number[] = []
  const host: Session = {
    probe: lines => Promise.resolve(lines.map(() => fine)),
    exec: (_, { timeoutMs }) => {
      limits.push(timeoutMs)
      return Promise.resolve(fine)
    },
    write: () => Promise.resolve(fine),
    close: () => Promise.resolve(),
  }
  const at = async (late: number, act: (session: Session) => Promise<unknown>): Promise<unknown> => {
    const calls = { count: 0, probes: new Set<number>(), dead: false }
    return act(
      await withLate(() => Promise.resolve(host), calls, { at: late, kind: 'timed-out' })(toyHost('a')),
    )
  }
  const exec = (session: Session): Promise<Exit> =>
    session.exec(line, { job: 'j', timeoutMs: 5000, onLine: () => undefined })
  expect(await at(1, exec)).toEqual(fine)
  expect(await at(0, exec)).toMatchObject({ timedOut: true })
  expect(limits).toEqual([5000, 1])
  expect(await at(0, session => session.probe([line, line], { timeoutMs: 1 }))).toMatchObject([
    { code: undefined },
    { code: undefined },
  ])
  expect(await at(0, session => session.write('/x', new Uint8Array(), '0600'))).toEqual(fine)
})

test('every call of a small plan beyond its time, and pairs of faults: whole after the resume', async () => {
  const found = await playAll(toyPlan(['a', 'b', 'c']), toyStage(['a', 'b', 'c']), calls => [
    ...lateCases(calls),
    ...pairCases(calls, 60, 1),
  ])
  expect(found).toMatchObject({ stuck: [], diverged: [], leaks: [] })
  expect(found.cases).toBe(found.calls + 60)
})

test('a command that is stopped half-way is told as a time-out, and the second fault strikes the resume', async () => {
  const plan = toyPlan(['a'])
  const whole = await play(plan, toyStage(['a']), {})
  const kinds: string[] = []
  const parts: number[] = []
  for (let at = 0; at < whole.calls.count; at++) {
    const { events, run } = await play(
      plan,
      toyStage(['a']),
      {},
      { at, kind: 'timed-out' },
      { at: 0, kind: 'killed-before' },
    )
    kinds.push(...events.flatMap(event => (event.kind === 'step-failed' ? [event.failure.why] : [])))
    parts.push(events.filter(event => event.kind === 'run-started').length)
    expect(run.outcome).toBe('done')
  }
  expect(kinds).toContain('timeout')
  expect(parts).toContain(3)
})
