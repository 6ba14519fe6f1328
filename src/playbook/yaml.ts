import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type YAMLError,
} from 'yaml'
import { linesOf, positionOf, type Lines } from './lines.ts'
import type { Placed, Range } from './placed.ts'
import type { Problem } from './problem.ts'

/** Nodes that aliases may add to what is written; a playbook that shares a few maps needs some hundreds. */
const aliasedNodesMax = 20_000
const depthMax = 64
const plainTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map(name => `tag:yaml.org,2002:${name}`),
)

export interface Parsed {
  /** Absent when the text is no YAML at all, or means nothing. */
  readonly root?: Placed
  readonly problems: readonly Problem[]
}

/**
 * One YAML 1.2 document as values with places. Stricter than YAML: no duplicate keys, unknown tags, cycles, alias bombs,
 * directives, further documents, numbers with leading zeros. Never throws and ends in time linear in the text.
 */
export function parseYaml(text: string): Parsed {
  if (text.trim() === '')
    return {
      problems: [
        { code: 'RB0105', message: 'the file is empty', range: { start: 0, end: 0 }, help: emptyHelp },
      ],
    }
  const directive = directiveIn(text)
  if (directive !== undefined) return { problems: [directive] }
  const document = parseDocument(text, {
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
    logLevel: 'silent',
  })
  const lines = linesOf(text)
  const syntax = syntaxProblems(document, lines)
  if (syntax.length > 0) return { problems: syntax }
  if (document.contents === null)
    return {
      problems: [
        {
          code: 'RB0105',
          message: 'the file has nothing but comments',
          range: { start: 0, end: 0 },
          help: emptyHelp,
        },
      ],
    }
  return walk(document, text, lines)
}

const emptyHelp = "start with 'runbook: 1'; `playbooks/minimal.yml` is a whole example"

