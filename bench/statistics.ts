/** The middle of the values, and their ends. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly count: number
}

/** Undefined of nothing. */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const min = sorted[0]
  const max = sorted.at(-1)
  if (min === undefined || max === undefined) return undefined
  const middle = Math.floor(sorted.length / 2)
  const high = sorted[middle] ?? min
  const low = sorted.length % 2 === 1 ? high : (sorted[middle - 1] ?? high)
  return { median: (low + high) / 2, min, max, count: sorted.length }
}

/** '1.23 (1.10-1.50)', or '1.23 (1)' of a single one. */
export function shown(of: Spread | undefined, digits = 2): string {
  if (of === undefined) return ''
  const text = (value: number): string => value.toFixed(digits)
  return of.count === 1 ? `${text(of.median)} (1)` : `${text(of.median)} (${text(of.min)}-${text(of.max)})`
}

/** Least squares on logarithms: 1 is linear growth, 2 quadratic. */
export function growth(points: readonly { readonly size: number; readonly cost: number }[]): number {
  const logs = points.map(({ size, cost }) => [Math.log(size), Math.log(cost)] as const)
  const mean = (pick: (of: readonly [number, number]) => number): number =>
    logs.reduce((sum, one) => sum + pick(one), 0) / logs.length
  const x = mean(one => one[0])
  const y = mean(one => one[1])
  const top = logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0)
  return top / logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
}

/** One line of a table. */
export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
