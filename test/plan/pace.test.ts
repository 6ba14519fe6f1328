import { describe, expect, it } from 'vitest'
import { pacesOf, takesOf } from '../../src/plan/pace.ts'

const many = (kind: string, ...shares: number[]) => shares.map(share => ({ kind, share }))

describe('paces', () => {
  it('are the nearest ranks of what was seen, for kinds that were seen often enough', () => {
    const seen = [...many('join', 3, 1, 2, 10, 1), ...many('install', 1, 1)]
    expect(pacesOf(seen)).toEqual({ join: { p50: 2, p90: 10, steps: 5 } })
    expect(pacesOf([])).toEqual({})
  })

  it('are shares, so that a step over more hosts takes longer', () => {
    const paces = { upgrade: { p50: 0.5, p90: 2, steps: 3 } }
    const step = (p50Seconds: number) => ({ kind: 'upgrade', takes: { p50Seconds, p90Seconds: 900 } })
    expect(takesOf(step(240), paces)).toEqual({ p50Seconds: 120, p90Seconds: 480 })
    expect(takesOf(step(720), paces)).toEqual({ p50Seconds: 360, p90Seconds: 1440 })
  })

  it('leave what was not seen to the catalog, and no name of an object decides', () => {
    const takes = { p50Seconds: 1, p90Seconds: 2 }
    expect(takesOf({ kind: 'x', takes }, {})).toBe(takes)
    expect(takesOf({ kind: 'constructor', takes }, {})).toBe(takes)
    expect(takesOf({ kind: 'x', takes })).toBe(takes)
  })
})
