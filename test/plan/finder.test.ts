import { expect, it } from 'vitest'
import { finder } from '../../src/plan/finder.ts'

it('gives a finding its page’s severity, and refuses a code without a page', () => {
  const find = finder([{ code: 'RB0001', title: 't', severity: 'warning', why: 'w', fix: 'f' }])
  expect(find('RB0001', ['a'], 'm', 'h')).toEqual({
    code: 'RB0001',
    severity: 'warning',
    message: 'm',
    path: ['a'],
    help: 'h',
  })
  expect(find('RB0001', [], 'm')).not.toHaveProperty('help')
  expect(() => find('RB0002', [], 'm')).toThrow('RB0002')
})
