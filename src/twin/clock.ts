/** Virtual time: sleeping costs nothing, and the order of wake-ups is always the same. */
export interface VirtualClock {
  now(): number
  sleep(ms: number): Promise<void>
}

/** Time that leaps to the next wake-up as soon as nothing else is left to do. */
export function virtualClock(startMs: number): VirtualClock {
  let nowMs = startMs
  let count = 0
  let scheduled = false
  const sleepers: { readonly atMs: number; readonly order: number; readonly wake: () => void }[] = []
  const leap = (): void => {
    scheduled = false
    sleepers.sort((a, b) => a.atMs - b.atMs || a.order - b.order)
    const next = sleepers.shift()
    if (!next) return
    nowMs = Math.max(nowMs, next.atMs)
    next.wake()
    schedule()
  }
  const schedule = (): void => {
    if (scheduled || sleepers.length === 0) return
    scheduled = true
    // After every promise that can go on has gone on.
    setImmediate(leap)
  }
  return {
    now: () => nowMs,
    sleep: ms =>
      new Promise(resolve => {
        sleepers.push({ atMs: nowMs + ms, order: count++, wake: resolve })
        schedule()
      }),
  }
}

/** Real time sped up, for a demonstration that one can watch: `factor` virtual seconds go by in a real one. */
export function scaledClock(startMs: number, factor: number): VirtualClock {
  const bornMs = performance.now()
  return {
    now: () => Math.round(startMs + (performance.now() - bornMs) * factor),
    sleep: ms => new Promise(resolve => setTimeout(resolve, ms / factor)),
  }
}
