import { describe, expect, it } from 'vitest'
import { estimate } from '../../src/views/estimate.ts'
import { plan } from './sample.ts'

const [first, second] = plan.steps.slice(1, 3)
const free = { needs: [], takes: { p50Seconds: 10, p90Seconds: 20 } }

describe('estimate', () => {
  it('adds up what waits for each other', () =>
    expect(estimate(plan.steps)).toEqual({ p50Seconds: 205, p90Seconds: 520 }))

  it('counts what goes side by side once, unless host or lane is shared', () => {
    if (!first || !second) throw new Error('the sample has lost its steps')
    expect(
      estimate([
        { ...first, ...free },
        { ...second, ...free },
      ]).p50Seconds,
    ).toBe(10)
    expect(
      estimate([
        { ...first, ...free },
        { ...second, ...free, host: first.host },
      ]).p50Seconds,
    ).toBe(20)
    expect(
      estimate([
        { ...first, ...free, lane: 'x' },
        { ...second, ...free, lane: 'x' },
      ]).p90Seconds,
    ).toBe(40)
  })

  it('is nothing for no steps', () => expect(estimate([])).toEqual({ p50Seconds: 0, p90Seconds: 0 }))
})
