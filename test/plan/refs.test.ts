import { expect, it } from 'vitest'
import { asked, unique } from '../../src/plan/refs.ts'
import { toyPlan } from '../toy.ts'

it('asks every question of goals, requirements and quorums once, and no late value', () => {
  expect(asked(toyPlan(['a', 'b']))).toEqual([
    { fact: 'web.member', host: 'a' },
    { fact: 'web.member', host: 'b' },
  ])
})

it('asks what a quorum needs to know even when no step asks it', () => {
  expect(asked({ ...toyPlan(['a']), steps: [] })).toEqual([{ fact: 'web.member', host: 'a' }])
})

it('takes questions with other arguments for other questions, whatever the order of their keys', () => {
  const ref = { fact: 'f', host: 'h' }
  const refs = [
    ref,
    { ...ref, args: { a: 1, b: 2 } },
    { ...ref, args: { b: 2, a: 1 } },
    { ...ref, args: null },
  ]
  expect(unique(refs)).toEqual([ref, { ...ref, args: { b: 2, a: 1 } }, { ...ref, args: null }])
})
