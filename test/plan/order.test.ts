import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { order } from '../../src/plan/order.ts'
import type { Step } from '../../src/plan/step.ts'
import { join } from '../toy.ts'

const step = (id: string, ...needs: string[]): Step => ({ ...join('a', needs), id })
const ids = (steps: readonly Step[]): string =>
  order(steps)
    .map(({ id }) => id)
    .join(' ')

describe('order', () => {
  it.each([
    ['an id that stands twice', [step('a'), step('a')], 'two steps have the id a'],
    ['a need that is no step', [step('a', 'b')], 'a needs b, which is no step'],
    ['a need of itself', [step('a', 'a')], 'a → a'],
    ['a circle', [step('a', 'c'), step('b', 'a'), step('c', 'b')], 'a → c → b → a'],
  ])('refuses %s', (_, steps, message) => {
    expect(() => order(steps)).toThrow(message)
  })

  it('keeps an order that is right, and pulls only what is needed to the front', () => {
    expect(ids([step('a'), step('b', 'a'), step('c')])).toBe('a b c')
    expect(ids([step('a'), step('b', 'd'), step('c'), step('d')])).toBe('a d b c')
  })

  it('puts every step once, after all it needs, over random graphs', () => {
    const graph = fc
      .integer({ min: 1, max: 25 })
      .chain(count =>
        fc.tuple(
          fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 60 }),
          fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
        ),
      )
    fc.assert(
      fc.property(graph, ([pairs, shuffled]) => {
        const needs = (i: number): string[] => [
          ...new Set(
            pairs
              .filter(([from, to]) => Math.max(from, to) === i && from !== to)
              .map(([a, b]) => String(Math.min(a, b))),
          ),
        ]
        const sorted = order(shuffled.map(i => step(String(i), ...needs(i))))
        const at = new Map(sorted.map(({ id }, i) => [id, i]))
        expect(at.size).toBe(shuffled.length)
        for (const one of sorted) {
          for (const need of one.needs) expect(at.get(need)).toBeLessThan(at.get(one.id) ?? -1)
        }
        expect(order(sorted)).toEqual(sorted)
      }),
    )
  })

  it('gets through a long chain', () => {
    const chain = Array.from({ length: 3000 }, (_, i) => step(`s${i}`, ...(i < 2999 ? [`s${i + 1}`] : [])))
    expect(order(chain)[0]?.id).toBe('s2999')
  })
})
