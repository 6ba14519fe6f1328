import { type Facts } from '../plan/fact.ts'
import type { Finding } from '../plan/finding.ts'
import type { Outlook } from '../plan/preview.ts'
import { margins } from '../plan/quorum.ts'
import { isClean, type Rehearsed, rehearsedWords } from '../plan/rehearsed.ts'
import { type Paces, takesOf } from '../plan/pace.ts'
import type { Level } from '../plan/saved.ts'
import { showOp } from '../plan/show.ts'
import type { Digest, Op, Plan, Step } from '../plan/step.ts'
import { estimate } from './estimate.ts'
import { fileChanges, type Present } from './fileChange.ts'
import { condition, ifNeededCount, learntCount, lowestMargin, movingSteps, timelineRows } from './overview.ts'
import { legend } from './legend.ts'
import { cell, share, spareWords } from './marginWords.ts'
import { riskLines } from './risks.ts'
import { unknownLines } from './unknowns.ts'
import { count, cut, noPaint, type Paint, roughly, table, wrap, wrapCommand } from './layout.ts'

/** A finding and the place in the playbook it speaks of, as `file:line:column`. */
export interface PlacedFinding {
  readonly finding: Finding
  readonly place?: string
}

/** All that is said about a plan before it runs. */
export interface PlanReport {
  readonly plan: Plan
  readonly digest: Digest
  /** What was seen on the hosts, or with `offline` assumed of them. */
  readonly facts: Facts
  /** 'live': the hosts were asked. 'offline': none was asked, nothing is assumed to be there. */
  readonly level: Level
  /** When it was looked at, RFC 3339 in UTC: only of what was seen earlier, so that the same input gives the same text. */
  readonly seenAt?: string
  /** Offline: the playbook that the hosts are taken to be as left by. */
  readonly after?: string
  readonly rehearsed?: Rehearsed
  /** How long steps took here earlier. */
  readonly paces?: Paces
  /** What managed files hold now. */
  readonly present?: Present
  readonly outlooks: readonly Outlook[]
  readonly findings: readonly PlacedFinding[]
}

const width = 80
/** Keeps a phrase on one line while text is wrapped. */
const unbroken = '\u00A0'
const signs = { run: '+', hold: '=', depend: '?' } as const

/** The plan for a person: what it comes to, what is dangerous about it, how the quorums fare, then every step. */
export function planText(report: PlanReport, paint: Paint = noPaint): string {
  return [
    planHead(report, paint),
    ...steps(report, paint),
    ...legend(counts(report.outlooks).depend, ifNeededCount(report)),
  ]
    .join('\n')
    .concat('\n')
}

/** The plan without its steps. */
export function planHead(report: PlanReport, paint: Paint = noPaint): string {
  return [
    ...summary(report, paint),
    ...findingLines(report.findings, paint),
    ...riskLines(report, paint),
    ...timeline(report, paint),
    ...unknownLines(report, paint),
  ].join('\n')
}

/** Steps by what they will do. */
export function counts(outlooks: readonly Outlook[]): {
  readonly run: number
  readonly hold: number
  readonly depend: number
} {
  const number = (will: Outlook['will']): number => outlooks.filter(one => one.will === will).length
  return { run: number('run'), hold: number('hold'), depend: number('depend') }
}

/** What the plan comes to, in a line or two, and which plan it is. */
export function planSummary(report: PlanReport, paint: Paint = noPaint): string {
  return summary(report, paint).join('\n')
}

