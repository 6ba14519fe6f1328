import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, digest } from '../../src/plan/canonical.ts'
import type { Json } from '../../src/plan/step.ts'
import { json, reversed } from '../json.ts'

describe('canonical', () => {
  it.each([
    ['undefined', undefined],
    ['undefined in an array', [undefined]],
    ['a function', { a: () => 1 }],
    ['a Map', { a: new Map([[1, 2]]) }],
    ['a Set', new Set([1])],
    ['a date', new Date(0)],
    ['NaN', [Number.NaN]],
    ['Infinity', { a: Number.POSITIVE_INFINITY }],
    ['a bigint', 1n],
    ['a symbol', Symbol('x')],
  ])('refuses %s, which JSON would lose or change without a word', (_, value) => {
    expect(() => canonical(value)).toThrow(TypeError)
  })

  it('leaves out undefined members, as if they were not there', () => {
    expect(canonical({ b: 1, a: undefined })).toBe('{"b":1}')
  })

  it('gives the same bytes whatever the order of keys', () => {
    fc.assert(fc.property(json, value => canonical(value) === canonical(reversed(value))))
  })

  it('loses nothing: it reads back as the same value', () => {
    fc.assert(
      fc.property(json, value => {
        const back = JSON.parse(canonical(value)) as Json
        expect(back).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonical(back)).toBe(canonical(value))
      }),
    )
  })

  it('tells different values apart', () => {
    fc.assert(
      fc.property(
        json,
        json,
        (a, b) =>
          (canonical(a) === canonical(b)) === (JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))),
      ),
    )
  })

  it('sorts keys by code unit, not by the language of the machine', () => {
    expect(canonical({ ä: 1, b: 2, B: 3, '10': 4, '9': 5 })).toBe('{"10":4,"9":5,"B":3,"b":2,"ä":1}')
  })
})

describe('digest', () => {
  it('is the sha256 of the canonical bytes', () => {
    expect(digest({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
    expect(digest({ a: 1, b: 2 })).toBe(digest({ b: 2, a: 1 }))
    expect(digest({ a: 1 })).not.toBe(digest({ a: '1' }))
  })
})

/** Entries instead of objects, sorted: another way to the same identity. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return ['array', ...value.map(sorted)]
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value
  const keys = Object.keys(value).sort()
  return ['object', ...keys.map(key => [key, sorted((value as { [key: string]: unknown })[key])])]
}
