import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compile, findings, questions } from '../../src/catalog/compile.ts'
import type { Product } from '../../src/catalog/product.ts'
import { canonical, digest } from '../../src/plan/canonical.ts'
import type { Json, Step } from '../../src/plan/step.ts'
import type { Topology } from '../../src/playbook/topology.ts'
import { join, member, toyHost, toyModel } from '../toy.ts'

const topology = {
  name: 'site',
  hosts: { b: toyHost('b'), a: toyHost('a') },
  roles: {},
} as unknown as Topology
const step = (id: string, ...needs: readonly string[]): Step => ({ ...join('a', needs), id })
const product = (name: string, changes: Partial<Product> = {}): Product => ({
  name,
  wanted: () => true,
  facts: [],
  asks: () => [],
  plays: { converge: ({ after }) => [step(`${name}.1`, ...after), step(`${name}.2`, `${name}.1`)] },
  quorums: () => [],
  healthy: () => [],
  status: () => [],
  rules: () => [],
  findings: () => [],
  pages: [],
  kinds: [],
  model: toyModel,
  ...changes,
})
const plan = (products: readonly Product[], facts = new Map<string, Json>()) =>
  compile(topology, 'pb', products, facts)
const needs = (products: readonly Product[]): { readonly [id: string]: readonly string[] } =>
  Object.fromEntries(plan(products).steps.map(one => [one.id, one.needs]))
const silent = product('silent', { plays: { converge: () => [] } })
/** Its first step waits for nobody. */
const hasty = product('hasty', { plays: { converge: () => [step('hasty.1')] } })

describe('the order of products', () => {
  it('is that each waits for the loose ends of all before, over one that has no steps and one that waits for nobody', () => {
    expect(needs([product('a'), silent, product('b')])).toMatchObject({ 'b.1': ['a.2'] })
    expect(needs([product('a'), hasty, product('c')])).toMatchObject({
      'hasty.1': [],
      'c.1': ['a.2', 'hasty.1'],
    })
  })
  it('leaves out what the playbook does not ask for, its findings and questions too', () => {
    const loud = {
      rules: () => [{ code: 'X', severity: 'error' as const, message: '', path: [] }],
      asks: () => [{ fact: 'f', host: 'a' }],
      facts: [member],
    }
    const unwanted = product('x', { ...loud, wanted: () => false })
    expect(needs([product('a'), unwanted, product('b')])).toMatchObject({ 'b.1': ['a.2'] })
    expect(findings(topology, [unwanted])).toEqual([])
    expect(questions(topology, [unwanted], { steps: [], quorums: [] })).toEqual([])
    expect(findings(topology, [product('y', loud)])).toHaveLength(1)
  })
  it.each([
    [
      'a need of nobody',
      [product('a', { plays: { converge: () => [step('x', 'nobody')] } })],
      'which is no step',
    ],
    ['one id in two products', [hasty, hasty], 'two steps have the id hasty.1'],
  ])('refuses %s', (_, products, message) => {
    expect(() => plan(products)).toThrow(message)
  })
})

describe('the bytes of a plan', () => {
  const steady = product('s', { facts: [member] })
  it('are the same whatever the order in which hosts and facts came', () => {
    const entry = fc.tuple(
      fc.constantFrom('web.member@a', 'web.member@b', 'web.member@c {"p":1}'),
      fc.integer(),
    )
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ([key]) => key }), facts => {
        const backwards = { ...topology, hosts: Object.fromEntries(Object.entries(topology.hosts).reverse()) }
        expect(JSON.stringify(plan([steady], new Map(facts)))).toBe(
          JSON.stringify(compile(backwards, 'pb', [steady], new Map([...facts].reverse()))),
        )
      }),
    )
  })
  it('are other ones when a host said something else, and the same when only a clock or a secret did', () => {
    const clock = product('c', {
      facts: [
        { ...member, name: 'time', volatile: true },
        { ...member, name: 'token', secret: true },
      ],
    })
    const of = (facts: { readonly [key: string]: Json }): string =>
      digest(plan([steady, clock], new Map(Object.entries(facts))))
    expect(of({ 'web.member@a': 1 })).not.toBe(of({ 'web.member@a': 2 }))
    expect(of({ 'web.member@a': 1, 'time@a': 1, 'token@a {"x":1}': 'old' })).toBe(
      of({ 'web.member@a': 1, 'time@a': 2 }),
    )
  })
  it('are JSON and nothing else', () => {
    const compiled = plan([product('a')])
    expect(canonical(JSON.parse(JSON.stringify(compiled)))).toBe(canonical(compiled))
  })
})

it('asks what steers, what the plan checks, and what is to be well, each once', () => {
  const curious = product('q', {
    asks: () => [{ fact: 'steer', host: 'a' }],
    healthy: () => [
      { fact: 'well', host: 'a', is: true },
      { fact: 'web.member', host: 'a', is: {} },
    ],
  })
  expect(questions(topology, [curious], plan([curious])).map(({ fact }) => fact)).toEqual([
    'steer',
    'web.member',
    'well',
  ])
})
