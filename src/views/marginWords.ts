import type { Margin } from '../plan/quorum.ts'

/** One cell of the quorum timeline: `3/3 (1) low 2`. */
export function cell(low: Margin | undefined, after: Margin | undefined): string {
  if (after === undefined || after.members === 0) return '-'
  const settled = `${share(after)} (${after.spare})`
  // Growing from below is what a join does and says nothing; falling below the end is what a reader must see.
  return low !== undefined && low.members >= after.members && low.up < after.up
    ? `${settled} low ${low.up}`
    : settled
}

/** '2/3'. */
export function share(margin: Margin): string {
  return `${margin.up}/${margin.members}`
}

/** 'can lose 1', 'majority is lost'. */
export function spareWords(margin: Margin): string {
  if (margin.members === 0) return 'does not exist'
  return margin.spare < 0 ? 'majority is lost' : `can lose ${margin.spare}`
}
