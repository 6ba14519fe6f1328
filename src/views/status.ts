import type { ProductHealth, StatusRow } from '../catalog/product.ts'
import { canonical } from '../plan/canonical.ts'
import type { Finding } from '../plan/finding.ts'
import type { Margin } from '../plan/quorum.ts'
import { count, cut, noPaint, type Paint, table, wrap } from './layout.ts'
import { share, spareWords } from './marginWords.ts'

/** What is there now. */
export interface StatusReport {
  readonly name: string
  /** When it was looked at, RFC 3339 in UTC. */
  readonly at: string
  /** Products as a whole, in order of need. */
  readonly health: readonly ProductHealth[]
  readonly rows: readonly StatusRow[]
  readonly quorums: { readonly [name: string]: Margin }
  /** Steps of the playbook that do not hold. 'depend': some of it could not be seen. */
  readonly drift: readonly {
    readonly step: string
    readonly title: string
    readonly will: 'run' | 'depend'
  }[]
  /** What rules say of what was seen; the playbook's own mistakes are for `validate`. */
  readonly findings: readonly Pick<Finding, 'code' | 'severity' | 'message' | 'help' | 'host'>[]
  /** Hosts that could not be asked, with the reason. */
  readonly unreachable: { readonly [host: string]: string }
  /** Names of the recipes of `recover` that the hosts point to. */
  readonly recipes?: readonly string[]
  /** What to type, most urgent first; empty when nothing is to be done. */
  readonly next: readonly string[]
}

/** One word for all of it. 'lost': a majority is gone for sure. */
export type Overall = StatusRow['state'] | 'lost'

const width = 80
const MOST_SHOWN = 20

/** The worst word of all products, rows and groups: 'ok' only when nothing is amiss or unknown. */
export function overall({ health, rows, quorums, unreachable }: Omit<StatusReport, 'next'>): Overall {
  if (health.some(one => one.state === 'lost')) return 'lost'
  const states = [
    ...rows.map(row => row.state),
    ...health.map(one => (one.state === 'healthy' ? 'ok' : one.state)),
  ]
  const short = Object.values(quorums).some(margin => margin.up < margin.members)
  if (states.includes('unknown') || Object.keys(unreachable).length > 0) return 'unknown'
  if (states.length > 0 && states.every(state => state === 'absent')) return 'absent'
  return short || states.some(state => state !== 'ok') ? 'degraded' : 'ok'
}

/** Verdicts, a table of what is there, the groups that need a majority, what is not as declared, what to do. 80 columns. */
export function statusText(report: StatusReport, paint: Paint = noPaint): string {
  const state = overall(report)
  return [
    `${paint.bold(report.name)}: ${stateColour(state, paint)(state)}`,
    ...verdicts(report.health, paint),
    ...rowLines(report.rows, paint),
    ...quorumLines(report.quorums, paint),
    ...driftLines(report.drift, paint),
    ...findingLines(report.findings, paint),
    ...Object.entries(report.unreachable).flatMap(([host, reason], i) => [
      ...(i === 0 ? ['', paint.bold('Could not be asked')] : []),
      `  ${host}: ${reason}`,
    ]),
    ...recipes(report.health, paint),
    ...(report.recipes ?? []).flatMap((name, i) => [
      ...(i === 0 ? ['', paint.bold('Recipe that fits')] : []),
      `  ${name}`,
    ]),
  ]
    .join('\n')
    .concat('\n')
}

/** One line that says how it is, for where nothing may be drawn. */
export function statusLine(report: StatusReport): string {
  const verdicts = report.health.map(one => `${one.product} ${one.verdict.join(' and ')}`)
  const margins = Object.entries(report.quorums).map(([name, margin]) => `${name} ${share(margin)}`)
  const drift = report.drift.length === 0 ? [] : [count(report.drift.length, 'change') + ' to the playbook']
  return [`${report.at} ${report.name}: ${overall(report)}`, ...verdicts, ...margins, ...drift].join('; ')
}

/** The same as one canonical JSON document and a newline. */
export function statusDocument(report: StatusReport): string {
  return `${canonical({ format: 'runbook.status/1', state: overall(report), ...report })}\n`
}

function stateColour(state: Overall | ProductHealth['state'], paint: Paint): (text: string) => string {
  if (state === 'ok' || state === 'healthy') return paint.green
  if (state === 'absent') return paint.dim
  return state === 'degraded' ? paint.yellow : paint.red
}

