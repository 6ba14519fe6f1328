import { count, cut, duration, type Paint } from './layout.ts'

/** One step as the picture shows it. */
export interface Row {
  readonly title: string
  readonly host: string
  readonly section: string
  readonly state: 'waiting' | 'running' | 'done' | 'already' | 'failed'
  /** When it was begun; undefined while waiting. Milliseconds since 1970. */
  readonly sinceMs?: number
  /** Newest lines the host printed, the newest last. */
  readonly tail: readonly string[]
  /** What it waits for, or why it failed. */
  readonly note?: string
}

export interface Glyphs {
  readonly done: string
  readonly failed: string
  readonly waiting: string
  readonly bar: string
  readonly full: string
  readonly empty: string
  readonly spin: readonly string[]
}

export const unicode: Glyphs = {
  done: '✔',
  failed: '✖',
  waiting: '·',
  bar: '│',
  full: '█',
  empty: '░',
  spin: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
}
/** For terminals that cannot be trusted with more than ASCII. */
export const ascii: Glyphs = {
  done: 'v',
  failed: 'X',
  waiting: '.',
  bar: '|',
  full: '#',
  empty: '-',
  spin: ['-', '\\', '|', '/'],
}

export interface FrameOptions {
  readonly name: string
  readonly columns: number
  /** Rows of the terminal; the picture takes at least one less, so that nothing ever scrolls. */
  readonly rows: number
  readonly nowMs: number
  readonly sinceMs: number
  /** Estimated seconds to the end; undefined when there is no telling. */
  readonly leftSeconds?: number
  /** A message of ours, under the bar. */
  readonly said?: string
  readonly glyphs: Glyphs
  readonly paint: Paint
}

/** The picture: a bar, one line a section, and under its section every step that runs or failed, with what its host says. */
export function frame(rows: readonly Row[], options: FrameOptions): readonly string[] {
  const height = Math.max(3, options.rows - 1)
  // What a small terminal leaves out, mildest first; the last form always fits.
  const forms: readonly Form[] = [
    { tail: 3, sections: 'all' },
    { tail: 1, sections: 'all' },
    { tail: 1, sections: 'some' },
    { tail: 0, sections: 'some' },
    { tail: 0, sections: 'none' },
  ]
  for (const form of forms) {
    const lines = draw(rows, form, options)
    if (lines.length <= height) return lines
  }
  const lines = draw(rows, { tail: 0, sections: 'none' }, options)
  return [...lines.slice(0, height - 1), options.paint.dim(`  and ${lines.length - height + 1} more`)]
}

interface Form {
  readonly tail: number
  readonly sections: 'all' | 'some' | 'none'
}

function draw(rows: readonly Row[], form: Form, options: FrameOptions): readonly string[] {
  const { glyphs, paint, columns } = options
  const sections = [...new Set(rows.map(row => row.section))].map(name => ({
    name,
    inside: rows.filter(row => row.section === name),
  }))
  const past = sections.filter(({ inside }) => inside.every(ended))
  const future = sections.filter(({ inside }) => inside.every(row => row.state === 'waiting'))
  const widest = Math.max(0, ...sections.map(({ name }) => name.length))
  const line = (sign: string, name: string, inside: readonly Row[]): string =>
    cut(
      `${sign} ${name.padEnd(Math.min(widest, 40))}  ${inside.filter(ended).length}/${inside.length}`,
      columns - 1,
    )
  const lines: string[] = [header(rows, options)]
  if (options.said !== undefined) lines.push(paint.yellow(cut(options.said, columns - 1)))
  if (form.sections !== 'all' && past.length > 0)
    lines.push(paint.green(`${glyphs.done} ${count(past.length, 'section')} done`))
  for (const section of sections) {
    const { name, inside } = section
    const isPast = past.includes(section)
    const isFuture = future.includes(section)
    if ((isPast || isFuture) && form.sections !== 'all') continue
    const failed = inside.some(row => row.state === 'failed')
    if (form.sections !== 'none') {
      const sign = failed ? glyphs.failed : isPast ? glyphs.done : isFuture ? glyphs.waiting : ' '
      const colour = failed ? paint.red : isPast ? paint.green : isFuture ? paint.dim : paint.bold
      lines.push(colour(line(sign, name, inside)))
    }
    for (const row of inside)
      if (row.state === 'running' || row.state === 'failed') lines.push(...rowLines(row, form, options))
  }
  if (form.sections !== 'all' && future.length > 0)
    lines.push(paint.dim(`${glyphs.waiting} ${count(future.length, 'section')} to come`))
  return lines
}

function header(rows: readonly Row[], options: FrameOptions): string {
  const { glyphs, paint, columns } = options
  const over = rows.filter(ended).length
  const cells = Math.max(0, Math.min(20, columns - 50))
  const full = rows.length === 0 ? cells : Math.floor((over / rows.length) * cells)
  const bar = cells === 0 ? '' : `${glyphs.full.repeat(full)}${glyphs.empty.repeat(cells - full)} `
  const left =
    options.leftSeconds === undefined ? '' : `, about ${duration(Math.round(options.leftSeconds))} left`
  return paint.bold(
    cut(
      `${bar}${over}/${rows.length} ${options.name}, ${duration(seconds(options.sinceMs, options.nowMs))}${left}`,
      columns - 1,
    ),
  )
}

function rowLines(row: Row, form: Form, options: FrameOptions): readonly string[] {
  const { glyphs, paint, columns, nowMs } = options
  const spin = glyphs.spin[Math.floor(nowMs / 100) % glyphs.spin.length] ?? ''
  const failed = row.state === 'failed'
  const time = row.sinceMs === undefined || failed ? '' : `  ${duration(seconds(row.sinceMs, nowMs))}`
  const end = `  ${row.host}${time}`
  const head = `  ${failed ? glyphs.failed : spin} ${cut(row.title, Math.max(10, columns - 5 - end.length))}${end}`
  const below = row.note === undefined ? row.tail : [...row.tail, row.note]
  const tail =
    form.tail === 0
      ? []
      : below.slice(-form.tail).map(text => paint.dim(cut(`    ${glyphs.bar} ${text}`, columns - 1)))
  return [(failed ? paint.red : paint.cyan)(cut(head, columns - 1)), ...tail]
}

function ended(row: Row): boolean {
  return row.state === 'done' || row.state === 'already'
}

/** Whole seconds, so that the picture does not flicker. */
function seconds(fromMs: number, toMs: number): number {
  return Math.max(0, Math.floor((toMs - fromMs) / 1000))
}
