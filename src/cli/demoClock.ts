import type { VirtualClock } from '../twin/clock.ts'

/**
 * Time for a demonstration: it passes only while somebody waits for it, and then `factor` times as fast as ours. So work
 * that takes us a moment (a handshake, a question) takes no pretended time, and clocks of hosts asked one after the
 * other do not seem to differ.
 */
export function demoClock(startMs: number, factor: number): VirtualClock {
  interface Sleeper {
    readonly atMs: number
    readonly wake: () => void
  }
  const sleepers: Sleeper[] = []
  let baseMs = startMs
  let bornMs = performance.now()
  let timer: NodeJS.Timeout | undefined

  const now = (): number => {
    const next = sleepers[0]
    return next === undefined
      ? baseMs
      : Math.round(Math.min(next.atMs, baseMs + (performance.now() - bornMs) * factor))
  }
  const settle = (ms: number): void => {
    baseMs = ms
    bornMs = performance.now()
    clearTimeout(timer)
    const next = sleepers[0]
    if (next !== undefined) timer = setTimeout(ring, Math.max(0, next.atMs - baseMs) / factor)
  }
  const ring = (): void => {
    const next = sleepers.shift()
    if (next === undefined) return
    settle(next.atMs)
    next.wake()
  }
  return {
    now,
    sleep: ms =>
      new Promise(resolve => {
        const nowMs = now()
        sleepers.push({ atMs: nowMs + Math.max(0, ms), wake: resolve })
        sleepers.sort((a, b) => a.atMs - b.atMs)
        settle(nowMs)
      }),
  }
}