function verdicts(health: readonly ProductHealth[], paint: Paint): readonly string[] {
  if (health.length === 0) return []
  const lines = table([
    ['PRODUCT', 'VERDICT', 'VERSION', 'ALLOWED NOW'],
    ...health.map(({ product, verdict, versions, wanted, allows }) => [
      product,
      verdict.join(', '),
      versionWords(versions, wanted),
      allows?.join(', ') ?? '',
    ]),
  ])
  const indent = ' '.repeat((lines[0] ?? '').indexOf('ALLOWED'))
  return [
    '',
    ...lines.flatMap((line, i) => {
      const one = health[i - 1]
      if (one === undefined) return [paint.dim(line)]
      const word = one.verdict.join(', ')
      return wrap(line, width, indent).map((part, j) =>
        j === 0 ? part.replace(word, stateColour(one.state, paint)(word)) : part,
      )
    }),
  ]
}

function versionWords(versions: readonly string[], wanted: string): string {
  if (versions.length === 0) return `wants ${wanted}`
  const mixed = versions.length > 1 ? ' (mixed)' : ''
  const isWanted = versions.every(version => version === wanted || version.startsWith(`${wanted}.`))
  return `${versions.join(', ')}${mixed}${isWanted ? '' : `, wants ${wanted}`}`
}

function rowLines(rows: readonly StatusRow[], paint: Paint): readonly string[] {
  const colour = { ok: paint.green, degraded: paint.yellow, absent: paint.dim, unknown: paint.red }
  const heads = table([
    ['STATE', 'ITEM', 'HOST', 'DETAIL'],
    ...rows.map(row => [row.state, row.item, row.host ?? '', '']),
  ])
  const indent = Math.max(...heads.map(line => line.indexOf('DETAIL')))
  const hang = ' '.repeat(indent)
  return [
    '',
    ...heads.flatMap((line, i) => {
      const row = rows[i - 1]
      if (row === undefined) return [paint.dim(line)]
      const whole = wrap(`${line.padEnd(indent)}${row.detail}`, width, hang)
      return whole.map((one, j) => (j === 0 ? one.replace(row.state, colour[row.state](row.state)) : one))
    }),
  ]
}

function quorumLines(quorums: StatusReport['quorums'], paint: Paint): readonly string[] {
  const lines = Object.entries(quorums).map(([name, margin]) => [
    '',
    name,
    `${share(margin)} up`,
    spareWords(margin),
  ])
  return lines.length === 0 ? [] : ['', paint.bold('Quorums'), ...table(lines)]
}

function driftLines(drift: StatusReport['drift'], paint: Paint): readonly string[] {
  if (drift.length === 0) return ['', `${paint.bold('Drift')}: none, all is as the playbook says`]
  const sure = drift.filter(one => one.will === 'run').length
  const parts = [
    count(sure, 'change'),
    ...(sure < drift.length ? [`${drift.length - sure} that could not be seen`] : []),
  ]
  return [
    '',
    `${paint.bold('Drift')}: ${parts.join(', ')}`,
    ...drift
      .slice(0, MOST_SHOWN)
      .map(({ step, title, will }) => cut(`  ${will === 'run' ? '+' : '?'} ${title}  [${step}]`, width)),
    ...(drift.length > MOST_SHOWN ? [`  ... and ${drift.length - MOST_SHOWN} more`] : []),
  ]
}

function findingLines(findings: StatusReport['findings'], paint: Paint): readonly string[] {
  if (findings.length === 0) return []
  const colour = { error: paint.red, warning: paint.yellow, note: paint.cyan }
  return [
    '',
    paint.bold(`Findings (${findings.length})`),
    ...findings.flatMap(one => [
      ...wrap(`  ${one.severity} ${one.code}: ${one.message}`, width, '    ').map((line, i) =>
        i === 0 ? line.replace(one.severity, colour[one.severity](one.severity)) : line,
      ),
      ...(one.help === undefined ? [] : wrap(`    = help: ${one.help}`, width, '      ')),
    ]),
  ]
}

function recipes(health: readonly ProductHealth[], paint: Paint): readonly string[] {
  return health.flatMap(({ product, recipe }) =>
    recipe === undefined
      ? []
      : ['', paint.bold(`What to do about ${product}`), ...wrap(`  ${recipe}`, width, '  ')],
  )
}
