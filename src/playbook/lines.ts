/** Offsets at which the lines of a text begin. */
export type Lines = readonly number[]

export function linesOf(text: string): Lines {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Line and column of an offset, both from 1; columns count UTF-16 units. */
export function positionOf(lines: Lines, offset: number): { readonly line: number; readonly column: number } {
  let [low, high] = [0, lines.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((lines[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 }
}

/** The text of a line without its end. */
export function lineText(text: string, lines: Lines, line: number): string {
  return text.slice(lines[line - 1], lines[line] ?? text.length).replace(/\r?\n$/, '')
}
