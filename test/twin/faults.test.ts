import { describe, expect, it } from 'vitest'
import type { Line, Session } from '../../src/hosts/session.ts'
import { Unreachable } from '../../src/hosts/session.ts'
import { type Calls, Killed, faultKinds, sameAs, withFault } from '../../src/twin/faults.ts'
import { toyHost } from '../toy.ts'

const line: Line = { argv: ['x'], env: {} }
const fine = { code: 0, stdout: 'fine', stderr: '' }
const counting = (): Calls => ({ count: 0, probes: new Set(), dead: false })

/** A host that notes what reached it. */
function host(reached: string[]): Session {
  return {
    probe: lines => {
      reached.push('probe')
      return Promise.resolve(lines.map(() => fine))
    },
    exec: () => {
      reached.push('exec')
      return Promise.resolve(fine)
    },
    write: () => {
      reached.push('write')
      return Promise.resolve(fine)
    },
    close: () => Promise.resolve(),
  }
}
const ways: readonly [string, (session: Session) => Promise<unknown>][] = [
  ['probe', session => session.probe([line, line], { timeoutMs: 1 })],
  ['exec', session => session.exec(line, { job: 'j', timeoutMs: 1, onLine: () => undefined })],
  ['write', session => session.write('/x', new Uint8Array(), '0600')],
]
const all = ways.flatMap(([way, call]) => faultKinds.map(kind => [kind, way, call] as const))

describe.each(all)('%s at a %s', (kind, way, call) => {
  it('spoils that call and no other, with or without its effect', async () => {
    const reached: string[] = []
    const calls = counting()
    const session = await withFault(() => Promise.resolve(host(reached)), calls, { at: 1, kind })(
      toyHost('a'),
    )
    await call(session)
    expect(reached).toEqual([way])
    const spoilt = call(session)
    if (kind === 'exit-1') {
      expect(JSON.stringify(await spoilt)).toContain('"code":1')
    } else {
      await expect(spoilt).rejects.toBeInstanceOf(kind.startsWith('killed') ? Killed : Unreachable)
    }
    expect(reached).toHaveLength(kind === 'reply-lost' || kind === 'killed-after' ? 2 : 1)
    // A dead controller asks nobody anything any more.
    const before = reached.length
    if (kind.startsWith('killed')) {
      await expect(call(session)).rejects.toBeInstanceOf(Killed)
      expect(reached).toHaveLength(before)
    } else {
      await call(session)
      expect(reached).toHaveLength(before + 1)
    }
    expect(calls.dead).toBe(kind.startsWith('killed'))
  })
})

it('counts every call of every host, and which were probes', async () => {
  const calls = counting()
  const connect = withFault(() => Promise.resolve(host([])), calls)
  for (const name of ['a', 'b']) for (const [, call] of ways) await call(await connect(toyHost(name)))
  expect(calls.count).toBe(6)
  expect([...calls.probes]).toEqual([0, 3])
})

it.each([
  [0, ['refused', 'refused', 'exit-1', 'killed-before', 'killed-before']],
  [1, faultKinds],
] as const)('call %i: faults on a probe that cannot be told apart are one', (at, same) => {
  expect(faultKinds.map(kind => sameAs({ at, kind }, { probes: new Set([0]) }).kind)).toEqual(same)
})
