import type { Margin } from '../plan/quorum.ts'
import { isClean } from '../plan/rehearsed.ts'
import type { Step, StepId } from '../plan/step.ts'
import { difference, isSame } from '../plan/difference.ts'
import type { Plan } from '../plan/step.ts'
import { estimate } from './estimate.ts'
import { count, roughly } from './layout.ts'
import { hosts, wholeList } from './markdownHosts.ts'
import { details, text } from './markdownText.ts'
import * as overview from './overview.ts'
import { cell, share, spareWords } from './marginWords.ts'
import { counts, type PlanReport } from './text.ts'
import { nameOf, unknownsOf, whenKnown } from './unknowns.ts'

/** 0: all. 1: unchanged hosts as a count. 2: file diffs as `+12 -3`. 3: commands as counts. 4: head, risks, quorums. */
export type Degree = 0 | 1 | 2 | 3 | 4
export const degrees: readonly Degree[] = [0, 1, 2, 3, 4]

export interface MarkdownOptions {
  readonly degree: Degree
  /** The playbook as it was named. */
  readonly playbook: string
  /** The saved plan's name, for the command that applies it. */
  readonly saved?: string
  /** The plan of the previous push. */
  readonly previous?: Plan
  /** Steps that the base branch's plan has too: they are not this change's doing. */
  readonly drift?: readonly StepId[]
  /** How old what was seen is, in words; it needs a clock, so the caller says it. */
  readonly age?: string
  /** Where all of it can be read. */
  readonly link?: string
  /** At most so many rows in a table and names in a list; the worst come first, and how many more there are is said. */
  readonly rows?: number
}

const degreeWords = [
  '',
  'hosts that stay as they are are only counted',
  'file diffs are only counted',
  'commands are only counted',
  'only the head, risks and quorums are shown',
]

/** The plan for a comment or a job summary. Pure; the same input gives the same bytes. Nothing is ever cut in the middle. */
export function planMarkdown(report: PlanReport, options: MarkdownOptions): string {
  const { degree } = options
  return [
    ...head(report, options),
    ...rehearsal(report, options),
    ...findings(report, options),
    ...risks(report, options),
    ...timeline(report, options),
    ...sinceLast(report, options),
    ...driftLines(options),
    ...(degree === 4 ? [] : hosts(report, degree)),
    ...(degree === 4 ? [] : later(report, options)),
    ...(degree < 3 ? wholeList(report) : []),
    ...(degree === 0
      ? []
      : [
          '',
          `_Level ${degree} of 4: ${degreeWords[degree] ?? ''}.${options.link === undefined ? ' All of it is in the job summary and in the saved plan.' : ` [All of it](${options.link}).`}_`,
        ]),
  ]
    .join('\n')
    .concat('\n')
}

/** The first form, from the most complete, that is no longer than `budget` characters. The last one is given in any case. */
export function fitted(report: PlanReport, options: Omit<MarkdownOptions, 'degree'>, budget: number): string {
  let text = ''
  for (const degree of degrees) {
    text = planMarkdown(report, { ...options, degree })
    if (text.length <= budget) return text
  }
  for (const rows of [100, 40, 15, 5]) {
    text = planMarkdown(report, { ...options, degree: 4, rows })
    if (text.length <= budget) return text
  }
  return text
}

/** The colour of the worst thing in a plan. */
export function mark(report: PlanReport): string {
  const { run, depend } = counts(report.outlooks)
  if (report.findings.some(({ finding }) => finding.severity === 'error')) return '🔴'
  if (report.rehearsed !== undefined && !isClean(report.rehearsed)) return '🔴'
  if (run + depend === 0) return '⚪'
  const worst = overview.riskRows(report)[0]?.severity
  return worst === 'error' ? '🔴' : worst === 'warning' ? '🟠' : '🟢'
}

function head(report: PlanReport, { playbook, saved, age }: MarkdownOptions): readonly string[] {
  const { run, hold, depend } = counts(report.outlooks)
  const name = playbook.split('/').at(-1) ?? playbook
  const level = `${overview.levelWords(report)}${age === undefined ? '' : `, ${age} old`}`
  const identity = `Plan \`${report.digest.slice(0, 12)}\`${saved === undefined ? '' : ` · apply with \`runbook apply ${saved}\``} · refused when anything has moved`
  if (run + depend === 0)
    return [
      `### ${mark(report)} runbook plan · ${text(name)} · ${text(report.plan.name)} · no changes`,
      `All ${hold} steps already hold · ${text(level)}`,
      identity,
    ]
  const { create, update, delete: remove } = overview.actions(report)
  const { p50Seconds, p90Seconds } = estimate(overview.movingSteps(report), report.paces)
  const lowest = overview.lowestMargin(report)
  const final = overview.pointsOfNoReturn(report)
  const opaque = overview.opaqueCount(report)
  return [
    `### ${mark(report)} runbook plan · ${text(name)} · ${text(report.plan.name)} · ${create} add, ${update} change, ${remove} remove`,
    [
      overview.movingWords(report),
      count(overview.stepsByHost(report).size, 'host'),
      `~${roughly(p50Seconds)} (p90 ${roughly(p90Seconds)})${overview.learntWords(report)}`,
      lowest === undefined
        ? 'no quorum is brought nearer to loss'
        : `lowest margin **${text(lowest.name)} ${share(lowest.margin)}, ${spareWords(lowest.margin)}**`,
      final.length === 0
        ? 'no point of no return'
        : `${count(final.length, 'point')} of no return (first: step ${overview.numberOf(report, final[0] as Step)})`,
      `${opaque} opaque`,
      text(level),
    ].join(' · '),
    identity,
  ]
}