function summary(report: PlanReport, paint: Paint): readonly string[] {
  const { plan, outlooks } = report
  const { run, hold, depend } = counts(outlooks)
  const asked =
    report.level === 'offline'
      ? `no host was asked (taken as ${report.after === undefined ? 'bare' : `${report.after} leaves them`})`
      : report.level === 'snapshot'
        ? `no host was asked (as seen ${report.seenAt ?? 'earlier'})`
        : `${count(Object.keys(plan.hosts).length, 'host')} asked`
  const identity = [
    ...wrap(`plan ${report.digest.slice(0, 12)}, ${asked}, nothing was changed`, width, '  ').map(paint.dim),
    ...rehearsalLines(report, paint),
  ]
  if (run + depend === 0)
    return [paint.bold(`${plan.name}: no changes, all ${hold} steps already hold`), ...identity]
  const moving = movingSteps(report)
  const { p50Seconds, p90Seconds } = estimate(moving, report.paces)
  const opaque = moving.filter(step => step.opaque).length
  const ifNeeded = ifNeededCount(report)
  const learnt = learntCount(report)
  const final = moving.filter(step => step.risk === 'irreversible' && step.undo === undefined).length
  const parts = [
    `${count(run, 'step')} to run`,
    ...(ifNeeded > 0 ? [`${ifNeeded} more only if still needed`] : []),
    ...(depend > ifNeeded ? [`${depend - ifNeeded} may run`] : []),
    `${hold} already hold`,
    `about ${roughly(p50Seconds)} (slow: ${roughly(p90Seconds)})`,
    ...(learnt > 0 ? [`${learnt} of the steps by earlier runs here`] : []),
    ...(opaque > 0 ? [`${opaque} opaque (${opaque === 1 ? 'runs' : 'run'} every time)`] : []),
    ...(final > 0 ? [`${count(final, 'step')} cannot be undone`] : []),
    lowestWords(report),
  ]
  const whole = parts.map(part => part.replaceAll(' ', unbroken)).join(', ')
  const lines = wrap(`${plan.name}: ${whole}`, width, '  ').map(line => line.replaceAll(unbroken, ' '))
  return [...lines.map(line => paint.bold(line)), ...identity]
}

function rehearsalLines({ rehearsed }: PlanReport, paint: Paint): readonly string[] {
  if (rehearsed === undefined) return []
  const found = [...rehearsed.stuck, ...rehearsed.diverged, ...rehearsed.wrong]
  return [
    ...wrap(rehearsedWords(rehearsed), width, '  ').map(isClean(rehearsed) ? paint.green : paint.red),
    ...found.flatMap(line => wrap(`  ${line}`, width, '    ')),
  ]
}

/** Only groups that exist today can be brought nearer to their loss. */
function lowestWords(report: PlanReport): string {
  const now = margins(report.plan.quorums, report.facts)
  if (Object.values(now).every(margin => margin.members === 0)) return 'no quorum exists yet'
  const lowest = lowestMargin(report)
  if (lowest === undefined) return 'no quorum is touched'
  return `lowest margin ${lowest.name} ${share(lowest.margin)}, ${spareWords(lowest.margin)}`
}

function findingLines(findings: readonly PlacedFinding[], paint: Paint): readonly string[] {
  if (findings.length === 0) return []
  const colour = { error: paint.red, warning: paint.yellow, note: paint.cyan }
  return [
    '',
    paint.bold(`Findings (${findings.length})`),
    ...findings.flatMap(({ finding, place }) => {
      const where = [finding.host, place].filter(part => part !== undefined).join(', ')
      const [first = '', ...rest] = wrap(
        `${finding.severity}[${finding.code}] ${finding.message}${where === '' ? '' : ` (${where})`}`,
        width - 2,
        '  ',
      )
      const help =
        finding.help === undefined ? [] : wrap(`  = help: ${finding.help}`, width - 2, '          ')
      const head = `${finding.severity}[${finding.code}]`
      return [
        `  ${first.replace(head, colour[finding.severity](head))}`,
        ...rest.map(indent),
        ...help.map(indent),
      ]
    }),
  ]
}

/** One row whenever a group changes; tables no wider than the terminal, one under the other. */
function timeline(report: PlanReport, paint: Paint): readonly string[] {
  const names = report.plan.quorums.map(quorum => quorum.name)
  if (names.length === 0) return []
  const rows = timelineRows(report)
  if (rows.length === 1) {
    const there = Object.entries(rows[0]?.after ?? {}).filter(([, margin]) => margin.members > 0)
    if (there.length === 0) return []
    return [
      '',
      paint.bold('Quorums'),
      ...table(there.map(([name, margin]) => [`  ${name}`, `${share(margin)} up`, spareWords(margin)])),
    ]
  }
  const labelWidth = Math.min(34, Math.max(10, ...rows.map(row => row.label.length)))
  const perTable = Math.max(1, Math.floor((width - 2 - labelWidth) / 15))
  const blocks: string[] = []
  for (let i = 0; i < names.length; i += perTable) {
    const some = names.slice(i, i + perTable)
    const lines = table([
      ['  after step'.padEnd(labelWidth + 2), ...some.map(name => cut(name, 13))],
      ...rows.map(row => [
        `  ${cut(row.label, labelWidth)}`,
        ...some.map(name => cell(row.low[name], row.after[name])),
      ]),
    ])
    blocks.push(...(i === 0 ? [] : ['']), ...lines)
  }
  return [
    '',
    paint.bold('Quorums: members up (how many more can be lost; "low": while the step runs)'),
    ...blocks,
  ]
}

