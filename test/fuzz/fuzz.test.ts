import fc from 'fast-check'
import { test } from 'vitest'
import { laws } from './properties.ts'

/** The short form of `npm run fuzz`, with other inputs each time; a failure prints its seed. */
test.each(laws.map(law => [law.name, law] as const))('no input breaks: %s', (_, law) => {
  const { property, end } = law.make()
  try {
    fc.assert(property, { numRuns: 60 })
  } finally {
    end?.()
  }
})
