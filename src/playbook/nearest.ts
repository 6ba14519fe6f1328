import { distance } from 'fastest-levenshtein'

/** The candidate most like `word`, when it is like enough to be meant; case does not count. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase()
  const allowed = Math.max(1, Math.floor(word.length / 3))
  let best: { candidate: string; apart: number } | undefined
  for (const candidate of candidates) {
    const apart = apartBy(lower, candidate.toLowerCase())
    if (apart <= allowed && (best === undefined || apart < best.apart)) best = { candidate, apart }
  }
  return best?.candidate
}

/** Letters in another order are one slip of the fingers, however many a plain edit distance would count. */
function apartBy(a: string, b: string): number {
  const letters = (word: string) => Array.from(word).sort().join('')
  return a !== b && letters(a) === letters(b) ? 1 : distance(a, b)
}

/** 'did you mean …' with the nearest, else all that there is, capped. */
export function suggestion(word: string, candidates: readonly string[], what: string): string {
  const near = nearest(word, candidates)
  if (near !== undefined) return `did you mean '${near}'?`
  if (candidates.length === 0) return `there is no ${what}`
  const shown = candidates.slice(0, 12).join(', ')
  return `${what}: ${shown}${candidates.length > 12 ? `, and ${candidates.length - 12} more` : ''}`
}
