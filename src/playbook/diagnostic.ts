import type { Finding } from '../plan/finding.ts'
import { lineText, positionOf, type Lines } from './lines.ts'
import type { Range } from './placed.ts'

/** A problem with its place, as a person or an editor needs it. */
export interface Diagnostic {
  /** 'RB0122'. Never reused. */
  readonly code: string
  readonly severity: Finding['severity']
  /** As the person named it. */
  readonly file: string
  /** From 1. 0: the file as a whole. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
  /** Exclusive, on the same line. */
  readonly endColumn: number
  readonly message: string
  readonly help?: string
  /** The line of the source, or the part of a long one around the place; what looks like a secret is masked. Empty: none. */
  readonly excerpt: string
  /** Column of the excerpt's first character. */
  readonly excerptColumn: number
}

export const shownMax = 20

export function diagnosticAt(
  at: { readonly file: string; readonly source: string; readonly lines: Lines },
  range: Range,
  what: Pick<Diagnostic, 'code' | 'severity' | 'message' | 'help'>,
): Diagnostic {
  const { line, column } = positionOf(at.lines, range.start)
  const text = lineText(at.source, at.lines, line)
  const endColumn = Math.min(
    Math.max(column + range.end - range.start, column + 1),
    Math.max(text.length + 1, column + 1),
  )
  const { code, severity, message, help } = what
  return {
    code,
    severity,
    file: at.file,
    line,
    column,
    endColumn,
    message: plain(message),
    ...(help !== undefined && { help: plain(help) }),
    ...excerptOf(text, column),
  }
}

/** For what is wrong with the file as a whole: it is missing, too big, no text. */
export function diagnosticOfFile(
  file: string,
  what: Pick<Diagnostic, 'code' | 'severity' | 'message' | 'help'>,
): Diagnostic {
  return { ...what, file, line: 0, column: 0, endColumn: 0, excerpt: '', excerptColumn: 1 }
}

/** By place, worst first on the same place, and the same thing at the same place only once. */
export function sorted(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const rank = { error: 0, warning: 1, note: 2 }
  const seen = new Set<string>()
  return diagnostics
    .filter(({ code, line, column, message }) => {
      const key = `${line}:${column} ${code} ${message}`
      return !seen.has(key) && seen.add(key)
    })
    .sort(
      (a, b) =>
        a.line - b.line ||
        a.column - b.column ||
        rank[a.severity] - rank[b.severity] ||
        (a.code < b.code ? -1 : a.code > b.code ? 1 : 0),
    )
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error')
}

/** For `--json`. Everything, not only the first twenty. */
export function diagnosticsJson(diagnostics: readonly Diagnostic[]): object {
  const count = (severity: Diagnostic['severity']) =>
    diagnostics.filter(one => one.severity === severity).length
  return {
    format: 'runbook.diagnostics/1',
    errors: count('error'),
    warnings: count('warning'),
    notes: count('note'),
    diagnostics,
  }
}

const excerptMax = 120

/** Masked before it is cut, since the name of a secret may stand before the cut; not all of it, since a line may have a million characters. */
function excerptOf(line: string, column: number): Pick<Diagnostic, 'excerpt' | 'excerptColumn'> {
  const start = line.length <= excerptMax ? 0 : Math.max(0, Math.min(column - 41, line.length - excerptMax))
  const before = Math.max(0, start - 500)
  const excerpt = masked(line.slice(before, start + excerptMax)).slice(start - before)
  return { excerpt, excerptColumn: start + 1 }
}

/** A secret written out by mistake must not reach a log by way of its own error. */
function masked(line: string): string {
  return line.replace(secretMember, hide).replace(secretFlag, hide)
}

const secretMember =
  /((?:[A-Za-z]{0,40}[Pp]assword|secretKey|accessKey|accountKey|keyFile|key)["']?\s*:\s*)((?!env:|file:|files?\/|[&*]?[\w./-]*\.(?:pem|asc|gpg|key)\b)[^\s,{}][^,}#]*)/g
const secretFlag = /(--[a-z-]{0,40}(?:password|passphrase|key)=)([^'"\s,\]]+)/g

function hide(_: string, name: string, value: string): string {
  return name + '*'.repeat(value.trimEnd().length) + ' '.repeat(value.length - value.trimEnd().length)
}

/** No control characters, and not without end: a playbook must not be able to write to the terminal, nor to fill it. */
function plain(text: string): string {
  const short = text.length > 500 ? `${text.slice(0, 500)}…` : text
  return short.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}
