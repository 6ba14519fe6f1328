import type { Value } from '../../plan/step.ts'
import type { Plain, Words } from '../../playbook/steps.ts'
import { type Language, type Result, SecretMark, shown, toResult } from './expression.ts'
import { Mistake } from './mistake.ts'
import type { Scope } from './scope.ts'

/** A text in pieces: what stands as it is, and the expressions between `${{` and `}}`. */
export type Piece = string | { readonly expression: string }

type Path = Mistake['path']

/** Takes a text apart. @throws Mistake when a `${{` has no `}}` */
export function piecesOf(words: Words, path: Path): readonly Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (;;) {
    const open = words.indexOf('${{', at)
    if (open < 0) {
      if (at < words.length) pieces.push(words.slice(at))
      return pieces
    }
    if (open > at) pieces.push(words.slice(at, open))
    const close = closing(words, open + 3)
    if (close < 0)
      throw new Mistake(
        'RB0904',
        path,
        `'\${{' without '}}' in '${shown(words.slice(open))}'`,
        'a text that shall hold \'${{\' is written ${{ "${{" }}',
      )
    pieces.push({ expression: words.slice(open + 3, close).trim() })
    at = close + 2
  }
}

/** Where the `}}` stands that closes; those in texts and those of maps do not. -1: nowhere. */
function closing(words: string, from: number): number {
  let depth = 0
  let quote: string | undefined
  for (let at = from; at < words.length; at++) {
    const char = words[at]
    if (quote !== undefined) {
      if (char === '\\') at += 1
      else if (char === quote) quote = undefined
    } else if (char === '"' || char === "'") quote = char
    else if (char === '{') depth += 1
    else if (char === '}') {
      if (depth === 0 && words[at + 1] === '}') return at
      depth = Math.max(0, depth - 1)
    }
  }
  return -1
}

/** Reads what a step says for one host. All throw Mistake, or Undecided when the machine is not known. */
export interface Reader {
  readonly scope: Scope
  text(words: Words, path: Path): string
  /** The only way in for secrets, which stay references. */
  value(words: Words, path: Path): Value
  /** A word that is one `${{ … }}` giving a list is taken as its items. */
  list(words: readonly Words[], path: Path): readonly string[]
  number(words: Words | number, path: Path): number
  plain(value: Plain, path: Path): Result
  condition(source: string, path: Path): boolean
}

export function readerOf(language: Language, scope: Scope): Reader {
  const evaluate = (source: string, path: Path): Result =>
    at(path, () => toResult(language.evaluate(source, scope), source, path))
  const result = (words: Words, path: Path): Result | readonly (string | SecretMark)[] => {
    const pieces = piecesOf(words, path)
    const [only] = pieces
    if (pieces.length === 1 && typeof only === 'object') return evaluate(only.expression, path)
    return pieces.map(piece => {
      if (typeof piece === 'string') return piece
      const part = evaluate(piece.expression, path)
      if (part instanceof SecretMark) return part
      if (typeof part === 'object')
        throw new Mistake(
          'RB0905',
          path,
          `'${shown(piece.expression)}' is a list, and stands inside a text`,
          'join it: list.join(", ")',
        )
      return String(part)
    })
  }
  const value = (words: Words, path: Path): Value => {
    if (!words.includes('${{')) return words
    const got = result(words, path)
    if (got instanceof SecretMark) return { secret: got.reference }
    if (typeof got !== 'object') return String(got)
    if (isLone(words, path))
      throw new Mistake(
        'RB0905',
        path,
        `'${shown(words)}' is a list, and one text is wanted`,
        'join it: list.join(", ")',
      )
    const parts = got as readonly (string | SecretMark)[]
    if (parts.every(part => typeof part === 'string')) return parts.join('')
    return { join: parts.map(part => (typeof part === 'string' ? part : { secret: part.reference })) }
  }
  const text = (words: Words, path: Path): string => {
    const got = value(words, path)
    if (typeof got === 'string') return got
    throw new Mistake(
      'RB0906',
      path,
      'a secret cannot stand here, where it would be seen by others',
      "secrets may stand in a command's env and stdin, in a file's content and in a template's variables",
    )
  }
  return {
    scope,
    text,
    value,
    list: (words, path) =>
      words.flatMap((word, i) => {
        const here = [...path, i]
        if (!isLone(word, here)) return [text(word, here)]
        const got = result(word, here)
        return Array.isArray(got) ? (got as Plain[]).map(String) : [text(word, here)]
      }),
    number(words, path) {
      const got = typeof words === 'number' ? words : result(words, path)
      const meant = typeof got === 'string' && /^-?\d+$/.test(got) ? Number(got) : got
      if (typeof meant === 'number' && Number.isInteger(meant)) return meant
      throw new Mistake(
        'RB0905',
        path,
        `'${String(words)}' is no whole number`,
        'write a number, or ${{ }} that gives one',
      )
    },
    plain: (given, path) => {
      if (typeof given !== 'string') return given
      if (isLone(given, path)) return result(given, path) as Result
      const got = value(given, path)
      if (typeof got === 'string') return got
      throw new Mistake(
        'RB0906',
        path,
        'a secret cannot stand inside a text here',
        'give it a variable of its own',
      )
    },
    condition(source, path) {
      const got = at(path, () => language.evaluate(source, scope))
      if (typeof got === 'boolean') return got
      throw new Mistake('RB0904', path, `'${shown(source)}' is no condition: it gives neither true nor false`)
    },
  }
}

/** True when the text is one expression and nothing else. */
export function isLone(words: Words, path: Path): boolean {
  const [only, ...more] = words.startsWith('${{') ? piecesOf(words, path) : ['']
  return more.length === 0 && typeof only === 'object'
}

/** Mistakes of expressions do not know where they stand. */
export function at<T>(path: Path, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof Mistake && error.path.length === 0)
      throw new Mistake(error.code, path, error.message, error.help)
    throw error
  }
}
