import { isAlias, isCollection, isPair, visit, type Document, type YAMLError } from 'yaml'
import { positionOf, type Lines } from './lines.ts'
import type { Range } from './placed.ts'
import type { Problem } from './problem.ts'

/** A playbook needs five levels. */
export const depthMax = 64
const shownMax = 100

/** What the parser refused. Empty: the text is one well-formed document. */
export function syntaxProblems(document: Document, text: string, lines: Lines): readonly Problem[] {
  const { errors } = document
  const [first] = errors
  if (first === undefined) return []
  const several = errors.find(error => error.code === 'MULTIPLE_DOCS')
  if (several !== undefined) {
    const start = several.pos[0]
    return [
      {
        code: 'RB0107',
        message: 'a second document begins here',
        help: "one file is one playbook: delete the '---' or split the file",
        range: { start, end: start + 3 },
      },
    ]
  }
  const deep = tooDeepIn(document)
  if (deep !== undefined || errors.some(error => error.code === 'RESOURCE_EXHAUSTION')) {
    return [tooDeep(deep ?? rangeOf(first))]
  }
  // One slip often makes the parser stumble over all that follows: only the first of a line is of use.
  const openings = errors.some(isUnclosed) ? openingsIn(document, text) : []
  const seen = new Set<number>()
  return errors.slice(0, shownMax).flatMap(error => {
    const range = whereItBegan(error, openings, text)
    const { line } = positionOf(lines, range.start)
    if (seen.has(line)) return []
    seen.add(line)
    if (error.code === 'NON_STRING_KEY') return [notAWord(range)]
    return [
      { code: 'RB0106', message: `not YAML: ${lowerFirst(error.message)}`, help: helpFor(error), range },
    ]
  })
}

export function tooDeep(range: Range): Problem {
  return {
    code: 'RB0118',
    message: `nested more than ${depthMax} deep`,
    help: 'a playbook needs five levels; look for brackets that are never closed',
    range,
  }
}

export function notAWord(range: Range): Problem {
  return {
    code: 'RB0117',
    message: 'a key is no plain word',
    help: 'keys are words; write `key: value`',
    range,
  }
}

function helpFor(error: YAMLError): string {
  if (isUnclosed(error)) return 'close the quote or bracket'
  const helps: { [code: string]: string } = {
    TAB_AS_INDENT: 'indent with spaces',
    BAD_SCALAR_START: 'quote the value',
    BLOCK_AS_IMPLICIT_KEY: "one 'key: value' a line; quote a value that holds ': '",
    BAD_INDENT: 'indent what belongs together by the same number of spaces',
  }
  return helps[error.code] ?? 'look at this line and the one above it'
}

function isUnclosed(error: YAMLError): boolean {
  return error.code === 'MISSING_CHAR' || /end with a [\]}]/.test(error.message)
}

/** What is never closed is noticed where the text ends, and was written where it was opened: the last such opening. */
function whereItBegan(error: YAMLError, openings: readonly number[], text: string): Range {
  const range = rangeOf(error)
  if (!isUnclosed(error)) return range
  const bracket = /end with a ([\]}])/.exec(error.message)?.[1]
  const wanted = bracket === undefined ? '"\'' : bracket === ']' ? '[' : '{'
  const start = openings.findLast(at => at < range.end && wanted.includes(text.charAt(at)))
  return start === undefined ? range : { start, end: start + 1 }
}

/** Where quotes and brackets are opened, in order. Quotes and brackets inside texts are not among them. */
function openingsIn(document: Document, text: string): readonly number[] {
  const found: number[] = []
  visit(document, {
    Node: (_, node) => {
      const at = isAlias(node) ? undefined : node.range?.[0]
      if (at !== undefined && '"\'[{'.includes(text.charAt(at) || ' ')) found.push(at)
    },
  })
  return found.sort((a, b) => a - b)
}

/** The first thing that lies deeper than a playbook may. Not by recursion: the text decides how deep. */
function tooDeepIn(document: Document): Range | undefined {
  const open: { node: unknown; depth: number }[] = [{ node: document.contents, depth: 0 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, depth } = next
    if (isPair(node)) open.push({ node: node.value, depth })
    else if (isCollection(node)) {
      const start = node.range?.[0] ?? 0
      if (depth > depthMax) return { start, end: start + 1 }
      for (const item of node.items) open.push({ node: item, depth: depth + 1 })
    }
  }
  return undefined
}

function rangeOf(error: YAMLError): Range {
  return { start: error.pos[0], end: error.pos[1] }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
