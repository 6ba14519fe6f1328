import { createColors } from 'picocolors'
import { shownMax, type Diagnostic } from './diagnostic.ts'

/**
 * One diagnostic with its line of the source and a caret:
 *
 *     error[RB0122]: unknown key 'adress' in 'hosts.m1'
 *       ┌─ dtr-ha.yml:4:9
 *      4│   m1: { adress: 198.51.100.11 }
 *       │         ^^^^^^
 *       = help: did you mean 'address'?
 *       = docs: runbook explain RB0122
 */
export function renderDiagnostic(diagnostic: Diagnostic, isColoured: boolean): string {
  const { bold, cyan, red, yellow } = createColors(isColoured)
  const paint = { error: red, warning: yellow, note: cyan }[diagnostic.severity]
  const { severity, code, message, file, line, column, help, excerpt } = diagnostic
  const gutter = ' '.repeat(Math.max(2, String(line).length))
  const place = line === 0 ? file : `${file}:${line}:${column}`
  const out = [
    `${bold(paint(`${severity}[${code}]`))}${bold(`: ${message}`)}`,
    `${gutter}${cyan('┌─')} ${place}`,
  ]
  if (excerpt !== '') {
    const { text, from, length } = windowOf(diagnostic)
    out.push(`${cyan(`${String(line).padStart(gutter.length)}│`)} ${text}`)
    out.push(`${gutter}${cyan('│')} ${' '.repeat(from)}${paint('^'.repeat(length))}`)
  }
  if (help !== undefined) out.push(`${gutter}${cyan('=')} help: ${help}`)
  out.push(`${gutter}${cyan('=')} docs: runbook explain ${code}`)
  return out.join('\n')
}

/** All of a file, at most twenty in full, and a line with the counts. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], isColoured: boolean): string {
  const shown = worstFirst(diagnostics).map(diagnostic => renderDiagnostic(diagnostic, isColoured))
  const more = diagnostics.length - shown.length
  return [...shown, `${countLine(diagnostics)}${more > 0 ? `; ${more} more not shown` : ''}`].join('\n\n')
}

/** '2 errors, 1 warning' or 'no problems'. */
export function countLine(diagnostics: readonly Diagnostic[]): string {
  const counts = (['error', 'warning', 'note'] as const).flatMap(severity => {
    const count = diagnostics.filter(one => one.severity === severity).length
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? '' : 's'}`]
  })
  return counts.length === 0 ? 'no problems' : counts.join(', ')
}

/** When not all fit, errors are shown before the rest; by line within. */
function worstFirst(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  if (diagnostics.length <= shownMax) return diagnostics
  const kept = new Set(
    (['error', 'warning', 'note'] as const)
      .flatMap(severity => diagnostics.filter(one => one.severity === severity))
      .slice(0, shownMax),
  )
  return diagnostics.filter(one => kept.has(one))
}

/** The excerpt with tabs and control characters as one column each, and where in it the caret stands. */
function windowOf({ excerpt, excerptColumn, column, endColumn }: Diagnostic): {
  text: string
  from: number
  length: number
} {
  const text = excerpt.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
  const from = column - excerptColumn
  return { text, from, length: Math.max(1, Math.min(endColumn - column, text.length - from)) }
}
