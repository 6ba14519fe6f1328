import { describe, expect, it } from 'vitest'
import { preview } from '../../src/plan/preview.ts'
import type { Check, Json, Op, Plan, Step, Value } from '../../src/plan/step.ts'
import { unknowns } from '../../src/plan/unknowns.ts'
import { join, toyPlan } from '../toy.ts'

const late = (fact: string, pick: string): Value => ({ fact: { fact, host: 'a' }, pick })
const exec = (...argv: readonly Value[]): Op => ({ exec: { argv }, timeoutSeconds: 1 })
const goal = (fact: string, host = 'a'): Check => ({ fact, host, is: true })
const step = (id: string, goals: readonly Check[], ...run: readonly Op[]): Step => ({
  ...join('a', []),
  id,
  goal: goals,
  run,
})
const of = (steps: readonly Step[], seen: { readonly [key: string]: Json } = {}) => {
  const plan: Plan = { ...toyPlan(['a', 'b']), quorums: [], steps }
  return unknowns(plan, preview(plan, new Map(Object.entries(seen))))
}
const makes = step('makes', [goal('web.up')], exec('x'))
const uses = step(
  'uses',
  [goal('web.member')],
  exec('join', { join: ['--token=', late('web.token', 'a.b')] }),
)

describe('unknowns', () => {
  it('are known after the last step before their use that is about the same product on that host', () => {
    const between = step('between', [goal('os.file')], exec('x'))
    const elsewhere = step('elsewhere', [goal('web.up', 'b')], exec('x'))
    expect(of([makes, between, elsewhere, uses])).toEqual([
      { fact: 'web.token', host: 'a', pick: 'a.b', step: 'makes', when: 'after', usedBy: ['uses'] },
    ])
  })

  it('are known after the first step whose goal is about that very question', () => {
    const tells = step('tells', [goal('web.token')], exec('x'))
    expect(of([tells, makes, uses])[0]).toMatchObject({ step: 'tells', when: 'after' })
  })

  it('are known while a step runs that brings them about itself, and to those after it', () => {
    const own = step('own', [goal('web.token')], exec('push'), exec('pull', late('web.token', 'digest')))
    const again = step('again', [goal('web.other')], {
      write: '/f',
      content: { json: late('web.token', 'digest') },
      mode: '0600',
    })
    expect(of([own, again])).toEqual([
      { fact: 'web.token', host: 'a', pick: 'digest', step: 'own', when: 'while', usedBy: ['own', 'again'] },
    ])
  })

  it('are none of what a machine tells of itself', () => {
    const file = step('file', [goal('os.file')], exec('x'))
    expect(of([file, step('named', [goal('web.up')], exec(late('os.machine', 'hostname')))])).toEqual([])
  })

  it('are none where nothing that runs comes before, nor of a step that holds', () => {
    expect(of([uses])).toEqual([])
    expect(of([uses, makes, { ...uses, id: 'later' }])).toEqual([])
    expect(of([makes, uses], { 'web.up@a': true })).toEqual([])
    expect(of([makes, uses], { 'web.member@a': true })).toEqual([])
  })
})
