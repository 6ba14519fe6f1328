import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { preview } from '../../src/plan/preview.ts'
import type { Check, Json, Plan, Step } from '../../src/plan/step.ts'
import { join, toyPlan, upgrade } from '../toy.ts'

const three = ['a', 'b', 'c']
const up = { joined: true, version: '1', up: true }
const facts = (seen: { readonly [host: string]: Json }): Map<string, Json> =>
  new Map(Object.entries(seen).map(([host, value]) => [`web.member@${host}`, value]))
const only = (...steps: readonly Step[]): Plan => ({ ...toyPlan(three), steps })
const wills = (plan: Plan, seen: Map<string, Json>): string[] => preview(plan, seen).map(({ will }) => will)
const goal = (...goals: readonly Check[]): Step => ({ ...join('a', []), goal: goals })
const check = (fact: string, is: Json): Check => ({ fact, host: 'a', is })

describe('preview: what could not be told is not absent', () => {
  it('says nothing for certain when nothing could be told', () => {
    expect(wills(only(join('a', [])), new Map())).toEqual(['depend'])
  })
  it('does not know a version that no earlier step speaks of', () => {
    expect(wills(only(join('a', []), upgrade('a', [])), new Map())).toEqual(['depend', 'depend'])
  })
  it('knows what an earlier step decides', () => {
    expect(wills(only(join('a', []), join('a', [])), new Map())).toEqual(['depend', 'hold'])
    const leave = goal(check('web.member', null))
    expect(wills(only(join('a', []), leave), new Map())).toEqual(['depend', 'run'])
  })
  it('runs for certain when one thing is known to be missing', () => {
    const two = goal(check('seen', true), check('unseen', true))
    expect(wills(only(two), new Map<string, Json>([['seen@a', false]]))).toEqual(['run'])
    expect(wills(only(two), new Map<string, Json>([['seen@a', true]]))).toEqual(['depend'])
  })
  it('counts a voter nobody could ask as a member that is down, also while a step is said to touch it', () => {
    const [first] = preview(only(upgrade('c', [])), facts({ a: up, b: up }))
    expect(first?.lowest['web']).toEqual({ up: 2, members: 3, spare: 0 })
    const five = preview(
      { ...toyPlan([...three, 'd', 'e']), steps: [upgrade('d', []), upgrade('e', [])] },
      facts({ a: up, b: up, c: up }),
    )
    expect(five.map(({ lowest }) => lowest['web'])).toMatchObject([
      { up: 3, members: 5 },
      { up: 4, members: 5 },
    ])
  })

  it('over random knowledge: hold only where every goal was seen or decided, and never run for lack of knowledge', () => {
    const value = fc.constantFrom<Json | undefined>(undefined, null, up, {
      joined: true,
      version: '2',
      up: true,
    })
    const some = fc.array(fc.tuple(fc.constantFrom(...three), fc.boolean()), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(fc.tuple(value, value, value), some, ([a, b, c], picks) => {
        const seen = facts(
          Object.fromEntries(Object.entries({ a, b, c }).filter(([, one]) => one !== undefined)) as {
            [key: string]: Json
          },
        )
        const steps = picks.map(([host, joins], i) => ({
          ...(joins ? join(host, []) : upgrade(host, [])),
          id: String(i),
        }))
        for (const [i, outlook] of preview(only(...steps), seen).entries()) {
          const [host, joins] = picks[i] ?? ['a', true]
          const known = seen.get(`web.member@${host}`)
          const earlier = picks.slice(0, i).filter(([other]) => other === host)
          // Every join and upgrade leaves the host up; only an upgrade says which version.
          const done = earlier.some(([, joined]) => joined === joins)
          if (done) expect(outlook.will).toBe('hold')
          else if (known === undefined && !earlier.some(([, joined]) => !joined))
            expect(outlook.will).toBe('depend')
          else expect(outlook.will).not.toBe(known === undefined ? 'run' : 'depend')
        }
      }),
    )
  })
})

describe('preview', () => {
  it('runs a step without a goal every time', () => {
    expect(wills(only(goal()), new Map())).toEqual(['run'])
  })
  it('is all hold where all holds, and touches no margin', () => {
    const built = facts(
      Object.fromEntries(three.map(host => [host, { joined: true, version: '2', up: true }])),
    )
    const outlooks = preview(toyPlan(three), built)
    expect(new Set(outlooks.map(({ will }) => will))).toEqual(new Set(['hold']))
    expect(new Set(outlooks.map(({ lowest }) => lowest['web']?.spare))).toEqual(new Set([1]))
  })
})

describe('preview: what may come true by itself', () => {
  const [part] = join('b', []).goal
  if (!part) throw new Error('a join has a goal')
  const second: Step = {
    ...join('b', []),
    goal: [part, check('seen', true)],
    mayFollow: { checks: [part], hosts: ['a'] },
  }
  const outlook = (steps: readonly Step[], seen: { readonly [key: string]: Json }) =>
    preview(only(...steps), new Map(Object.entries(seen))).map(({ will, after }) => ({ will, after }))

  it('is needed only if it has not, when an earlier step has to do with such a host', () => {
    const seen = { 'web.member@a': null, 'web.member@b': null, 'seen@a': true }
    expect(outlook([join('a', []), second], seen)).toEqual([
      { will: 'run', after: undefined },
      { will: 'depend', after: ['web.join@a'] },
    ])
    expect(outlook([second], seen)).toEqual([{ will: 'run', after: undefined }])
    expect(outlook([join('c', []), second], { ...seen, 'web.member@c': null })[1]?.will).toBe('run')
  })
  it('is needed for certain when anything else is missing too', () => {
    const seen = { 'web.member@a': null, 'web.member@b': null, 'seen@a': false }
    expect(outlook([join('a', []), second], seen)[1]).toEqual({ will: 'run', after: undefined })
  })
  it('is not needed because of a step that holds', () => {
    const seen = { 'web.member@a': up, 'web.member@b': null, 'seen@a': true }
    expect(outlook([join('a', []), second], seen).map(({ will }) => will)).toEqual(['hold', 'run'])
  })
  it('counts a step that only touches such a host from elsewhere', () => {
    const from: Step = {
      ...join('c', []),
      goal: [check('seen', true)],
      run: [{ exec: { argv: ['x'] }, on: 'a', timeoutSeconds: 1 }],
    }
    const seen = { 'web.member@b': null, 'seen@a': false }
    expect(outlook([from, second], seen)[1]).toEqual({ will: 'depend', after: ['web.join@c'] })
  })
})
