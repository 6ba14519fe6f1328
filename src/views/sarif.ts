import { type Annotation, annotations, type Places } from './annotation.ts'
import { levelWords } from './overview.ts'
import type { PlanReport } from './text.ts'

/** What stands beside the plan in a report file. */
export interface Origin {
  readonly playbook: string
  readonly places: Places
  /** Version of runbook. */
  readonly tool: string
}

/** SARIF 2.1.0 for code scanning: one result per finding and risk, at the line of the playbook it speaks of. */
export function planSarif(report: PlanReport, { playbook, places, tool }: Origin): string {
  const results = annotations(report, playbook, places)
  const rules = [...new Map(results.map(one => [one.code, one])).values()].sort((a, b) =>
    a.code < b.code ? -1 : 1,
  )
  const document = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'runbook',
            semanticVersion: tool,
            rules: rules.map(rule => ({
              id: rule.code,
              shortDescription: {
                text: rule.code.startsWith('risk.') ? 'A step that needs a second look' : rule.message,
              },
              help: { text: `runbook explain ${rule.code}` },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        properties: { plan: report.digest, level: levelWords(report) },
        results: results.map(one => result(one, rules)),
      },
    ],
  }
  return `${JSON.stringify(document, null, 1)}\n`
}

function result(one: Annotation, rules: readonly Annotation[]): object {
  return {
    ruleId: one.code,
    ruleIndex: rules.findIndex(rule => rule.code === one.code),
    level: one.severity,
    message: { text: one.help === undefined ? one.message : `${one.message}. ${one.help}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(one.file) },
          region: { startLine: one.line, startColumn: one.column },
        },
      },
    ],
    // The same risk at another line is still the same risk.
    partialFingerprints: { 'runbook/v1': `${one.code} ${one.step ?? one.message}` },
  }
}

function uriOf(file: string): string {
  return file.split(/[\\/]/).map(encodeURIComponent).join('/')
}
