import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'

/** One value of a foreign file: where it stands, and what it says. */
export interface Leaf {
  /** Keys and indexes from the top. */
  readonly path: readonly (string | number)[]
  /** 'spec.hosts.*.role': indexes as stars. */
  readonly pattern: string
  /** From 1. Of something that an alias repeats: where the alias stands. */
  readonly line: number
  /** A scalar, or all of a part that is taken as one. */
  readonly value: unknown
}

/** What is wrong with a text that is no YAML, with its line. */
export interface Broken {
  readonly line: number
  readonly message: string
}

/** Parts of the file that mean something only as a whole. */
export type IsWhole = (pattern: string) => boolean

/** Every value of one YAML document with its line, in the order of the file. */
export function leavesOf(text: string, isWhole: IsWhole): readonly Leaf[] | Broken {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    logLevel: 'error',
  })
  const [error] = document.errors
  const lineAt = (offset: number): number => lines.linePos(offset).line
  if (error) return { line: lineAt(error.pos[0]), message: error.message }
  const leaves: Leaf[] = []
  const visit = (node: unknown, path: Leaf['path'], depth: number, at?: number): void => {
    if (depth > MOST_DEEP) return
    const line = at ?? lineAt((node as Node | null)?.range?.[0] ?? 0)
    if (isAlias(node)) {
      visit(node.resolve(document), path, depth + 1, line)
      return
    }
    const pattern = path.map(part => (typeof part === 'number' ? '*' : part)).join('.')
    if (isWhole(pattern) || isScalar(node) || node === null) {
      const value: unknown = isScalar(node)
        ? node.value
        : node === null
          ? null
          : (node as Node).toJS(document)
      leaves.push({ path, pattern, line, value })
    } else if (isMap(node)) {
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : ''
        const own = isScalar(pair.key) ? lineAt(pair.key.range?.[0] ?? 0) : line
        const inside = [...path, key]
        const isNested = isMap(pair.value) || isSeq(pair.value)
        visit(
          pair.value,
          inside,
          depth + 1,
          at ??
            (isNested && !isWhole(inside.map(part => (typeof part === 'number' ? '*' : part)).join('.'))
              ? undefined
              : own),
        )
      }
    } else if (isSeq(node)) {
      node.items.forEach((item, i) => {
        visit(item, [...path, i], depth + 1, at)
      })
    }
  }
  visit(document.contents, [], 0)
  return leaves
}

/** Aliases may repeat a part inside itself; nothing real is as deep as this. */
const MOST_DEEP = 40
