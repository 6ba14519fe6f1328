import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../../src/plan/canonical.ts'
import { holds } from '../../src/plan/check.ts'
import { project } from '../../src/plan/project.ts'
import type { Check, Json } from '../../src/plan/step.ts'
import { json } from '../json.ts'

const check = (is: Json): Check => ({ fact: 'f', host: 'h', is })
const after = (seen: Json, ...wanted: Json[]): Json | undefined =>
  project(new Map([['f@h', seen]]), wanted.map(check)).get('f@h')

describe('project', () => {
  it('makes every check come true, whatever was seen before', () => {
    fc.assert(
      fc.property(json, json, (seen, wanted) => {
        expect(holds(check(wanted), project(new Map([['f@h', seen]]), [check(wanted)]))).toBe(true)
        expect(holds(check(wanted), project(new Map(), [check(wanted)]))).toBe(true)
      }),
    )
  })
  it('leaves the facts it was given alone', () => {
    fc.assert(
      fc.property(json, json, (seen, wanted) => {
        const facts = new Map([['f@h', seen]])
        const before = canonical([...facts])
        project(facts, [check(wanted)])
        expect(canonical([...facts])).toBe(before)
      }),
    )
  })
  it('changes nothing when all held already', () => {
    fc.assert(fc.property(json, value => canonical(after(value, value)) === canonical(value)))
  })
  it('keeps what a check does not mention, and lets the later check win', () => {
    expect(after({ a: 1, deep: { b: 2, c: 3 } }, { deep: { b: 5 } }, { deep: { b: 6 } })).toEqual({
      a: 1,
      deep: { b: 6, c: 3 },
    })
  })
  it.each<[Json, Json]>([
    [{ a: 1 }, null],
    [{ a: 1 }, [1]],
    [null, { a: 1 }],
    [[1, 2], [3]],
  ])('replaces %j by %j as a whole', (seen, wanted) => {
    expect(after(seen, wanted)).toEqual(wanted)
  })
  it('leaves what nothing speaks of unknown', () => {
    expect([...project(new Map(), [check(1)]).keys()]).toEqual(['f@h'])
  })
})
