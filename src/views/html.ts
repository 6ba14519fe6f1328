import { takesOf } from '../plan/pace.ts'
import { showCheck, showOp } from '../plan/show.ts'
import type { Host, Step } from '../plan/step.ts'
import { estimate } from './estimate.ts'
import { fileChanges } from './fileChange.ts'
import { count, roughly } from './layout.ts'
import * as overview from './overview.ts'
import { cell, share, spareWords } from './marginWords.ts'
import { counts, type PlanReport } from './text.ts'
import { nameOf, unknownsOf, whenKnown } from './unknowns.ts'

/** The plan as one page that needs nothing beside itself: no script, no font, no address. Light and dark by the reader's setting. */
export function planHtml(report: PlanReport, playbook: string): string {
  const { run, depend, hold } = counts(report.outlooks)
  const { create, update, delete: remove } = overview.actions(report)
  const { p50Seconds, p90Seconds } = estimate(overview.movingSteps(report), report.paces)
  const lowest = overview.lowestMargin(report)
  const title = `${report.plan.name}: ${run + depend === 0 ? 'no changes' : `${create} add, ${update} change, ${remove} remove`}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(`runbook plan, ${title}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
<p>${[
    overview.movingWords(report),
    `${hold} already hold`,
    `${about(p50Seconds)} (slow: ${roughly(p90Seconds)})${overview.learntWords(report)}`,
    lowest === undefined
      ? 'no quorum is brought nearer to loss'
      : `lowest margin ${lowest.name} ${share(lowest.margin)}, ${spareWords(lowest.margin)}`,
    `${count(overview.pointsOfNoReturn(report).length, 'point')} of no return`,
    `${overview.opaqueCount(report)} opaque`,
  ]
    .map(escape)
    .join(' · ')}</p>
<p class="dim">${escape(playbook)} · plan <code>${report.digest}</code> · ${escape(overview.levelWords(report))}</p>
</header>
${[findings(report), risks(report), timeline(report), topology(report), byHost(report), inOrder(report), later(report)].filter(part => part !== '').join('\n')}
</body>
</html>
`
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2024;--dim:#5b636b;--page:#fff;--panel:#f4f6f8;--line:#cfd6dd;--bad:#b42318;--warn:#8f5000;--good:#176b3a;--move:#dcebfb;--link:#0b57b0}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--dim:#a3abb3;--page:#14171a;--panel:#1f2428;--line:#3a4249;--bad:#ff8d80;--warn:#f0b35a;--good:#74d69b;--move:#1d3a57;--link:#8ab8ff}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:70rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}.dim{color:var(--dim)}code,pre{font:13px/1.45 ui-monospace,monospace}code{overflow-wrap:anywhere}
pre{background:var(--panel);padding:.6rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:4px;margin:.3rem 0}
.scroll{overflow-x:auto}table{border-collapse:collapse}th,td{border:1px solid var(--line);padding:.25rem .6rem;text-align:left;vertical-align:top}th{background:var(--panel)}
.error,.irreversible{color:var(--bad)}.warning,.interrupts{color:var(--warn)}ins{color:var(--good);text-decoration:none}del{color:var(--bad);text-decoration:none}
details{border:1px solid var(--line);border-radius:4px;margin:.4rem 0;padding:.3rem .8rem}summary{cursor:pointer;font-weight:600}
svg{max-width:100%;height:auto}.steps td:first-child{min-width:11rem}.order td:nth-child(n+2){white-space:nowrap}td code{overflow-wrap:normal}a{color:var(--link)}svg text{fill:var(--ink);font:13px system-ui,sans-serif}svg .small{fill:var(--dim);font-size:11px}
svg rect{fill:var(--panel);stroke:var(--line)}svg .moves{fill:var(--move)}svg .zone{fill:none;stroke-dasharray:4 3}
@media (max-width:40rem){svg{max-width:none}body{padding:1rem}}
@media print{details::details-content{content-visibility:visible;display:block;height:auto}body{max-width:none;padding:0}article,tr,svg{break-inside:avoid}h2,h3{break-after:avoid}}`

function findings({ findings: found }: PlanReport): string {
  if (found.length === 0) return ''
  return section(
    `Findings (${found.length})`,
    tableOf(
      ['code', 'what', 'where', 'help'],
      found.map(({ finding, place }) => [
        `<span class="${finding.severity}">${finding.severity} ${escape(finding.code)}</span>`,
        escape(finding.message),
        escape([finding.host, place].filter(one => one !== undefined).join(', ')),
        escape(finding.help ?? ''),
      ]),
    ),
  )
}

function risks(report: PlanReport): string {
  const rows = overview.riskRows(report)
  if (rows.length === 0) return ''
  return section(
    `Risks (${rows.length})`,
    tableOf(
      ['step', 'why', 'guard'],
      rows.map(row => [
        link(row.step, row.number),
        `<span class="${row.severity}">${escape(row.why)}</span>`,
        escape(row.guard),
      ]),
      'steps',
    ),
  )
}

function timeline(report: PlanReport): string {
  const rows = overview.timelineRows(report)
  const names = report.plan.quorums.map(quorum => quorum.name)
  if (rows.length === 0) return ''
  return section(
    'Quorum timeline',
    `${tableOf(
      ['after step', ...names.map(escape)],
      rows.map(row => [
        escape(row.label),
        ...names.map(name => {
          const after = row.after[name]
          const shown = escape(cell(row.low[name], after))
          return after !== undefined && after.members > 1 && after.spare <= 0
            ? `<strong class="${after.spare < 0 ? 'error' : 'warning'}">${shown}</strong>`
            : shown
        }),
      ]),
      'steps',
    )}<p class="dim">Members up / members (how many more can be lost; "low": while the step runs).</p>`,
  )
}

const box = { width: 190, height: 58, gap: 14, head: 26 }

/** Sites as columns, or one for each first role where no site is named; hosts as boxes, filled where something will run. */
function topology(report: PlanReport): string {
  const hosts = Object.values(report.plan.hosts)
  const columns = new Map<string, Host[]>()
  const hasSites = hosts.some(host => host.site !== undefined)
  for (const host of hosts) {
    const name = hasSites
      ? host.site === undefined
        ? 'no site'
        : `site ${host.site}`
      : (host.roles[0] ?? 'hosts')
    columns.set(name, [...(columns.get(name) ?? []), host])
  }
  const moving = overview.stepsByHost(report)
  const tallest = Math.max(0, ...[...columns.values()].map(column => column.length))
  const width = columns.size * (box.width + 3 * box.gap)
  const height = box.head + tallest * (box.height + box.gap) + box.gap
  const drawn = [...columns].map(([name, column], i) => {
    const left = i * (box.width + 3 * box.gap) + box.gap / 2
    const zone = `<rect class="zone" x="${left}" y="1" width="${box.width + 2 * box.gap}" height="${height - 2}" rx="6"/><text x="${left + box.gap}" y="18">${escape(name)}</text>`
    const boxes = column.map((host, j) => {
      const [x, y] = [left + box.gap, box.head + j * (box.height + box.gap)]
      const steps = moving.get(host.name)?.length ?? 0
      return `<rect${steps > 0 ? ' class="moves"' : ''} x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="4"/><text x="${x + 8}" y="${y + 18}">${escape(short(host.name, 24))}</text><text class="small" x="${x + 8}" y="${y + 34}">${escape(short(`${host.address} ${host.roles.join(', ')}`, 29))}</text><text class="small" x="${x + 8}" y="${y + 50}">${steps === 0 ? 'stays as it is' : count(steps, 'step')}</text>`
    })
    return zone + boxes.join('')
  })
  return section(
    'Hosts',
    `<div class="scroll"><svg role="img" aria-label="${escape(`${count(hosts.length, 'host')}, ${moving.size} of them changed`)}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" xmlns="http://www.w3.org/2000/svg">${drawn.join('')}</svg></div>`,
  )
}

function byHost(report: PlanReport): string {
  const moving = overview.stepsByHost(report)
  if (moving.size === 0) return ''
  const blocks = [...moving].map(
    ([host, steps]) =>
      `<details><summary>${escape(host)} (${escape(report.plan.hosts[host]?.address ?? '')}): ${count(steps.length, 'step')}</summary>${steps.map(step => stepHtml(report, step)).join('')}</details>`,
  )
  return section('Steps by host', blocks.join('\n'))
}

function stepHtml(report: PlanReport, step: Step): string {
  const files = fileChanges(step, report.present ?? new Map())
  const needed = overview.condition(report, step)
  return `<article id="${anchor(step)}"><h3>${overview.numberOf(report, step)} ${escape(step.title)}${step.risk === 'none' ? '' : ` <span class="${step.risk}">${step.risk}</span>`}</h3>
<p class="dim"><code>${escape(step.id)}</code>${step.needs.length === 0 ? '' : ` after ${step.needs.map(id => `<code>${escape(id)}</code>`).join(', ')}`}, ${about(takesOf(step, report.paces).p50Seconds)}${only(needed)}</p>
${step.run.map(op => `<pre>${escape(showOp(op))}</pre>`).join('')}${files
    .map(
      file =>
        `<p><code>${escape(file.path)}</code>${file.note === undefined ? '' : ` (${escape(file.note)})`}</p>${file.diff === '' ? '' : `<pre>${file.diff.split('\n').map(diffLine).join('\n')}</pre>`}`,
    )
    .join(
      '',
    )}${step.goal.length === 0 ? '' : `<p>Done when <code>${escape(step.goal.map(showCheck).join(' and '))}</code></p>`}</article>`
}

function inOrder(report: PlanReport): string {
  const moving = overview.movingSteps(report)
  if (moving.length === 0) return ''
  return section(
    'In order',
    tableOf(
      ['step', 'host', 'about', 'risk'],
      moving.map(step => [
        `${link(step, overview.numberOf(report, step))} ${escape(step.title)}${only(overview.condition(report, step))}`,
        escape(step.host),
        roughly(takesOf(step, report.paces).p50Seconds),
        `<span class="${step.risk}">${step.risk}</span>`,
      ]),
      'steps order',
    ),
  )
}

function about(seconds: number): string {
  const words = roughly(seconds)
  return words.startsWith('under') ? words : `about ${words}`
}

function later(report: PlanReport): string {
  const found = unknownsOf(report)
  if (found.length === 0) return ''
  const rows = found.map(one => [
    `<code>${escape(nameOf(one))}</code>`,
    `${escape(whenKnown(report, one))} <code>${escape(one.step)}</code>`,
  ])
  return section(`Known only later (${found.length})`, tableOf(['value', 'known'], rows))
}

/** When a step is needed at all, where that is not sure. */
function only(condition: string): string {
  return condition === '' ? '' : `, <strong>${condition}</strong>`
}

function section(title: string, body: string): string {
  return `<section><h2>${escape(title)}</h2>${body}</section>`
}

/** Cells are HTML already. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[], kind = ''): string {
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map(one => `<${tag}>${one}</${tag}>`).join('')}</tr>`
  return `<div class="scroll"><table${kind === '' ? '' : ` class="${kind}"`}><thead>${cells(head, 'th')}</thead><tbody>${rows.map(row => cells(row, 'td')).join('\n')}</tbody></table></div>`
}

function link(step: Step, number: number): string {
  return `<a href="#${anchor(step)}">${number} <code>${escape(step.id)}</code></a>`
}

function anchor(step: Step): string {
  return `step-${encodeURIComponent(step.id)}`
}

function diffLine(line: string): string {
  if (line.startsWith('+')) return `<ins>${escape(line)}</ins>`
  return line.startsWith('-') ? `<del>${escape(line)}</del>` : escape(line)
}

function short(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
