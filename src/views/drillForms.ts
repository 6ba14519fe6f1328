import type { DrillReport } from './drillReport.ts'
import { figureRows, metWords, resultWords, time } from './drillWords.ts'
import type { Paint } from './layout.ts'

/** The end of a drill at the terminal: result, objectives, figures, findings. */
export function drillText(report: DrillReport, paint: Paint): string {
  const wide = Math.max(...report.objectives.map(one => one.objective.length), 14)
  const objectives = report.objectives.map(one => {
    const line = `  ${one.objective.padEnd(wide)}  ${metWords(one.met).padEnd(8)}  ${time(one.seconds)} of ${time(one.targetSeconds)}`
    return one.met === true ? paint.green(line) : one.met === false ? paint.red(line) : paint.yellow(line)
  })
  const figures = figureRows(report).map(
    ([name, value, words]) => `  ${name.padEnd(wide)}  ${value.padEnd(14)}  ${words}`,
  )
  const findings = report.findings.map(one => `  - ${one}`)
  return [
    `${paint.bold(report.title)}: ${resultWords(report)} (${report.mode})`,
    ...(objectives.length > 0 ? ['Objectives', ...objectives] : []),
    'Measured',
    ...figures,
    ...(findings.length > 0 ? ['Findings', ...findings] : []),
    '',
  ].join('\n')
}

/** The drill as a test suite: one case a phase, one an objective. */
export function drillJunit(report: DrillReport): string {
  const cases = [
    ...report.phases.map(({ id, title, outcome, seconds, detail }) => ({
      name: `phase ${id}: ${title}`,
      seconds: seconds ?? 0,
      failure: outcome === 'failed' ? (detail ?? 'failed') : undefined,
      skipped: outcome === 'stopped' || outcome === 'not executed' ? outcome : undefined,
    })),
    ...report.objectives.map(({ objective, seconds, targetSeconds, met }) => ({
      name: objective,
      seconds: seconds ?? 0,
      failure: met === false ? `${time(seconds)}, and ${time(targetSeconds)} were allowed` : undefined,
      skipped: met === null ? 'could not be told' : undefined,
    })),
  ]
  const body = cases.map(({ name, seconds, failure, skipped }) => {
    const inner =
      failure !== undefined
        ? `<failure message="${xml(failure)}"/>`
        : skipped !== undefined
          ? `<skipped message="${xml(skipped)}"/>`
          : ''
    return `  <testcase classname="${xml(report.name)}" name="${xml(name)}" time="${seconds}">${inner}</testcase>`
  })
  const failures = cases.filter(one => one.failure !== undefined).length
  const skipped = cases.filter(one => one.skipped !== undefined).length
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="${xml(`drill ${report.name} (${report.mode})`)}" tests="${cases.length}" failures="${failures}" skipped="${skipped}" timestamp="${report.startedAt}">
${body.join('\n')}
</testsuite>
`
}

/** Columns of the register, for a spreadsheet or a risk tool. */
const columns = [
  ...['id', 'name', 'mode', 'outcome', 'passed', 'started', 'ended', 'by'],
  ...['rto_pull_s', 'rto_push_s', 'rto_metadata_s', 'redundancy_s', 'rpo_images_s', 'rpo_metadata_s'],
  ...['lost', 'detection_s', 'decision_s', 'work_s', 'file_sha256', 'journal_sha256'],
] as const

/** Two lines: the names of the columns, and the drill. What is not known is empty. */
export function drillCsv(report: DrillReport): string {
  const { figures } = report
  const rto = (service: string): number | null =>
    figures.services.find(one => one.service === service)?.rtoSeconds ?? null
  const rpo = (of: string): number | null => figures.losses.find(one => one.of === of)?.rpoSeconds ?? null
  const values = [
    ...[
      report.id,
      report.name,
      report.mode,
      report.outcome,
      report.passed,
      report.startedAt,
      report.endedAt,
      report.by,
    ],
    ...[rto('pull'), rto('push'), rto('metadata'), figures.redundancySeconds, rpo('images'), rpo('metadata')],
    ...[
      figures.losses.reduce((sum, one) => sum + one.lost.length, 0),
      figures.detectionSeconds,
      figures.decisionSeconds,
    ],
    ...[figures.workSeconds, report.file, report.journal],
  ]
  return `${columns.join(',')}\n${values.map(cell).join(',')}\n`
}

/** A spreadsheet takes a text that begins with one of these for a formula. */
function cell(value: string | number | boolean | null): string {
  if (value === null) return ''
  const words = String(value)
  const safe = typeof value === 'string' && /^[=+\-@\t]/.test(words) ? `'${words}` : words
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function xml(words: string): string {
  return words
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
