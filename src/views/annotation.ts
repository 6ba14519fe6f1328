import * as overview from './overview.ts'
import type { PlanReport } from './text.ts'

/** One finding or risk at a line of the playbook. */
export interface Annotation {
  /** 'RB0312', or 'risk.irreversible' and the like. */
  readonly code: string
  readonly severity: 'error' | 'warning' | 'note'
  readonly message: string
  readonly help?: string
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  readonly step?: string
}

/** Where each host stands in the playbook, as `file:line:column`. */
export interface Places {
  readonly [host: string]: string
}

/** Findings and risks, the worst first. What has no place of its own is put at the head of the playbook. */
export function annotations(report: PlanReport, playbook: string, places: Places): readonly Annotation[] {
  const rank = { error: 0, warning: 1, note: 2 }
  const found = report.findings.map(({ finding, place }): Annotation => {
    const at = parsePlace(place ?? (finding.host === undefined ? undefined : places[finding.host]), playbook)
    const { code, severity, message, help } = finding
    return { code, severity, message, ...(help !== undefined && { help }), ...at }
  })
  const risky = overview.riskRows(report).map((row): Annotation => {
    // Nothing is wrong with the playbook: a dangerous step is at most a warning at its line.
    const severity = row.severity === 'note' ? 'note' : 'warning'
    return {
      code: `risk.${row.step.opaque === true ? 'opaque' : row.step.risk === 'none' ? 'margin' : row.step.risk}`,
      severity,
      message: `step ${row.number} ${row.step.id} (${row.step.title}): ${row.why}`,
      help: row.guard,
      ...parsePlace(places[row.step.host], playbook),
      step: row.step.id,
    }
  })
  return [...found, ...risky].sort((a, b) => rank[a.severity] - rank[b.severity])
}

function parsePlace(
  place: string | undefined,
  playbook: string,
): { readonly file: string; readonly line: number; readonly column: number } {
  const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(place ?? '') ?? []
  if (file === undefined) return { file: playbook, line: 1, column: 1 }
  return { file, line: Math.max(1, Number(line)), column: Math.max(1, Number(column)) }
}
