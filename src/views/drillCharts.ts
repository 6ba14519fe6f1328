import type { Event } from '../run/event.ts'
import { type DrillReport, ofKind } from './drillReport.ts'
import { moments } from './drillWords.ts'
import { cut, duration } from './layout.ts'

const WIDTH = 960
const LEFT = 130
const RIGHT = 16

/** Time along the width of every chart, so that they can be read one below the other. */
interface Scale {
  readonly x: (at: string) => number
  readonly from: number
  readonly to: number
}

function scaleOf({ startedAt, endedAt }: DrillReport): Scale {
  const from = Date.parse(startedAt)
  const to = Math.max(Date.parse(endedAt), from + 1000)
  return {
    from,
    to,
    x: at => LEFT + ((Date.parse(at) - from) / (to - from)) * (WIDTH - LEFT - RIGHT),
  }
}

/** Phases as bars, with the moments T0 to T7 above them. */
export function timelineChart(report: DrillReport): string {
  const scale = scaleOf(report)
  const rows = report.phases.filter(one => one.startedAt !== undefined)
  const top = 46
  const height = top + rows.length * 24 + 26
  const bars = rows.map((one, i) => {
    const y = top + i * 24
    const x = scale.x(one.startedAt ?? '')
    const width = Math.max(3, ((one.seconds ?? 0) * 1000 * (WIDTH - LEFT - RIGHT)) / (scale.to - scale.from))
    const kind = one.outcome !== 'done' ? 'bad' : one.kind === 'fault' ? 'warn' : 'move'
    const words = one.seconds === undefined ? '' : duration(one.seconds)
    const inside = x + width + 70 < WIDTH
    return `<text x="4" y="${y + 15}">${escape(cut(one.id, 18))}</text><rect class="${kind}" x="${n(x)}" y="${y + 3}" width="${n(width)}" height="16" rx="2"><title>${escape(`${one.title}: ${words}`)}</title></rect><text class="small" x="${n(inside ? x + width + 4 : x - 4)}" y="${y + 15}"${inside ? '' : ' text-anchor="end"'}>${escape(words)}</text>`
  })
  return chart(
    'Phases over time',
    height,
    `${marks(report, scale, height - 22)}${bars.join('')}${axis(scale, height - 18)}`,
  )
}

/** Every try of every canary: good ones low and quiet, failed ones tall. */
export function canaryChart(report: DrillReport, events: readonly Event[]): string {
  const scale = scaleOf(report)
  const tries = ofKind(events, 'canary')
  const services = (['pull', 'push', 'metadata'] as const).filter(service =>
    tries.some(one => one.service === service),
  )
  if (services.length === 0) return ''
  const top = 46
  const height = top + services.length * 40 + 26
  const rows = services.map((service, i) => {
    const y = top + i * 40
    const own = tries.filter(one => one.service === service)
    // As many ticks as there are pixels are enough to see; a failed try is never left out.
    const seen = new Set<string>()
    const ticks = own.flatMap(one => {
      const x = Math.round(scale.x(one.at))
      const key = `${x} ${String(one.ok)}`
      if (seen.has(key)) return []
      seen.add(key)
      const [kind, high] = one.ok === null ? ['unknown', 14] : one.ok ? ['good', 10] : ['bad', 28]
      return [`<rect class="${kind}" x="${x}" y="${y + 30 - high}" width="2" height="${high}"/>`]
    })
    const failed = own.filter(one => one.ok === false).length
    return `<text x="4" y="${y + 20}">${service}</text><text class="small" x="4" y="${y + 34}">${failed} of ${own.length} failed</text>${ticks.join('')}<line class="base" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y + 30.5}" y2="${y + 30.5}"/>`
  })
  return chart(
    'Tries of clients over time',
    height,
    `${marks(report, scale, height - 22)}${rows.join('')}${axis(scale, height - 18)}`,
  )
}

