import type { Event } from '../run/event.ts'
import { canaryChart, escape, quorumChart, timelineChart, topologyChart } from './drillCharts.ts'
import type { DrillReport } from './drillReport.ts'
import { exercise, figureRows, metWords, moments, resultWords, time } from './drillWords.ts'
import { duration } from './layout.ts'

/** The report as one page that needs nothing beside itself: no script, no font, no address. Light, dark, and on paper. */
export function drillHtml(report: DrillReport, events: readonly Event[]): string {
  const verdict = report.passed === true ? 'good' : report.passed === false ? 'bad' : 'warn'
  const parts = [
    section('Objectives, set beforehand', objectives(report)),
    section('What happened when', `${timelineChart(report)}${momentTable(report)}`),
    section('What clients saw', canaryChart(report, events)),
    section('What was left of each group', quorumChart(report, events)),
    section('Figures', table(['', '', ''], figureRows(report))),
    section('Where', topologyChart(report)),
    section('Phases', phases(report)),
    section('Steps', steps(report)),
    section('Faults', faults(report)),
    section('Before and after', groups(report)),
    section('Findings', list(report.findings)),
    section('Controls', controls(report)),
    section('Where this comes from', origin(report)),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(`${report.title}: ${resultWords(report)}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escape(report.title)}</h1>
<p class="result ${verdict}">${escape(resultWords(report))}</p>
<p>${escape(`${exercise[report.mode]}. ${report.startedAt.slice(0, 19).replace('T', ' ')} UTC, ${duration((Date.parse(report.endedAt) - Date.parse(report.startedAt)) / 1000)}, by ${report.by}`)}</p>
</header>
${parts.filter(part => part !== '').join('\n')}
</body>
</html>
`
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2024;--dim:#5b636b;--page:#fff;--panel:#f4f6f8;--line:#cfd6dd;--bad:#b42318;--warn:#8f5000;--good:#176b3a;--move:#2f6fb0;--badbox:#fde4e1}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--dim:#a3abb3;--page:#14171a;--panel:#1f2428;--line:#3a4249;--bad:#ff8d80;--warn:#f0b35a;--good:#74d69b;--move:#7db5ec;--badbox:#4a211d}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:62rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:1.8rem 0 .5rem}.dim{color:var(--dim)}code{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
.result{font-size:1.15rem;font-weight:600;margin:.4rem 0}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin:.3rem 0}th,td{border:1px solid var(--line);padding:.25rem .6rem;text-align:left;vertical-align:top}th{background:var(--panel)}
svg{max-width:100%;height:auto}svg text{fill:var(--ink);font:13px system-ui,sans-serif}svg .small{fill:var(--dim);font-size:11px}
svg rect.good{fill:var(--good)}svg rect.bad{fill:var(--bad)}svg rect.warn{fill:var(--warn)}svg rect.move{fill:var(--move)}svg rect.unknown{fill:var(--dim)}
svg .box{fill:var(--panel);stroke:var(--line)}svg .bad-box{fill:var(--badbox);stroke:var(--bad);stroke-width:2}svg .zone{fill:none;stroke:var(--line);stroke-dasharray:4 3}
svg .base{stroke:var(--line)}svg .mark{stroke:var(--dim);stroke-dasharray:2 3}svg .majority{stroke:var(--warn);stroke-dasharray:5 4}
svg .line{fill:none;stroke:var(--move);stroke-width:2}svg .line.bad{stroke:var(--bad)}
@media print{:root{color-scheme:light;--ink:#000;--dim:#444;--page:#fff;--panel:#f4f6f8;--line:#999;--bad:#b42318;--warn:#8f5000;--good:#176b3a;--move:#2f6fb0;--badbox:#fde4e1}
body{max-width:none;padding:0;font-size:10.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}svg,tr{break-inside:avoid}h2{break-after:avoid}.scroll{overflow:visible}@page{margin:14mm}}`

function objectives(report: DrillReport): string {
  if (report.objectives.length === 0) return '<p>The drill names none.</p>'
  const rows = report.objectives.map(({ objective, targetSeconds, seconds, met }) => {
    const kind = met === true ? 'good' : met === false ? 'bad' : 'warn'
    return [
      escape(objective),
      duration(targetSeconds),
      escape(time(seconds)),
      `<strong class="${kind}">${metWords(met)}</strong>`,
    ]
  })
  return raw(['objective', 'allowed', 'measured', ''], rows)
}

function momentTable(report: DrillReport): string {
  return table(
    ['', 'what', 'when (UTC)'],
    moments(report).map(one => [one.name, one.what, one.at.replace('T', ' ').replace('Z', '')]),
  )
}

function phases(report: DrillReport): string {
  return table(
    ['phase', 'what', 'planned', 'took', 'outcome', 'who and what', 'checkpoint'],
    report.phases.map(one => {
      const said =
        one.answer === undefined
          ? ''
          : typeof one.answer === 'string'
            ? one.answer
            : JSON.stringify(one.answer)
      return [
        one.id,
        one.title,
        one.plannedSeconds === undefined ? '' : duration(one.plannedSeconds),
        one.seconds === undefined ? '' : time(one.seconds),
        `${one.outcome}${one.detail === undefined ? '' : `: ${one.detail}`}`,
        [one.by, said].filter(word => word !== undefined && word !== '').join(': '),
        one.checkpoint ?? '',
      ]
    }),
  )
}

function steps(report: DrillReport): string {
  const rows = report.phases.flatMap(phase =>
    phase.steps.map(one => [
      phase.id,
      one.title,
      one.host,
      one.state,
      one.seconds === undefined ? '' : time(one.seconds),
    ]),
  )
  return rows.length === 0 ? '' : table(['phase', 'step', 'host', 'state', 'took'], rows)
}

function faults(report: DrillReport): string {
  if (report.faults.length === 0) return ''
  return table(
    ['fault', 'host', 'on', 'undone', 'by'],
    report.faults.map(one => [one.fault, one.host, one.on, one.undone ?? 'not known', one.by ?? '']),
  )
}

function groups(report: DrillReport): string {
  const names = Object.entries(report.groups.before)
  if (names.length === 0) return ''
  const rows = names.map(([name, share]) => [name, share, report.groups.after[name] ?? 'not known'])
  const guards = report.guards.map(one => [
    one.guard,
    one.ok === null ? 'not told' : one.ok ? 'ok' : 'no',
    one.detail,
  ])
  return `${table(['group', 'before', 'after'], rows)}${guards.length === 0 ? '' : table(['guard', '', ''], guards)}`
}

function controls(report: DrillReport): string {
  if (report.controls.length === 0) return ''
  return `${table(
    ['control', ''],
    report.controls.map(one => [one, 'supports evidence for']),
  )}<p class="dim">A report supports evidence; whether a control is met is for its auditor to say.</p>`
}

function origin(report: DrillReport): string {
  return table(
    ['', ''],
    [
      ['drill', `${report.name}, ${report.id}`],
      ...Object.entries(report.roles),
      ...(report.excluded.length > 0 ? [['might not help', report.excluded.join(', ')]] : []),
      ...(report.owner === undefined ? [] : [['owner', report.owner]]),
      ['drill file', `sha256 ${report.file}`],
      ['playbook', `sha256 ${report.playbook}`],
      ['journal', `sha256 ${report.journal}`],
      ...(report.commit === undefined ? [] : [['commit', report.commit]]),
      ...(report.previous === undefined ? [] : [['previous', report.previous]]),
      ['tool', `runbook ${report.tool}`],
    ],
  )
}

function list(items: readonly string[]): string {
  return items.length === 0
    ? '<p>None.</p>'
    : `<ul>${items.map(one => `<li>${escape(one)}</li>`).join('')}</ul>`
}

function section(title: string, body: string): string {
  return body === '' ? '' : `<section><h2>${escape(title)}</h2>${body}</section>`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return raw(
    head,
    rows.map(row => row.map(escape)),
  )
}

/** Cells are HTML already. */
function raw(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map(one => `<${tag}>${whole(one)}</${tag}>`).join('')}</tr>`
  const top = head.every(one => one === '') ? '' : `<thead>${cells(head.map(escape), 'th')}</thead>`
  return `<div class="scroll"><table>${top}<tbody>${rows.map(row => cells(row, 'td')).join('\n')}</tbody></table></div>`
}

/** A duration is not broken over two lines. */
function whole(cell: string): string {
  return /^\d+[dhms]( \d+[dhms])+$/.test(cell) ? cell.replaceAll(' ', '&nbsp;') : cell
}
