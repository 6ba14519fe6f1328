import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair } from 'yaml'
import { positionOf, type Lines } from './lines.ts'
import type { Placed, Range } from './placed.ts'
import type { Problem } from './problem.ts'
import { depthMax, notAWord, tooDeep } from './syntax.ts'

/** Nodes that aliases may add to what is written; a playbook that shares a few maps needs some hundreds. */
const aliasedNodesMax = 20_000
/** A file with more is not a playbook with mistakes but something else. */
const problemsMax = 1000
const plainTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map(name => `tag:yaml.org,2002:${name}`),
)

export interface Parsed {
  /** Absent when the text is no YAML at all, or means nothing. */
  readonly root?: Placed
  readonly problems: readonly Problem[]
}

/** Values with places, and what a playbook refuses though it is YAML. The document must be free of syntax errors. */
export function walk(document: Document, text: string, lines: Lines): Parsed {
  const problems: Problem[] = []
  const anchors = new Map<string, Node>()
  const made = new Map<Node, { placed: Placed; size: number }>()
  const open = new Set<Node>()
  const budget = { aliased: 0, isSpent: false }

  const report = (code: string, range: Range, message: string, help: string) => {
    if (!budget.isSpent && problems.length < problemsMax) problems.push({ code, range, message, help })
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
      report(
        'RB0112',
        range,
        `aliases blow the file up to more than ${aliasedNodesMax} values`,
        'write the values out, or share smaller ones',
      )
      budget.isSpent = true
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
        problems.push(notAWord(keyRange))
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

function nodeRange(node: Node | null | undefined, near: Range): Range {
  const range = node?.range
  return range ? { start: range[0], end: Math.max(range[0], range[1]) } : near
}