/** How many of each group were up, as steps. */
export function quorumChart(report: DrillReport, events: readonly Event[]): string {
  const scale = scaleOf(report)
  const looks = ofKind(events, 'quorums')
  const names = [...new Set(looks.flatMap(one => Object.keys(one.groups)))]
  if (names.length === 0) return ''
  const top = 46
  const row = 54
  const height = top + names.length * row + 26
  const rows = names.map((name, i) => {
    const base = top + i * row + 42
    const most = Math.max(1, ...looks.map(one => one.groups[name]?.members ?? 0))
    const y = (up: number): number => base - (up / most) * 34
    const majority = Math.floor(most / 2) + 1
    let path = ''
    let last = ''
    for (const look of looks) {
      const up = look.groups[name]?.up
      if (up === undefined) continue
      path += path === '' ? `M${n(scale.x(look.at))} ${n(y(up))}` : `H${n(scale.x(look.at))}V${n(y(up))}`
      last = `${up}/${look.groups[name]?.members ?? 0}`
    }
    const lowest = Math.min(...looks.flatMap(one => one.groups[name]?.up ?? []))
    return `<text x="4" y="${base - 18}">${escape(cut(name, 18))}</text><text class="small" x="4" y="${base - 4}">lowest ${lowest}, last ${last}</text><line class="majority" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(y(majority))}" y2="${n(y(majority))}"/><line class="base" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${base + 0.5}" y2="${base + 0.5}"/><path class="${lowest < majority ? 'line bad' : 'line'}" d="${path}"/>`
  })
  return chart(
    'Members of each group that were up',
    height,
    `${marks(report, scale, height - 22)}${rows.join('')}${axis(scale, height - 18)}`,
  )
}

/** The hosts by site, or by first role; those that were broken stand out. */
export function topologyChart(report: DrillReport): string {
  const hosts = Object.entries(report.hosts)
  const hasSites = hosts.some(([, host]) => host.site !== undefined)
  const columns = new Map<string, (typeof hosts)[number][]>()
  for (const one of hosts) {
    const [, { site, roles }] = one
    const name = hasSites ? (site === undefined ? 'no site' : `site ${site}`) : (roles[0] ?? 'hosts')
    columns.set(name, [...(columns.get(name) ?? []), one])
  }
  const [wide, high, gap] = [180, 44, 10]
  const tallest = Math.max(1, ...[...columns.values()].map(one => one.length))
  const width = Math.max(WIDTH, columns.size * (wide + 3 * gap))
  const height = 30 + tallest * (high + gap) + gap
  const drawn = [...columns].map(([name, column], i) => {
    const left = i * (wide + 3 * gap) + gap / 2
    const boxes = column.map(([host, { roles }], j) => {
      const [x, y] = [left + gap, 28 + j * (high + gap)]
      const broken = report.faults.filter(one => one.host === host)
      const words = broken.length === 0 ? roles.join(', ') : `broken: ${roles.join(', ')}`
      return `<rect class="${broken.length > 0 ? 'bad-box' : 'box'}" x="${x}" y="${y}" width="${wide}" height="${high}" rx="4"/><text x="${x + 8}" y="${y + 18}">${escape(cut(host, 24))}</text><text class="small" x="${x + 8}" y="${y + 34}">${escape(cut(words, 30))}</text>`
    })
    return `<rect class="zone" x="${left}" y="1" width="${wide + 2 * gap}" height="${height - 2}" rx="6"/><text x="${left + gap}" y="19">${escape(name)}</text>${boxes.join('')}`
  })
  return chart('Hosts', height, drawn.join(''), width)
}

function chart(name: string, height: number, body: string, width = WIDTH): string {
  return `<div class="scroll"><svg role="img" aria-label="${escape(name)}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" xmlns="http://www.w3.org/2000/svg">${body}</svg></div>`
}

/** T0 to T7 as lines; names that would stand on each other are put on the line below. */
function marks(report: DrillReport, scale: Scale, bottom: number): string {
  let before = -100
  let level = 0
  return moments(report)
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .map(({ name, what, at }) => {
      const x = scale.x(at)
      level = x - before < 22 ? (level + 1) % 3 : 0
      before = x
      return `<line class="mark" x1="${n(x)}" x2="${n(x)}" y1="${14 + level * 12}" y2="${bottom}"/><text class="small" x="${n(x + 2)}" y="${12 + level * 12}">${name}<title>${escape(`${name} ${what} ${at}`)}</title></text>`
    })
    .join('')
}

/** Time since the beginning, at five places. */
function axis({ from, to }: Scale, y: number): string {
  return [0, 0.25, 0.5, 0.75, 1]
    .map(part => {
      const x = LEFT + part * (WIDTH - LEFT - RIGHT)
      const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle'
      return `<text class="small" x="${n(x)}" y="${y + 12}" text-anchor="${anchor}">${duration(((to - from) * part) / 1000)}</text>`
    })
    .join('')
}

const n = (value: number): string => String(Math.round(value * 10) / 10)

/** Text as text. */
export function escape(words: string): string {
  return words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
