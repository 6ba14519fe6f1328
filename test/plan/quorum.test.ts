import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { margins, tally } from '../../src/plan/quorum.ts'
import type { Json, Quorum } from '../../src/plan/step.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const quorum = (count: number): Quorum => ({
  name: 'web',
  voters: names.slice(0, count).map(host => ({
    name: host,
    member: { fact: 'm', host, is: { joined: true } },
    up: { fact: 'm', host, is: { up: true } },
  })),
})
const facts = (...seen: (Json | undefined)[]): Map<string, Json> =>
  new Map(seen.flatMap((value, i) => (value === undefined ? [] : [[`m@${names[i] ?? ''}`, value]])))
const up = { joined: true, up: true }
const down = { joined: true, up: false }

describe('tally', () => {
  it.each<[string, (Json | undefined)[], { up: number; members: number; spare: number }]>([
    ['nobody could be asked', [undefined, undefined, undefined], { up: 0, members: 3, spare: -2 }],
    ['one could not be asked', [up, up, undefined], { up: 2, members: 3, spare: 0 }],
    ['membership seen, health not', [up, up, { joined: true }], { up: 2, members: 3, spare: 0 }],
    ['nobody belongs to it yet', [null, null, null], { up: 0, members: 0, spare: 0 }],
    ['one member', [up, null, null], { up: 1, members: 1, spare: 0 }],
    ['two members', [up, up, null], { up: 2, members: 2, spare: 0 }],
    ['two members, one down', [up, down, null], { up: 1, members: 2, spare: -1 }],
    ['three', [up, up, up], { up: 3, members: 3, spare: 1 }],
    ['four spare no more than three', [up, up, up, up], { up: 4, members: 4, spare: 1 }],
    ['five', [up, up, up, up, up], { up: 5, members: 5, spare: 2 }],
    [
      'one that has left does not count',
      [up, up, { joined: false, up: true }],
      { up: 2, members: 2, spare: 0 },
    ],
  ])('%s', (_, seen, expected) => {
    expect(tally(quorum(seen.length), facts(...seen))).toEqual(expected)
  })

  it('a guess that does not mention membership leaves it unknown; one that denies it does not', () => {
    const guessed = new Set(['m@c'])
    expect(tally(quorum(3), facts(up, up, { up: false }))).toMatchObject({ members: 2 })
    expect(tally(quorum(3), facts(up, up, { up: false }), guessed)).toEqual({ up: 2, members: 3, spare: 0 })
    expect(tally(quorum(3), facts(up, up, { up: true }), guessed)).toEqual({ up: 3, members: 3, spare: 1 })
    expect(tally(quorum(3), facts(up, up, null), guessed)).toEqual({ up: 2, members: 2, spare: 0 })
    expect(tally(quorum(3), facts(up, up, up), guessed)).toEqual({ up: 3, members: 3, spare: 1 })
  })

  it('never gains by knowing less', () => {
    const state = fc.constantFrom<Json>(up, down)
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 7 }), fc.nat(6), (states, hide) => {
        const all = tally(quorum(states.length), facts(...states))
        const fewer = tally(
          quorum(states.length),
          facts(...states.map((one, i) => (i === hide ? undefined : one))),
        )
        expect(fewer.spare).toBeLessThanOrEqual(all.spare)
        expect(all.spare >= 0).toBe(all.up * 2 > all.members)
      }),
    )
  })
})

describe('margins', () => {
  it('has every group by its name', () => {
    const { web, api } = margins([quorum(1), { ...quorum(3), name: 'api' }], facts(up, down, up))
    expect([web, api]).toEqual([
      { up: 1, members: 1, spare: 0 },
      { up: 2, members: 3, spare: 0 },
    ])
  })
})