function steps(report: PlanReport, paint: Paint): readonly string[] {
  const will = new Map(report.outlooks.map(outlook => [outlook.step, outlook.will]))
  const sections = [...new Set(report.plan.steps.map(step => step.section))]
  // Many hosts get the very same commands; they are written out once.
  const written = new Map<string, number>()
  return sections.flatMap(section => {
    const inside = report.plan.steps.filter(step => step.section === section)
    if (inside.every(step => will.get(step.id) === 'hold'))
      return ['', `${paint.bold(section)}: ${allHold(inside.length)}`]
    return [
      '',
      paint.bold(section),
      ...inside.flatMap(step => stepLines(report, step, will.get(step.id) ?? 'depend', written, paint)),
    ]
  })
}

function allHold(steps: number): string {
  return steps === 1 ? 'its one step already holds' : `all ${steps} steps already hold`
}

function stepLines(
  report: PlanReport,
  step: Step,
  will: Outlook['will'],
  written: Map<string, number>,
  paint: Paint,
): readonly string[] {
  const { plan } = report
  const position = String(number(plan, step)).padStart(String(plan.steps.length).length)
  const head = `  ${position} ${signs[will]} ${step.title}`
  const risk = step.risk === 'none' ? '' : `, ${step.risk}`
  const opaque = step.opaque ? ', opaque: runs every time' : ''
  const needed = condition(report, step)
  const only = needed === '' ? '' : `, ${needed}`
  const tail =
    will === 'hold'
      ? '[holds]'
      : `[${step.host}, ${roughly(takesOf(step, report.paces).p50Seconds)}${risk}${opaque}${only}]`
  const [first = '', ...rest] = wrap(`${head} ${tail}`.slice(2), width - 2, ' '.repeat(position.length + 3))
  const title = [`  ${first}`, ...rest.map(indent)]
  if (will === 'hold') return title.map(line => paint.dim(line))
  const margin = ' '.repeat(position.length + 7)
  const commands = step.run.flatMap(op => opLines(op, step))
  const files = report.present === undefined ? [] : fileChanges(step, report.present)
  const same = commands.length > 1 ? written.get(commands.join('\n')) : undefined
  if (same === undefined) written.set(commands.join('\n'), number(plan, step))
  const ops = (same === undefined ? commands : [`the same commands as step ${same}, on ${step.host}`]).map(
    line => paint.dim(margin + line),
  )
  return [
    ...title.map(line =>
      step.risk === 'irreversible' ? paint.red(line) : will === 'run' ? paint.green(line) : line,
    ),
    ...ops,
    ...files.flatMap(file => diffLines(file.diff, margin, paint)),
  ]
}

function diffLines(diff: string, margin: string, paint: Paint): readonly string[] {
  if (diff === '') return []
  return diff
    .split('\n')
    .map(line =>
      (line.startsWith('+') ? paint.green : line.startsWith('-') ? paint.red : paint.dim)(margin + line),
    )
}

function opLines(op: Op, step: Step): readonly string[] {
  const on =
    !('await' in op || 'ask' in op) && op.on !== undefined && op.on !== step.host ? `(on ${op.on}) ` : ''
  const shown = on + showOp(op)
  return 'exec' in op ? wrapCommand(shown, width - 9) : wrap(shown, width - 9, '  ')
}

function number(plan: Plan, step: Step): number {
  return plan.steps.indexOf(step) + 1
}

function indent(line: string): string {
  return `  ${line}`
}
