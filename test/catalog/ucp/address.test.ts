import { expect, it } from 'vitest'
import { isAddress } from '../../../src/catalog/ucp/address.ts'

it.each([
  ['10.0.0.1', true],
  ['fd00::1', true],
  ['m1', false],
  ['m1.example.com', false],
  ['10.0.0', false],
  ['', false],
])('%s is an address: %s', (text, is) => {
  expect(isAddress(text)).toBe(is)
})
