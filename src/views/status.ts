import type { Margin } from '../plan/quorum.ts'
import type { StatusRow } from '../catalog/product.ts'
import { canonical } from '../plan/canonical.ts'
import { noPaint, type Paint, table, wrap } from './layout.ts'
import { share, spareWords } from './text.ts'

/** What is there now. */
export interface StatusReport {
  readonly name: string
  readonly rows: readonly StatusRow[]
  readonly quorums: { readonly [name: string]: Margin }
  /** Hosts that could not be asked, with the reason. */
  readonly unreachable: { readonly [host: string]: string }
}

const width = 80

/** The worst word of all rows and groups: 'ok' only when nothing is amiss or unknown. */
export function overall(report: StatusReport): StatusRow['state'] {
  const states = report.rows.map(row => row.state)
  const lost = Object.values(report.quorums).some(margin => margin.members > 0 && margin.spare < 0)
  const short = Object.values(report.quorums).some(margin => margin.up < margin.members)
  if (states.includes('unknown') || Object.keys(report.unreachable).length > 0) return 'unknown'
  if (states.length > 0 && states.every(state => state === 'absent')) return 'absent'
  return lost || short || states.some(state => state !== 'ok') ? 'degraded' : 'ok'
}

/** A table of what is there, then the groups that need a majority. 80 columns. */
export function statusText(report: StatusReport, paint: Paint = noPaint): string {
  const colour = { ok: paint.green, degraded: paint.yellow, absent: paint.dim, unknown: paint.red }
  const columns = report.rows.map(row => [row.state, row.item, row.host ?? '', ''])
  const heads = table([['STATE', 'ITEM', 'HOST', 'DETAIL'], ...columns])
  const indent = Math.max(...heads.map(line => line.indexOf('DETAIL')))
  const hang = ' '.repeat(indent)
  const painted = heads.flatMap((line, i) => {
    const row = report.rows[i - 1]
    if (row === undefined) return [paint.dim(line)]
    const whole = wrap(`${line.padEnd(indent)}${row.detail}`, width, hang)
    return whole.map((one, j) => (j === 0 ? one.replace(row.state, colour[row.state](row.state)) : one))
  })
  const quorums = Object.entries(report.quorums).map(([name, margin]) => [
    '',
    name,
    `${share(margin)} up`,
    spareWords(margin),
  ])
  const state = overall(report)
  return [
    `${paint.bold(report.name)}: ${colour[state](state)}`,
    '',
    ...painted,
    ...(quorums.length === 0 ? [] : ['', paint.bold('Quorums'), ...table(quorums)]),
    ...Object.entries(report.unreachable).flatMap(([host, reason], i) => [
      ...(i === 0 ? ['', paint.bold('Could not be asked')] : []),
      `  ${host}: ${reason}`,
    ]),
  ]
    .join('\n')
    .concat('\n')
}

/** The same as one canonical JSON document and a newline. */
export function statusDocument(report: StatusReport): string {
  return `${canonical({ format: 'runbook.status/1', state: overall(report), ...report })}\n`
}