function directiveIn(text: string): Problem | undefined {
  const found = /^(?:\uFEFF)?(?:[ \t]*(?:#.*)?\r?\n)*(%[^\r\n]*)/.exec(text)
  if (found?.[1] === undefined) return undefined
  const start = found[0].length - found[1].length
  return {
    code: 'RB0108',
    message: `directive '${found[1].trim()}': a playbook is YAML 1.2 and takes no directives`,
    help: /^%YAML\s+1\.1/.test(found[1])
      ? "delete the line; in YAML 1.1 'no', '0644' and '12:30' mean other things than they seem to"
      : 'delete the line',
    range: { start, end: found[0].length },
  }
}

function syntaxProblems(document: Document, textLines: Lines): Problem[] {
  const errors = document.errors
  const exhausted = errors.find(error => error.code === 'RESOURCE_EXHAUSTION')
  if (exhausted !== undefined) return [tooDeep(rangeOf(exhausted))]
  const several = errors.find(error => error.code === 'MULTIPLE_DOCS')
  if (several !== undefined) {
    return [
      {
        code: 'RB0107',
        message: 'a second document begins here',
        help: "one file is one playbook: delete the '---' or split the file",
        range: rangeOf(several),
      },
    ]
  }
  // One slip often makes the parser stumble over all that follows: only the first of a line is of use.
  const lines = new Set<number>()
  return errors.flatMap(error => {
    const { line } = positionOf(textLines, error.pos[0])
    if (lines.has(line) || lines.size >= 20) return []
    lines.add(line)
    if (error.code === 'NON_STRING_KEY') {
      return [
        {
          code: 'RB0117',
          message: 'a key is no plain word',
          help: 'keys are words; write `key: value`',
          range: rangeOf(error),
        },
      ]
    }
    return [
      {
        code: 'RB0106',
        message: `not YAML: ${lowerFirst(error.message)}`,
        help: syntaxHelp(error),
        range: rangeOf(error),
      },
    ]
  })
}

function syntaxHelp(error: YAMLError): string {
  const helps: { [code: string]: string } = {
    TAB_AS_INDENT: 'indent with spaces',
    BAD_SCALAR_START: 'quote the value',
    BLOCK_AS_IMPLICIT_KEY: "one 'key: value' a line; quote a value that holds ': '",
    MISSING_CHAR: 'close the quote or bracket',
    BAD_INDENT: 'indent what belongs together by the same number of spaces',
  }
  return helps[error.code] ?? 'look at this line and the one above it'
}

function walk(document: Document, text: string, lines: Lines): Parsed {
  const problems: Problem[] = []
  const anchors = new Map<string, Node>()
  const made = new Map<Node, { placed: Placed; size: number }>()
  const open = new Set<Node>()
  const budget = { aliased: 0, isSpent: false }

  const report = (code: string, range: Range, message: string, help: string) => {
    problems.push({ code, range, message, help })
  }
  const scalar = (value: unknown, range: Range): { placed: Placed; size: number } => ({
    placed: { value, range },
    size: 1,
  })

  function visit(node: Node | null, near: Range, depth: number): { placed: Placed; size: number } {
    if (node === null) return scalar(null, near)
    const range = nodeRange(node, near)
    if (isAlias(node)) return follow(node.source, range, depth)
    if (depth > depthMax) {
      if (!budget.isSpent) problems.push(tooDeep(range))
      budget.isSpent = true
      return scalar(null, range)
    }
    const known = made.get(node)
    if (known !== undefined) return known
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
    if (node.tag !== undefined && !plainTags.has(node.tag)) {
      const start = Math.max(0, text.lastIndexOf('!', range.start))
      report(
        'RB0110',
        { start, end: range.start },
        `unknown tag ${node.tag}`,
        'delete the tag; a playbook is plain data',
      )
    }
    open.add(node)
    const result = isMap(node)
      ? map(node.items as Pair<Node, Node | null>[], range, depth)
      : isSeq(node)
        ? list(node.items as (Node | null)[], range, depth)
        : leaf(node, range)
    open.delete(node)
    made.set(node, result)
    return result
  }

  function follow(name: string, range: Range, depth: number): { placed: Placed; size: number } {
    const target = anchors.get(name)
    if (target === undefined) {
      report(
        'RB0113',
        range,
        `alias *${name} without an anchor &${name} above it`,
        `put '&${name}' before the value it shall repeat, or write the value out`,
      )
      return scalar(null, range)
    }
    if (open.has(target)) {
      report(
        'RB0111',
        range,
        `alias *${name} stands inside the value it repeats`,
        'write the value out; a playbook cannot contain itself',
      )
      return scalar(null, range)
    }
    const result = visit(target, range, depth)
    budget.aliased += result.size
    if (budget.aliased > aliasedNodesMax && !budget.isSpent) {
      budget.isSpent = true
      report(
        'RB0112',
        range,
        `aliases blow the file up to more than ${aliasedNodesMax} values`,
        'write the values out, or share smaller ones',
      )
    }
    return budget.isSpent ? scalar(null, range) : result
  }

  function list(items: (Node | null)[], range: Range, depth: number): { placed: Placed; size: number } {
    const children = items.map(item => visit(item, range, depth + 1))
    const placed = {
      value: children.map(child => child.placed.value),
      range,
      items: children.map(child => child.placed),
    }
    return { placed, size: children.reduce((sum, child) => sum + child.size, 1) }
  }

  function map(
    pairs: Pair<Node, Node | null>[],
    range: Range,
    depth: number,
  ): { placed: Placed; size: number } {
    const own = new Map<string, { key: Range; node: Placed }>()
    const merged = new Map<string, { key: Range; node: Placed }>()
    let size = 1
    for (const pair of pairs) {
      const keyRange = nodeRange(pair.key, range)
      const key = isScalar(pair.key) ? keyText(pair.key.value) : undefined
      if (key === undefined) {
        report('RB0117', keyRange, 'a key is no plain word', 'keys are words; write `key: value`')
        continue
      }
      const child = visit(pair.value, keyRange, depth + 1)
      size += child.size
      if (key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN') {
        const sources = child.placed.items ?? [child.placed]
        for (const source of sources) {
          if (source.members === undefined)
            report(
              'RB0116',
              keyRange,
              "'<<' takes a map, or a list of maps",
              'give it an alias of a map, as in `<<: *defaults`',
            )
          for (const [name, member] of source.members ?? []) if (!merged.has(name)) merged.set(name, member)
        }
        continue
      }
      const before = own.get(key)
      if (before !== undefined) {
        report(
          'RB0109',
          keyRange,
          `key '${key}' stands here twice; first on line ${positionOf(lines, before.key.start).line}`,
          'keep one of the two',
        )
        continue
      }
      own.set(key, { key: keyRange, node: child.placed })
    }
    for (const [name, member] of merged) if (!own.has(name)) own.set(name, member)
    const value = {}
    for (const [name, member] of own) {
      Object.defineProperty(value, name, {
        value: member.node.value,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
    return { placed: { value, range, members: own }, size }
  }

  function leaf(node: Node, range: Range): { placed: Placed; size: number } {
    const value: unknown = isScalar(node) ? node.value : null
    const written = text.slice(range.start, range.end)
    if (isScalar(node) && node.type === 'PLAIN' && /^[-+]?0\d+$/.test(written)) {
      report(
        'RB0114',
        range,
        `${written} is read as the number ${String(value)}`,
        `quote it ('${written}') when the zero belongs to it; write ${String(value)} when it does not`,
      )
    }
    if (isScalar(node) && node.type === 'PLAIN' && /^(?:yes|no|on|off)$/i.test(written)) {
      report(
        'RB0115',
        range,
        `${written} is a text in YAML 1.2, not a truth value`,
        `write true or false, or quote it ('${written}') when the text is meant`,
      )
    }
    return scalar(value, range)
  }

  const { placed } = visit(document.contents, { start: 0, end: 0 }, 0)
  return budget.isSpent ? { problems } : { root: placed, problems }
}

/** With `stringKeys` every key is a text, and an empty one is null. */
function keyText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function tooDeep(range: Range): Problem {
  return {
    code: 'RB0118',
    message: `nested more than ${depthMax} deep`,
    help: 'a playbook needs five levels; look for brackets that are never closed',
    range,
  }
}

function nodeRange(node: Node | null | undefined, near: Range): Range {
  const range = node?.range
  return range ? { start: range[0], end: Math.max(range[0], range[1]) } : near
}

function rangeOf(error: YAMLError): Range {
  return { start: error.pos[0], end: error.pos[1] }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
