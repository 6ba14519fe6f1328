import { describe, expect, it } from 'vitest'
import { factKey } from '../../src/plan/fact.ts'
import { broken } from '../../src/plan/majority.ts'
import type { Check, Quorum } from '../../src/plan/step.ts'

const up = (host: string, is: boolean): Check => ({ fact: 'web.member', host, is: { joined: true, up: is } })
const group = (...hosts: readonly string[]): Quorum => ({
  name: 'web',
  voters: hosts.map(host => ({
    name: host,
    member: { fact: 'web.member', host, is: { joined: true } },
    up: up(host, true),
  })),
})
const seen = (states: { readonly [host: string]: boolean }) =>
  new Map(Object.entries(states).map(([host, is]) => [factKey(up(host, is)), { joined: true, up: is }]))

describe('a step that takes a member down', () => {
  it.each([
    ['one of three that are up', ['a', 'b', 'c'], { a: true, b: true, c: true }, []],
    ['one of two that are left of three', ['a', 'b', 'c'], { a: true, b: true, c: false }, ['1 of 3']],
    ['one of which another could not be told', ['a', 'b', 'c'], { a: true, b: true }, ['1 of 3']],
    ['one that is down already', ['a', 'b', 'c'], { a: false, b: true, c: false }, []],
    ['the only one', ['a'], { a: true }, []],
    ['one of two that are up', ['a', 'b'], { a: true, b: true }, []],
    ['one of two, of which the other is down', ['a', 'b'], { a: true, b: false }, ['0 of 2']],
  ] as const)('%s', (_, hosts, states, expected) => {
    const found = broken({ during: [up('a', false)] }, [], [group(...hosts)], seen(states))
    expect(found.map(one => `${String(one.up)} of ${String(one.members)}`)).toEqual(expected)
  })

  it('beside another that does is one too many', () => {
    const all = seen({ a: true, b: true, c: true })
    expect(broken({ during: [up('a', false)] }, [up('b', false)], [group('a', 'b', 'c')], all)).toHaveLength(
      1,
    )
    expect(broken({ during: [] }, [up('b', false)], [group('a', 'b', 'c')], all)).toEqual([])
  })
})
