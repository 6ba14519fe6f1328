import { describe, expect, it } from 'vitest'
import { digest } from '../../src/plan/canonical.ts'
import type { Facts } from '../../src/plan/fact.ts'
import {
  NotSaved,
  perHost,
  readSavedPlan,
  type SavedPlan,
  savedBytes,
  savedPlan,
} from '../../src/plan/saved.ts'
import { toyPlan } from '../toy.ts'

const facts: Facts = new Map([
  ['web.member@a', { up: true }],
  ['web.member@b', null],
])
const bare = toyPlan(['a', 'b'])
const plan = { ...bare, from: { ...bare.from, facts: digest(Object.fromEntries(facts)) } }
const make = (some: Facts, more: Partial<SavedPlan> = {}): string =>
  savedBytes({
    ...savedPlan({
      tool: '1',
      plan,
      playbook: 'x.yml',
      level: 'live',
      facts: some,
      findings: [],
      places: {},
      present: {},
    }),
    ...more,
  })

describe('a saved plan', () => {
  it('comes back as it was, in bytes that no order of the facts changes', () => {
    expect(readSavedPlan(make(facts)).plan).toEqual(plan)
    expect(make(new Map([...facts].reverse()))).toBe(make(facts))
  })

  it('has a digest that no clock changes', () => {
    const at = (time: string): string => readSavedPlan(make(facts, { seen: { at: time } })).digest
    expect(at('2026-01-01T00:00:00Z')).toBe(at('2027-01-01T00:00:00Z'))
  })

  it('has one digest for each host', () => {
    const moved = perHost(new Map([...facts, ['web.member@b', { up: true }]]))
    expect(moved['a']).toBe(perHost(facts)['a'])
    expect(moved['b']).not.toBe(perHost(facts)['b'])
  })

  it.each([
    [
      'a step',
      (saved: SavedPlan) => ({ ...saved, plan: { ...saved.plan, steps: saved.plan.steps.slice(1) } }),
    ],
    ['a fact', (saved: SavedPlan) => ({ ...saved, facts: { ...saved.facts, 'web.member@b': { up: true } } })],
    ['a host digest', (saved: SavedPlan) => ({ ...saved, perHost: { ...saved.perHost, b: '0' } })],
    ['the digest', (saved: SavedPlan) => ({ ...saved, digest: '0'.repeat(64) })],
    [
      'the plan and its digest together',
      (saved: SavedPlan) => {
        const other = { ...saved.plan, from: { ...saved.plan.from, facts: '0' } }
        return { ...saved, plan: other, digest: digest(other) }
      },
    ],
    ['its format', (saved: SavedPlan) => ({ ...saved, format: 'other' })],
    ['all of it', () => []],
    ['most of it', (saved: SavedPlan) => ({ format: saved.format })],
  ])('is refused when somebody changed %s', (_, tamper) => {
    const text = JSON.stringify(tamper(JSON.parse(make(facts)) as SavedPlan))
    expect(() => readSavedPlan(text)).toThrow(NotSaved)
  })
})
