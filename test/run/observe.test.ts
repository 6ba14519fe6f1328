import { describe, expect, it } from 'vitest'
import type { Fact } from '../../src/plan/fact.ts'
import type { FactRef } from '../../src/plan/step.ts'
import { observe } from '../../src/run/observe.ts'
import { openSessions } from '../../src/run/world.ts'
import { Unreachable } from '../../src/hosts/session.ts'
import { member, token, toyFacts } from '../toy.ts'
import { type Script, bad, scripted, setting } from './scripted.ts'

const ref = (host: string, fact = 'web.member'): FactRef => ({ fact, host })
const look = (hosts: { [name: string]: Script }, refs: readonly FactRef[], facts = toyFacts) => {
  const { world } = setting(hosts, { facts })
  return observe(refs, world, openSessions(world.hosts, world.connect)).then(seen => ({ ...seen, world }))
}

describe('observe', () => {
  it('takes what could not be told for unknown, and says why', async () => {
    const { facts, untold } = await look({ a: scripted({ show: () => undefined }) }, [ref('a')])
    expect(facts.size).toBe(0)
    expect(untold.get('web.member@a')).toBe('the question ended with 7 (curl: (7) refused)')
  })
  it.each([
    [
      'an exit nobody saw',
      { ...member, probe: () => ({ argv: ['web', 'token'] }), parse: () => null },
      bad(undefined),
      'was not answered (no output)',
    ],
    [
      'output its parser was not made for',
      { ...member, probe: () => ({ argv: ['web', 'token'] }) },
      { ...bad(0), stdout: '<html>\n502' },
      'ended with 0 (502)',
    ],
  ] as const)('takes %s for unknown', async (_, fact: Fact, exit, why) => {
    const { facts, untold } = await look(
      { a: scripted({ token: () => exit }) },
      [ref('a')],
      new Map([[fact.name, fact]]),
    )
    expect(facts.size).toBe(0)
    expect(untold.get('web.member@a')).toContain(why)
  })
  it('does not repeat what a question about a secret printed', async () => {
    const { untold } = await look({ a: scripted({ token: () => bad(1, 'SWMTKN-1-half') }) }, [
      ref('a', 'web.token'),
    ])
    expect(JSON.stringify([...untold])).not.toContain('SWMTKN')
  })
  it('keeps a host that is gone apart from one that said nothing, and asks the others all the same', async () => {
    const gone = scripted({
      connect: () => {
        throw new Unreachable('b', 'connect', 'no route', 'look')
      },
    })
    const { facts, untold, unreachable } = await look({ a: scripted(), b: gone }, [ref('a'), ref('b')])
    expect([...facts]).toEqual([['web.member@a', null]])
    expect(untold.size).toBe(0)
    expect([...unreachable.keys()]).toEqual(['b'])
  })
  it('asks a host everything at once, and the very same question once', async () => {
    const a = scripted()
    const twin: Fact = { ...member, name: 'web.twin' }
    const facts = new Map([...toyFacts, [twin.name, twin]])
    const seen = await look({ a }, [ref('a'), ref('a'), ref('a', 'web.twin'), ref('a', 'web.token')], facts)
    expect(a.calls).toEqual(['connect', 'probe web show', 'probe web token'])
    expect(seen.facts.size).toBe(3)
  })
  it('makes every text of a secret answer known to the mask', async () => {
    const nested: Fact = { ...token, parse: () => ({ manager: 'SWMTKN-m', deep: [{ worker: 'SWMTKN-w' }] }) }
    const { world } = await look({ a: scripted() }, [ref('a', 'web.token')], new Map([[nested.name, nested]]))
    expect(world.redact.text('SWMTKN-m SWMTKN-w')).toBe('‹masked› ‹masked›')
  })
  it('asks nobody nothing', async () => {
    const a = scripted()
    await look({ a }, [])
    expect(a.calls).toEqual([])
  })
  it.each([
    ['a fact nobody knows', [ref('a', 'web.nothing')], 'no fact is called web.nothing'],
    ['a host nobody knows', [ref('z')], 'no host is called z'],
  ])('throws for %s, which is a mistake in the catalog', async (_, refs, message) => {
    await expect(look({ a: scripted() }, refs)).rejects.toThrow(message)
  })
  it('throws for a question that hangs on another fact', async () => {
    const hanging: Fact = { ...member, probe: () => ({ argv: ['web', { fact: ref('a'), pick: 'x' }] }) }
    await expect(look({ a: scripted() }, [ref('a')], new Map([[hanging.name, hanging]]))).rejects.toThrow(
      'may not depend on another fact',
    )
  })
})
