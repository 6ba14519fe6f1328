import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { digest } from '../plan/canonical.ts'
import type { Finding } from '../plan/finding.ts'
import type { Digest } from '../plan/step.ts'
import { diagnosticAt, diagnosticOfFile, hasErrors, sorted, type Diagnostic } from './diagnostic.ts'
import { linesOf } from './lines.ts'
import type { ReadLocal } from './local-file.ts'
import { severityOf } from './pages.ts'
import { placeOf, type Placed } from './placed.ts'
import type { Problem } from './problem.ts'
import { resolve } from './resolve.ts'
import { checkShape } from './shape.ts'
import type { Topology } from './topology.ts'
import { parseYaml } from './yaml.ts'

/** 20,000 hosts fit; anything bigger is no playbook. */
export const playbookBytesMax = 2 * 1024 * 1024
const localBytesMax = 1024 * 1024

export interface Loaded {
  /** As the person named it. */
  readonly file: string
  readonly source: string
  /** Everything found, sorted by line. */
  readonly diagnostics: readonly Diagnostic[]
  /** Present only when no diagnostic is an error. */
  readonly topology?: Topology
  /** Of the topology: it changes when the meaning does, not when a comment or the order of hosts does. */
  readonly digest?: Digest
  /** Puts later findings (from facts) to their places in this file. */
  readonly place: (findings: readonly Finding[]) => readonly Diagnostic[]
}

type Rules = (topology: Topology) => readonly Finding[]

/**
 * Reads a playbook and everything beside it that it names. Never throws for what is in the file or that it is missing:
 * that is what the diagnostics are for. `rules` adds the products' findings; they are asked even when there already are
 * errors, so that all problems of a file come in one go.
 */
export function loadPlaybook(path: string, rules: Rules = () => []): Loaded {
  const text = readText(path)
  if (typeof text !== 'string') {
    return {
      file: path,
      source: '',
      diagnostics: [diagnosticOfFile(path, { severity: 'error', ...text })],
      place: findings => findings.map(finding => diagnosticOfFile(path, finding)),
    }
  }
  return readPlaybook(text, path, localReader(dirname(path)), rules)
}

/** The same for a text that is already there. */
export function readPlaybook(source: string, file: string, read: ReadLocal, rules: Rules = () => []): Loaded {
  const at = { file, source, lines: linesOf(source) }
  const { root, problems } = parseYaml(source)
  const shape = root === undefined ? { problems: [] } : checkShape(root, source)
  const isShaped = new Set(shape.problems.map(({ range }) => range.start))
  // That 'no' is a text needs no saying where the schema has already refused it.
  const fromText = problems.filter(({ code, range }) => code !== 'RB0115' || !isShaped.has(range.start))
  const placed = [...fromText, ...shape.problems].map(problem =>
    diagnosticAt(at, problem.range, { ...problem, severity: severityOf(problem.code) }),
  )
  const place = (findings: readonly Finding[]) =>
    sorted(findings.map(finding => diagnosticAt(at, placeOf(root ?? nowhere, finding.path), finding)))
  if (shape.playbook === undefined) return { file, source, diagnostics: sorted(placed), place }
  const { topology, findings } = resolve(shape.playbook, read)
  const diagnostics = sorted([...placed, ...place([...findings, ...rules(topology)])])
  return {
    file,
    source,
    diagnostics,
    place,
    ...(!hasErrors(diagnostics) && { topology, digest: digest(topology) }),
  }
}

const nowhere: Placed = { value: null, range: { start: 0, end: 0 } }

/** Files are named relative to the playbook. */
export function localReader(directory: string): ReadLocal {
  return name => {
    const content = bytesOf(isAbsolute(name) ? name : join(directory, name), localBytesMax)
    return content instanceof Uint8Array ? content : content.why
  }
}

/** The text of a file, or why there is none. */
export function readText(path: string): string | Omit<Problem, 'range'> {
  const content = bytesOf(path, playbookBytesMax)
  if (!(content instanceof Uint8Array)) {
    const { why, detail } = content
    if (why === 'missing')
      return {
        code: 'RB0101',
        message: `there is no file '${path}'`,
        help: 'name a playbook; `playbooks/minimal.yml` is an example',
      }
    if (why === 'too big')
      return {
        code: 'RB0103',
        message: `'${path}' has ${detail}; a playbook has at most ${playbookBytesMax} bytes`,
        help: 'name the playbook, not a log or an archive',
      }
    return {
      code: 'RB0102',
      message: `'${path}' cannot be read: ${detail}`,
      help: 'name a file that you may read',
    }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    const line = new TextDecoder('utf-8').decode(content).split('\uFFFD')[0]?.split('\n').length ?? 1
    const isUtf16 =
      (content[0] === 0xff && content[1] === 0xfe) || (content[0] === 0xfe && content[1] === 0xff)
    return {
      code: 'RB0104',
      message: `'${path}' is not UTF-8${isUtf16 ? ' but UTF-16' : `: the first wrong byte is on line ${line}`}`,
      help: 'save it as UTF-8',
    }
  }
}

function bytesOf(
  path: string,
  bytesMax: number,
): Uint8Array | { readonly why: 'missing' | 'unreadable' | 'too big'; readonly detail: string } {
  let handle: number | undefined
  try {
    // Without O_NONBLOCK a named pipe would hold us for ever.
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = fstatSync(handle)
    if (!stat.isFile())
      return { why: 'unreadable', detail: stat.isDirectory() ? 'it is a directory' : 'it is no regular file' }
    if (stat.size > bytesMax) return { why: 'too big', detail: `${stat.size} bytes` }
    return readFileSync(handle)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { why: 'missing', detail: code }
    return { why: 'unreadable', detail: code === 'EACCES' ? 'permission denied' : code }
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}
