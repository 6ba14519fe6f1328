import fc from 'fast-check'
import type { Json } from '../src/plan/step.ts'

/** Any JSON value, keys that JavaScript treats specially included. */
export const json: fc.Arbitrary<Json> = fc.letrec<{ any: Json }>(tie => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.string()),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('constructor', 'toString', '__proto__')),
      tie('any'),
      {
        maxKeys: 3,
        noNullPrototype: true,
      },
    ),
  ),
})).any

/** The same value with the members of every object in another order. */
export function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(item => reversed(item as Json))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  )
}
