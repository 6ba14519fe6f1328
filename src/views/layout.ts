/** How text is coloured; each function takes and gives one line. */
export interface Paint {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly yellow: (text: string) => string
  readonly green: (text: string) => string
  readonly cyan: (text: string) => string
}

const same = (text: string): string => text

/** No colour at all. */
export const noPaint: Paint = { bold: same, dim: same, red: same, yellow: same, green: same, cyan: same }

/** '45s', '2m 05s', '1h 02m'. Below ten seconds one decimal. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${(Math.round(seconds * 10) / 10).toString()}s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}s`
  const two = (value: number): string => String(value).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`
}

/** Minutes for an estimate, where seconds would be a pretence: 'under 1 min', '23 min', '2 h 05 min'. */
export function roughly(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  if (minutes < 1) return 'under 1 min'
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** '1 step', '2 steps'. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`
}

/** Breaks at spaces; a word longer than a line stands alone. The first line keeps its indentation, later ones begin with `hang`. */
export function wrap(text: string, width: number, hang = ''): readonly string[] {
  const lead = /^ */.exec(text)?.[0] ?? ''
  const lines: string[] = []
  let line = lead
  let empty = true
  for (const word of text.slice(lead.length).split(' ')) {
    if (empty || line.length + 1 + word.length <= width) line += empty ? word : ` ${word}`
    else {
      lines.push(line)
      line = hang + word
    }
    empty = false
  }
  return [...lines, line]
}

/**
 * A command broken over lines that a shell still reads as one: only at spaces outside quotes, with a backslash. What
 * stands inside quotes, whole scripts too, is left as it is.
 */
export function wrapCommand(command: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of words(command)) {
    const [first = '', ...rest] = word.split('\n')
    if (line.trim() !== '' && line.length + 1 + first.length > width - 2) {
      lines.push(`${line} \\`)
      line = `  ${first}`
    } else line = line === '' ? first : `${line} ${first}`
    for (const more of rest) {
      lines.push(line)
      line = more
    }
  }
  return [...lines, line]
}

/** A command without the text of its scripts: what is quoted over several lines is only counted. One line. */
export function brief(command: string): string {
  return words(command)
    .map(word => (word.includes('\n') ? `'(${word.split('\n').length} lines)'` : word))
    .join(' ')
}

/** Split at spaces that stand outside quotes. */
function words(command: string): readonly string[] {
  const found: string[] = []
  let word = ''
  let quote = ''
  let escaped = false
  for (const sign of command) {
    if (!escaped && (quote === '' ? sign === "'" || sign === '"' : sign === quote))
      quote = quote === '' ? sign : ''
    escaped = !escaped && sign === '\\' && quote !== "'"
    if (sign === ' ' && quote === '') {
      found.push(word)
      word = ''
    } else word += sign
  }
  return [...found, word]
}

/** Cuts to a width; what is cut is marked with '...'. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text
  return width <= 3 ? text.slice(0, Math.max(0, width)) : `${text.slice(0, width - 3)}...`
}

/** Columns as wide as their widest cell, two spaces apart, nothing after the last. The first row may be a heading. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return rows.map(row =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
