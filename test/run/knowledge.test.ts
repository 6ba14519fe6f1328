import { describe, expect, it } from 'vitest'
import type { Fact } from '../../src/plan/fact.ts'
import type { FactRef, Json } from '../../src/plan/step.ts'
import { createKnowledge, type Knowledge } from '../../src/run/knowledge.ts'
import { openSessions } from '../../src/run/world.ts'
import { toyFacts } from '../toy.ts'
import { type Script, scripted, setting } from './scripted.ts'

const member = (host: string): FactRef => ({ fact: 'web.member', host })
const group = (host: string): FactRef => ({ fact: 'web.group', host })
const cluster: Fact = { ...(toyFacts.get('web.member') as Fact), name: 'web.group', scope: 'cluster' }
const facts = new Map([...toyFacts, [cluster.name, cluster]])

function knowing(
  hosts: { [name: string]: Script },
  seen: { [key: string]: Json } = {},
  refs = [member('a'), member('b'), group('a')],
): Knowledge {
  const { world } = setting(hosts, { facts })
  return createKnowledge(new Map(Object.entries(seen)), refs, world, openSessions(world.hosts, world.connect))
}
const all = { 'web.member@a': null, 'web.member@b': null, 'web.group@a': null }

describe('what is sure', () => {
  it('is nothing that was not asked, and nothing that could not be told', async () => {
    const knowledge = knowing({ a: scripted({ show: () => undefined }) }, { 'web.member@b': null }, [
      member('b'),
      member('a'),
    ])
    expect(knowledge.sure([member('b')])).toBe(true)
    expect(knowledge.sure([member('a')])).toBe(false)
    expect(knowledge.sure([member('b'), member('a')])).toBe(false)
    await knowledge.ask([member('a')])
    expect(knowledge.sure([member('a')])).toBe(false)
    expect(knowledge.believed().has('web.member@a')).toBe(false)
  })
  it('is not what was given without having been asked for', () => {
    expect(knowing({}, all, []).sure([member('a')])).toBe(false)
  })
  it.each([
    ['the host itself', 'a', [false, true, false]],
    ['another host', 'b', [true, false, false]],
    ['a third one', 'z', [true, true, false]],
  ])('after an effect on %s', (_, host, sure) => {
    const knowledge = knowing({}, all)
    knowledge.disturbed(host)
    expect([member('a'), member('b'), group('a')].map(ref => knowledge.sure([ref]))).toEqual(sure)
  })
  it('is what was asked after the effect', async () => {
    const knowledge = knowing({ a: scripted() }, all)
    knowledge.disturbed('a')
    await knowledge.ask([member('a')])
    expect(knowledge.sure([member('a')])).toBe(true)
    expect(knowledge.sure([group('a')])).toBe(false)
  })
  it('is not an answer that came while an effect began', async () => {
    const knowledge = knowing({ a: scripted() }, all)
    const asking = knowledge.ask([member('a')])
    knowledge.disturbed('a')
    expect((await asking).facts.get('web.member@a')).toBe(null)
    expect(knowledge.sure([member('a')])).toBe(false)
  })
})

describe('what is believed', () => {
  it('is the newest word, and none where a host can no longer tell', async () => {
    let seen: Json | undefined = { up: true }
    const knowledge = knowing({ a: scripted({ show: () => seen }) }, all)
    await knowledge.ask([member('a')])
    expect(knowledge.believed().get('web.member@a')).toEqual({ up: true })
    seen = undefined
    await knowledge.ask([member('a')])
    expect(knowledge.believed().has('web.member@a')).toBe(false)
    expect(knowledge.sure([member('a')])).toBe(false)
  })
  it('is not replaced by an older answer that comes late', async () => {
    const first = { go: (): void => undefined }
    let connects = 0
    const slow = new Promise<void>(resolve => {
      first.go = resolve
    })
    const { world } = setting({ a: scripted({ show: () => ({ said: ++connects }) }) }, { facts })
    const sessions = openSessions(world.hosts, world.connect)
    let asked = 0
    const knowledge = createKnowledge(new Map(), [], world, {
      ...sessions,
      async to(host) {
        const session = await sessions.to(host)
        if (asked++ > 0) return session
        return {
          ...session,
          async probe(lines, options) {
            const exits = await session.probe(lines, options)
            await slow
            return exits
          },
        }
      },
    })
    const older = knowledge.ask([member('a')])
    await new Promise(resolve => setTimeout(resolve, 5))
    await knowledge.ask([member('a')])
    first.go()
    await older
    expect(knowledge.believed().get('web.member@a')).toEqual({ said: 2 })
  })
})
