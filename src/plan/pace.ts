import type { Step } from './step.ts'

/** How long steps of one kind took in earlier runs, as a share of what the catalog takes for typical (`takes.p50Seconds`). */
export interface Pace {
  readonly p50: number
  readonly p90: number
  /** So many steps it was seen of. */
  readonly steps: number
}

/** By kind of step. */
export type Paces = { readonly [kind: string]: Pace }

/** How long one step took, by the same measure. */
export interface Sample {
  readonly kind: string
  readonly share: number
}

/** Fewer say nothing. */
const LEAST_SAMPLES = 3

/** What the samples come to, for each kind that there are enough of. */
export function pacesOf(samples: readonly Sample[]): Paces {
  const byKind = new Map<string, number[]>()
  for (const { kind, share } of samples) byKind.set(kind, [...(byKind.get(kind) ?? []), share])
  return Object.fromEntries(
    [...byKind]
      .filter(([, shares]) => shares.length >= LEAST_SAMPLES)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, shares]) => {
        const sorted = [...shares].sort((a, b) => a - b)
        return [kind, { p50: rank(sorted, 0.5), p90: rank(sorted, 0.9), steps: sorted.length }]
      }),
  )
}

/** The nearest rank: a value that was seen, never one between two. Two decimals. */
function rank(sorted: readonly number[], share: number): number {
  const at = Math.max(0, Math.ceil(share * sorted.length) - 1)
  return Math.round((sorted[at] ?? 0) * 100) / 100
}

/** Seconds that a step takes: as its kind took earlier, where that is known, else as the catalog has it. */
export function takesOf({ kind, takes }: Pick<Step, 'kind' | 'takes'>, paces: Paces = {}): Step['takes'] {
  const pace = Object.hasOwn(paces, kind) ? paces[kind] : undefined
  if (pace === undefined) return takes
  const seconds = (share: number): number => Math.round(takes.p50Seconds * share * 10) / 10
  return { p50Seconds: seconds(pace.p50), p90Seconds: seconds(Math.max(pace.p50, pace.p90)) }
}
