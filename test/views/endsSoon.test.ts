import { expect, it } from 'vitest'
import type { StatusRow } from '../../src/catalog/product.ts'
import { endsSoon } from '../../src/views/endsSoon.ts'

const row: StatusRow = {
  item: 'certificate',
  state: 'ok',
  detail: 'ends 2026-03-01',
  endsAt: '2026-03-01T00:00:00Z',
}

it.each([
  ['2026-01-01', 'ok', 'ends 2026-03-01'],
  ['2026-02-20', 'degraded', 'ends 2026-03-01: ends in 9 days'],
  ['2026-03-04', 'degraded', 'ends 2026-03-01: ENDED 3 days ago'],
])('on %s it is %s', (day, state, detail) => {
  expect(endsSoon(row, Date.parse(day))).toMatchObject({ state, detail })
})

it('leaves a row without an end, and never calls better what is bad', () => {
  const plain: StatusRow = { item: 'x', state: 'ok', detail: '' }
  expect(endsSoon(plain, 0)).toBe(plain)
  expect(endsSoon({ ...row, state: 'unknown' }, Date.parse('2026-04-01')).state).toBe('unknown')
})
