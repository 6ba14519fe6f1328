import type { Clock } from './world.ts'

/** How often a long transfer says how far it is. */
const EVERY_MS = 5_000

/** Follows one transfer. */
export interface Meter {
  add(bytes: number): void
  end(): void
}

/**
 * Says every few seconds how much has gone, how fast, and how long the rest takes at that rate.
 * @param size of the whole in bytes; undefined when nobody knows
 * @param check called with each piece; what it throws ends the transfer
 */
export function meter(
  size: number | undefined,
  clock: Pick<Clock, 'now'>,
  say: (line: string) => void,
  check: () => void,
): Meter {
  const startMs = clock.now()
  let saidMs = startMs
  let done = 0
  return {
    add(bytes) {
      done += bytes
      check()
      const nowMs = clock.now()
      if (nowMs - saidMs < EVERY_MS) return
      saidMs = nowMs
      say(progressLine(done, size, (nowMs - startMs) / 1000))
    },
    end() {
      const seconds = (clock.now() - startMs) / 1000
      if (seconds >= EVERY_MS / 1000) say(progressLine(done, size, seconds))
    },
  }
}

/** '1.2 GB of 5.0 GB, 83.0 MB/s, 0:46 left'. */
export function progressLine(done: number, size: number | undefined, seconds: number): string {
  const rate = seconds > 0 ? done / seconds : 0
  const left = size === undefined || rate === 0 ? undefined : Math.max(0, Math.round((size - done) / rate))
  return [
    size === undefined ? sizeText(done) : `${sizeText(done)} of ${sizeText(size)}`,
    `${sizeText(rate)}/s`,
    ...(left === undefined ? [] : [`${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')} left`]),
  ].join(', ')
}

/** '1.2 GB': decimal units, as disks and networks are sold. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? String(Math.round(value)) : value.toFixed(1)} ${units[unit] ?? ''}`
}