/** What a rehearsal found, where it found anything; that it found nothing stands in the head. */
function rehearsal({ rehearsed }: PlanReport, { rows: most = 20 }: MarkdownOptions): readonly string[] {
  if (rehearsed === undefined || isClean(rehearsed)) return []
  const found = [...rehearsed.stuck, ...rehearsed.diverged, ...rehearsed.wrong]
  return [
    '',
    `#### 🔴 Did not pass its rehearsal (${found.length})`,
    ...found.slice(0, most).map(line => `- ${text(line)}`),
    ...more(found.length - most),
  ]
}

const signs = { error: '🔴', warning: '🟠', note: '🟡' } as const

function findings(report: PlanReport, { rows: most = Infinity }: MarkdownOptions): readonly string[] {
  if (report.findings.length === 0) return []
  return [
    '',
    `#### Findings (${report.findings.length})`,
    '| | code | what | where | help |',
    '|---|---|---|---|---|',
    ...worst(report.findings, most).map(
      ({ finding, place }) =>
        `| ${signs[finding.severity]} | ${finding.code} | ${text(finding.message)} | ${text([finding.host, place].filter(one => one !== undefined).join(', '))} | ${text(finding.help ?? '')} |`,
    ),
    ...more(report.findings.length - most),
  ]
}

function risks(report: PlanReport, { rows: most = Infinity }: MarkdownOptions): readonly string[] {
  const rows = overview.riskRows(report)
  if (rows.length === 0) return []
  return [
    '',
    `#### Risks (${rows.length})`,
    '| | step | why | guard |',
    '|---|---|---|---|',
    ...rows
      .slice(0, most)
      .map(
        row =>
          `| ${signs[row.severity]} | ${row.number} \`${row.step.id}\` | ${text(row.why)} | ${text(row.guard)} |`,
      ),
    ...more(rows.length - most),
  ]
}

function timeline(report: PlanReport, { rows: most = Infinity }: MarkdownOptions): readonly string[] {
  const rows = overview.timelineRows(report)
  const names = report.plan.quorums.map(quorum => quorum.name)
  if (rows.length === 0) return []
  return [
    '',
    '#### Quorum timeline',
    `| after step | ${names.map(text).join(' | ')} |`,
    `|---|${names.map(() => '---|').join('')}`,
    ...rows
      .slice(0, most)
      .map(
        row =>
          `| ${row.label === 'now' ? 'now' : `\`${row.label}\``} | ${names.map(name => bold(row.after[name], cell(row.low[name], row.after[name]))).join(' | ')} |`,
      ),
    ...more(rows.length - most),
    '',
    'Members up / members (how many more can be lost; "low": while the step runs).',
  ]
}

/** Errors before warnings before notes, only where not all are shown. */
function worst(findings: PlanReport['findings'], most: number): PlanReport['findings'] {
  if (findings.length <= most) return findings
  const rank = { error: 0, warning: 1, note: 2 }
  return [...findings].sort((a, b) => rank[a.finding.severity] - rank[b.finding.severity]).slice(0, most)
}

function more(left: number): readonly string[] {
  return left > 0 ? ['', `... and ${left} more.`] : []
}

function bold(margin: Margin | undefined, shown: string): string {
  return margin !== undefined && margin.members > 1 && margin.spare <= 0 ? `**${shown}**` : shown
}

function sinceLast(
  report: PlanReport,
  { previous, rows: most = Infinity }: MarkdownOptions,
): readonly string[] {
  if (previous === undefined) return []
  const between = difference(previous, report.plan)
  const title = `#### Changed since last push (plan \`${between.from.slice(0, 12)}\`)`
  if (isSame(between)) return ['', title, 'Nothing: it is the same plan.']
  const line = (sign: string, ids: readonly string[], word: string): string =>
    ids.length === 0
      ? `${sign} nothing ${word}`
      : `${sign} ${ids
          .slice(0, most)
          .map(id => `\`${id}\``)
          .join(', ')}${ids.length > most ? ` and ${ids.length - most} more` : ''} ${word}`
  return [
    '',
    title,
    [
      line('+', between.added, 'added'),
      line(
        '~',
        between.changed.map(one => one.step),
        'changed',
      ),
      line('–', between.removed, 'removed'),
    ].join(' · '),
    ...(between.inputs.length === 0 ? [] : [`Beside the steps: ${between.inputs.join(', ')}.`]),
  ]
}

/** What nobody can know yet, folded. */
function later(report: PlanReport, { rows: most = Infinity }: MarkdownOptions): readonly string[] {
  const found = unknownsOf(report)
  if (found.length === 0) return []
  return details(`Known only later (${found.length})`, [
    ...found.slice(0, most).map(one => `- \`${nameOf(one)}\` ${whenKnown(report, one)}, \`${one.step}\``),
    ...more(found.length - most),
  ])
}

function driftLines({ drift, rows: most = Infinity }: MarkdownOptions): readonly string[] {
  if (drift === undefined || drift.length === 0) return []
  return [
    '',
    ...details(`Drift not caused by this change (${drift.length})`, [
      ...drift.slice(0, most).map(id => `- \`${id}\``),
      ...more(drift.length - most),
    ]),
  ]
}
