import type { Exit } from './fact.ts'

/**
 * What a host can make of the answer to a question by itself, so that it may go on without us. Patterns as in the shell's `case`
 * (`*`, `?`, `[…]`) over `CODE|OUTPUT|FIRST LINE OF ERRORS`, the output without line ends at its end.
 *
 * It only ever says less than the fact's own parser, which has the last word on every answer: a test holds each to that.
 */
export interface Telling {
  /** Matches nothing but answers in which the check holds. */
  readonly holds: string
  /** Match nothing but answers that tell something, whether or not the check holds. Tried after `holds`. */
  readonly known: readonly [string, string]
  /** A look that takes no time, like that at one path: it is asked without a time limit of its own. */
  readonly quick?: true
}

export type Told = 'holds' | 'lacks' | 'unknown'

/** What the host would make of this answer. An end by a time limit tells nothing. */
export function judge({ holds, known }: Telling, { code, stdout, stderr, timedOut }: Exit): Told {
  if (code === undefined || timedOut || code === 124 || code === 137) return 'unknown'
  const text = `${code}|${stdout.replace(/\n+$/, '')}|${stderr.split('\n')[0] ?? ''}`
  if (fits(holds, text)) return 'holds'
  return known.some(pattern => fits(pattern, text)) ? 'lacks' : 'unknown'
}

/** Text that stands for itself in a pattern. Undefined: it has a backslash, which shells do not agree on. */
export function literal(text: string): string | undefined {
  return /[\\\u0000]/.test(text) ? undefined : text.replaceAll(/[*?[]/g, char => `[${char}]`)
}

const compiled = new Map<string, RegExp>()

function fits(pattern: string, text: string): boolean {
  let found = compiled.get(pattern)
  if (found === undefined) {
    const source = pattern.replaceAll(
      /\*|\?|\[(!?)([^\]]+)\]|[^A-Za-z0-9]/g,
      (piece, not?: string, set?: string) => {
        if (piece === '*') return '.*'
        if (piece === '?') return '.'
        return set === undefined
          ? `\\u{${(piece.codePointAt(0) ?? 0).toString(16)}}`
          : `[${not === '!' ? '^' : ''}${set.replaceAll('[', '\\[')}]`
      },
    )
    found = new RegExp(`^${source}$`, 'su')
    if (compiled.size > 10_000) compiled.clear()
    compiled.set(pattern, found)
  }
  return found.test(text)
}
