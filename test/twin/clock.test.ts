import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scaledClock, virtualClock } from '../../src/twin/clock.ts'

describe('virtual time', () => {
  it('wakes everybody in the order of their times, ties in the order they went to sleep', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5), { minLength: 1, maxLength: 12 }), async naps => {
        const clock = virtualClock(1000)
        const woken: { readonly i: number; readonly atMs: number }[] = []
        await Promise.all(
          naps.map(async (ms, i) => {
            await clock.sleep(ms)
            woken.push({ i, atMs: clock.now() })
          }),
        )
        const expected = naps
          .map((ms, i) => ({ i, atMs: 1000 + ms }))
          .sort((a, b) => a.atMs - b.atMs || a.i - b.i)
        expect(woken).toEqual(expected)
      }),
    )
  })
  it('stands still while anybody can go on', async () => {
    const clock = virtualClock(0)
    const slept = clock.sleep(10)
    for (let i = 0; i < 100; i++) await Promise.resolve()
    expect(clock.now()).toBe(0)
    await slept
    expect(clock.now()).toBe(10)
  })
  it('never goes back', async () => {
    const clock = virtualClock(50)
    await clock.sleep(-20)
    expect(clock.now()).toBe(50)
  })
  it('counts a nap from when it began, also when it began in another one', async () => {
    const clock = virtualClock(0)
    const seen: number[] = []
    const nap = async (...naps: readonly number[]): Promise<void> => {
      for (const ms of naps) {
        await clock.sleep(ms)
        seen.push(clock.now())
      }
    }
    await Promise.all([nap(10, 10), nap(5, 10)])
    expect(seen).toEqual([5, 10, 15, 20])
  })
  it('lets a day go by in no time', async () => {
    const startedMs = performance.now()
    await virtualClock(0).sleep(86_400_000)
    expect(performance.now() - startedMs).toBeLessThan(1000)
  })
})

it('time sped up goes by as many times as fast as real time', async () => {
  const clock = scaledClock(5000, 100)
  expect(clock.now()).toBeGreaterThanOrEqual(5000)
  const realMs = performance.now()
  const fromMs = clock.now()
  await clock.sleep(2000)
  const tookMs = performance.now() - realMs
  expect(tookMs).toBeLessThan(1500)
  expect(clock.now() - fromMs).toBeGreaterThanOrEqual(1900)
})
