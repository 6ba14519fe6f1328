import { expect, test } from 'vitest'
import { isClean, type Rehearsed, rehearsedWords } from '../../src/plan/rehearsed.ts'

const clean: Rehearsed = {
  from: 'bare hosts',
  calls: 38,
  faults: 190,
  injected: 190,
  inDoubt: 0,
  stuck: [],
  diverged: [],
  wrong: [],
}

test('says how many failures of how many, and what became of them', () => {
  expect(rehearsedWords(clean)).toBe('rehearsed on the twin from bare hosts: 190 failures injected, 0 stuck')
  expect(rehearsedWords({ ...clean, injected: 40, seed: 7, inDoubt: 2, held: 1 })).toBe(
    'rehearsed on the twin from bare hosts: 40 of 190 failures injected (seed 7), 0 stuck, 1 of the steps held there already, 2 left for a person to judge',
  )
})

test('anything found is not clean, and is counted', () => {
  expect(isClean(clean)).toBe(true)
  const found = { ...clean, stuck: ['a'], diverged: ['b'], wrong: ['c', 'd'] }
  expect(isClean(found)).toBe(false)
  expect(rehearsedWords(found)).toContain('1 stuck, 1 ended elsewhere, 2 not as planned')
})
