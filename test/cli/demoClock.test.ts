import { describe, expect, it } from 'vitest'
import { demoClock } from '../../src/cli/demoClock.ts'

const real = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

describe('demoClock', () => {
  it('stands still while nobody waits', async () => {
    const clock = demoClock(1000, 100)
    await real(20)
    expect(clock.now()).toBe(1000)
  })

  it('wakes sleepers in order, at their time, much sooner than ours', async () => {
    const clock = demoClock(0, 1000)
    const begun = performance.now()
    const woken: [string, number][] = []
    const sleep = (name: string, ms: number): Promise<void> =>
      clock.sleep(ms).then(() => void woken.push([name, clock.now()]))
    await Promise.all([sleep('late', 60_000), sleep('soon', 5_000), sleep('now', 0), sleep('middle', 20_000)])
    expect(woken.map(([name]) => name)).toEqual(['now', 'soon', 'middle', 'late'])
    for (const [i, atMs] of [0, 5_000, 20_000, 60_000].entries())
      expect(woken[i]?.[1]).toBeGreaterThanOrEqual(atMs)
    expect(clock.now()).toBe(60_000)
    expect(performance.now() - begun).toBeLessThan(5_000)
  })

  it('moves on smoothly while somebody waits, and never past the next waking', async () => {
    const clock = demoClock(0, 10)
    const asleep = clock.sleep(500)
    await real(20)
    expect(clock.now()).toBeGreaterThan(0)
    expect(clock.now()).toBeLessThanOrEqual(500)
    await asleep
  })
})
