import schema from '../../schemas/drill.schema.json' with { type: 'json' }
import { digest } from '../plan/canonical.ts'
import type { Finding } from '../plan/finding.ts'
import type { Digest } from '../plan/step.ts'
import { diagnosticAt, diagnosticOfFile, sorted, type Diagnostic } from './diagnostic.ts'
import type { DrillFile } from './drill.gen.ts'
import { linesOf } from './lines.ts'
import { severityOf } from './pages.ts'
import { placeOf, type Placed } from './placed.ts'
import { readText } from './read.ts'
import type { Schema } from './schema-at.ts'
import { shapeProblems } from './shape.ts'
import validate from './validateDrill.gen.js'
import { parseYaml } from './yaml.ts'

/** A drill's file as read. `file` is there when every part of it is of the type it should be. */
export interface ReadDrill {
  readonly path: string
  readonly diagnostics: readonly Diagnostic[]
  readonly file?: DrillFile
  /** Of the values: a comment or another order of keys does not change it. */
  readonly digest?: Digest
  /** Puts later findings (hosts that are not in the playbook) to their places. */
  readonly place: (findings: readonly Finding[]) => readonly Diagnostic[]
}

const kind = { schema: schema as unknown as Schema, name: 'drill' }
const nowhere: Placed = { value: null, range: { start: 0, end: 0 } }

/** Reads a drill's file. Never throws for what is in it. */
export function loadDrill(path: string): ReadDrill {
  const text = readText(path)
  if (typeof text === 'string') return readDrill(text, path)
  return {
    path,
    diagnostics: [diagnosticOfFile(path, { severity: 'error', ...text })],
    place: findings => findings.map(finding => diagnosticOfFile(path, finding)),
  }
}

/** The same for a text that is already there. */
export function readDrill(source: string, path: string): ReadDrill {
  const at = { file: path, source, lines: linesOf(source) }
  const { root, problems } = parseYaml(source)
  const isRight = root !== undefined && validate(root.value)
  const shape =
    root === undefined || isRight
      ? { problems: [], isTyped: isRight }
      : shapeProblems(validate.errors ?? [], root, source, kind)
  const diagnostics = sorted(
    [...problems, ...shape.problems].map(problem =>
      diagnosticAt(at, problem.range, { ...problem, severity: severityOf(problem.code) }),
    ),
  )
  const place = (findings: readonly Finding[]) =>
    sorted(findings.map(finding => diagnosticAt(at, placeOf(root ?? nowhere, finding.path), finding)))
  if (root === undefined || !shape.isTyped) return { path, diagnostics, place }
  const file = root.value as DrillFile
  return { path, diagnostics, place, file, digest: digest(file) }
}
