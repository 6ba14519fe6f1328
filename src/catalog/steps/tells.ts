import type { Json } from '../../plan/step.ts'
import { literal, type Telling } from '../../plan/telling.ts'

/** Nothing is at the path: what `stat` says in the only words that count as that. */
const ABSENT = '[!0]||*No such file or directory*'
const SUM = '[0-9a-f]'.repeat(64)
const MEMBERS = new Set(['kind', 'mode', 'owner', 'group', 'sha256', 'same'])

/** What `stat` says of a path and what follows it, as a pattern: `{}` for whatever is there. Undefined: it cannot be put so. */
export function pathTells(is: Json, quick: boolean): Telling | undefined {
  if (is === null)
    return telling(ABSENT, [quick ? '0|*|[0-7]*|?*|?*|*' : `0|regular*|[0-7]*|?*|?*\n${SUM}  -|*`, ''], quick)
  if (typeof is !== 'object' || Array.isArray(is)) return undefined
  const wanted = is as { readonly [name: string]: Json }
  if (Object.entries(wanted).some(([name, value]) => !MEMBERS.has(name) || !isSayable(value)))
    return undefined
  const kind = wanted['kind'] ?? 'any'
  const type = typeof kind === 'string' ? TYPES[kind] : undefined
  const rest = restOf(wanted)
  if (type === undefined || rest === undefined) return undefined
  // With a text to compare it is a file's, and without one nothing is read.
  if (quick ? rest !== '' : rest === '' || kind !== 'file') return undefined
  const mode = octal(wanted['mode'])
  const words = [type, mode, ...['owner', 'group'].map(name => word(wanted[name]))]
  if (words.includes(undefined)) return undefined
  // What stands behind a file's line has been read whole, or the command has not ended with 0.
  const known = quick ? '0|*|[0-7]*|?*|?*|*' : `0|regular*|[0-7]*|?*|?*\n${KNOWN_REST[restKind(wanted)]}`
  return telling(`0|${words.join('|')}${quick ? '' : '\n'}${rest}|*`, [known, ABSENT], quick)
}

const TYPES: { readonly [kind: string]: string } = { any: '*', file: 'regular*', directory: 'directory' }
const KNOWN_REST = { sha256: `${SUM}  -|*`, same: '[os][ta][hm]*|*' } as const

function restKind(wanted: { readonly [name: string]: Json }): 'sha256' | 'same' {
  return 'same' in wanted ? 'same' : 'sha256'
}

function restOf(wanted: { readonly [name: string]: Json }): string | undefined {
  const { sha256, same } = wanted
  if (same !== undefined) return same === true ? 'same' : undefined
  if (sha256 === undefined) return ''
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? `${sha256}  -` : undefined
}

function octal(mode: Json | undefined): string | undefined {
  if (mode === undefined) return '[0-7]*'
  return typeof mode === 'string' && /^[0-7]{4}$/.test(mode) ? mode.replace(/^0+(?=\d)/, '') : undefined
}

function word(name: Json | undefined): string | undefined {
  if (name === undefined) return '?*'
  return typeof name === 'string' && name !== '' && !name.includes('|') ? literal(name) : undefined
}

function isSayable(value: Json): boolean {
  return typeof value === 'string' || typeof value === 'boolean'
}

function telling(holds: string, known: readonly [string, string], quick: boolean): Telling {
  return { holds, known, ...(quick && { quick: true as const }) }
}

/** Ends with this code, and says this where it is to say something. */
export function commandTells(args: Json | undefined, is: Json): Telling | undefined {
  if (typeof is !== 'object' || is === null || Array.isArray(is)) return undefined
  const { exit, output, ...more } = is as { readonly [name: string]: Json }
  if (typeof exit !== 'number' || Object.keys(more).length > 0) return undefined
  const known = ['[0-9]*|*', ''] as const
  if (output === undefined) return { holds: `${exit}|*`, known }
  const hasOutput = typeof args === 'object' && args !== null && 'output' in args
  // An answer that was cut is for the parser.
  if (typeof output !== 'string' || !hasOutput || output === '' || output.length > 1_000) return undefined
  const text = literal(output)
  return text === undefined ? undefined : { holds: `${exit}|${text}|*`, known }
}
