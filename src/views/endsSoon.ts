import type { StatusRow } from '../catalog/product.ts'

const DAY_MS = 86_400_000
/** Time enough to get a new certificate signed, or a licence bought. */
const SOON_DAYS = 30

/** A row about something that ends, judged by what time it is: what has ended, or ends soon, is not well. */
export function endsSoon(row: StatusRow, nowMs: number): StatusRow {
  if (row.endsAt === undefined) return row
  const days = Math.floor((Date.parse(row.endsAt) - nowMs) / DAY_MS)
  if (days >= SOON_DAYS) return row
  const when = days < 0 ? `ENDED ${-days} days ago` : `ends in ${days} days`
  return { ...row, state: row.state === 'ok' ? 'degraded' : row.state, detail: `${row.detail}: ${when}` }
}
