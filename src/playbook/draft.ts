import { Document, isMap, isPair, isScalar, isSeq, type Node, type Pair, visit, YAMLMap } from 'yaml'
import type { Playbook } from './schema.gen.ts'

/** Something to say about a place of a drafted playbook. */
export interface Remark {
  /** Keys and indexes from the top; a place that is not there puts the remark at the end of the file. */
  readonly path: readonly (string | number)[]
  readonly text: string
  /** Somebody has to decide or find out: it is marked, counted and told of. */
  readonly todo?: true
}

/** A playbook that was made from something else, with what there is to say about it. */
export interface Draft {
  readonly playbook: Playbook
  readonly remarks: readonly Remark[]
  /** Lines at the top: where it comes from. */
  readonly head: readonly string[]
}

/** Order of the sections, as the worked examples have it. */
const sections = [
  'runbook',
  'name',
  'ssh',
  'hosts',
  'docker',
  'ucp',
  'dtr',
  'storage',
  'loadBalancer',
  'absent',
  'accept',
  'steps',
]

/** The playbook as a person would write it: in order, hosts on a line each, remarks where they belong. @param schema path for editors */
export function draftText({ playbook, remarks, head }: Draft, schema: string): string {
  const ordered = Object.fromEntries(
    sections.flatMap(name => {
      const value = (playbook as unknown as { readonly [name: string]: unknown })[name]
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
  const document = new Document(ordered)
  for (const path of [['hosts'], ['dtr', 'replicas']]) flowItems(document.getIn(path))
  visit(document, {
    Seq: (_, node) => {
      if (node.items.every(item => isScalar(item))) node.flow = true
    },
  })
  const left: Remark[] = []
  for (const remark of remarks) if (!place(document, remark)) left.push(remark)
  // The version and the name stand together at the top.
  for (const section of sections.slice(sections.indexOf('ssh'))) {
    const key = pairAt(document, [section])?.key
    if (isScalar(key)) key.spaceBefore = true
  }
  const top = [`yaml-language-server: $schema=${schema}`, ...head].map(line => `# ${line}\n`).join('')
  const end = left.map(remark => `${wrapped(remark)}\n`).join('#\n')
  const body = document.toString({ lineWidth: 0, flowCollectionPadding: true })
  return `${top}${body.replaceAll(/: \[ (.*) \]$/gm, ': [$1]')}${end === '' ? '' : `\n${end}`}`
}

/** `{ address: … }` on one line for each member. */
function flowItems(node: unknown): void {
  if (!isMap(node) && !isSeq(node)) return
  for (const item of node.items) {
    const value: unknown = isPair(item) ? item.value : item
    if (value instanceof YAMLMap) value.flow = true
  }
}

function pairAt(document: Document, path: readonly (string | number)[]): Pair<Node, Node> | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1))
  if (!isMap(parent)) return undefined
  return parent.items.find(pair => isScalar(pair.key) && pair.key.value === path.at(-1)) as
    Pair<Node, Node> | undefined
}

/** Puts the remark before the line it speaks of; inside a line of its own it goes before the whole line. */
function place(document: Document, remark: Remark): boolean {
  for (let { length } = remark.path; length > 0; length--) {
    const path = remark.path.slice(0, length)
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, -1))
    const isInline = (isMap(parent) || isSeq(parent)) && parent.flow === true
    const key = pairAt(document, path)?.key ?? (isSeq(parent) ? document.getIn(path, true) : undefined)
    if (isInline || key === undefined) {
      if (length === remark.path.length && !isInline) return false
      continue
    }
    const node = key as Node
    const before = node.commentBefore
    const text = wrapped(remark).replaceAll(/^#/gm, '')
    node.commentBefore = before === undefined || before === null ? text : `${before}\n${text}`
    return true
  }
  return false
}

const WIDTH = 100

function wrapped({ text, todo }: Remark): string {
  const lines: string[] = []
  let line = todo ? '# TODO' : '#'
  for (const word of text.split(/\s+/)) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = todo ? '#   ' : '#'
    }
    line += ` ${word}`
  }
  return [...lines, line].join('\n')
}
