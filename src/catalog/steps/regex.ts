/**
 * Regular expressions that cannot run away. JavaScript's own backtrack: `(a+)+$` against 35 letters takes minutes. This one
 * walks all ways at once (Thompson), so its time is at most length of the text × size of the pattern. It knows what RE2 and
 * JavaScript have in common: literals, `.`, classes, `\d \w \s \b` and their opposites, `^ $`, groups, `|`, `* + ? {n,m}`.
 * No back references, no look-around.
 */

type Test = (char: string) => boolean
type Node =
  | { readonly is: 'char'; readonly test: Test; next: number }
  | { readonly is: 'split'; next: number; other: number }
  | { readonly is: 'assert'; readonly holds: (chars: readonly string[], at: number) => boolean; next: number }
  | { readonly is: 'match' }

/** More states than this is no pattern for a condition. */
const MOST_STATES = 2_000
const MOST_REPEATS = 200

/** The pattern is not one, or uses what is not known here. */
export class BadPattern extends Error {
  override readonly name = 'BadPattern'
}

/** Whether the pattern occurs anywhere in the text, as CEL's `matches` has it. @throws BadPattern */
export function occurs(pattern: string, text: string): boolean {
  const nodes = compilePattern(pattern)
  let current = new Set<number>()
  const chars = Array.from(text)
  const enter = (state: number, at: number, into: Set<number>): boolean => {
    const open = [state]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (into.has(next)) continue
      into.add(next)
      const node = nodes[next]
      if (node === undefined || node.is === 'match') return true
      if (node.is === 'split') open.push(node.other, node.next)
      else if (node.is === 'assert' && node.holds(chars, at)) open.push(node.next)
    }
    return false
  }
  for (let at = 0; at <= chars.length; at++) {
    if (enter(0, at, current)) return true
    const following = new Set<number>()
    const char = chars[at]
    if (char === undefined) break
    for (const state of current) {
      const node = nodes[state]
      if (node?.is === 'char' && node.test(char) && enter(node.next, at + 1, following)) return true
    }
    current = following
  }
  return false
}

/** A part of the automaton under construction: where it begins, and the ends that still lead nowhere. */
interface Part {
  readonly start: number
  readonly ends: readonly ((to: number) => void)[]
}

function compilePattern(pattern: string): readonly Node[] {
  const source = Array.from(pattern)
  const nodes: Node[] = [{ is: 'split', next: -1, other: -1 }]
  let at = 0

  const add = (node: Node): number => {
    if (nodes.length >= MOST_STATES) throw new BadPattern(`the pattern is too big: ${shown(pattern)}`)
    return nodes.push(node) - 1
  }
  const single = (test: Test): Part => {
    const node: Node = { is: 'char', test, next: -1 }
    return { start: add(node), ends: [to => void (node.next = to)] }
  }
  const assertion = (holds: (chars: readonly string[], at: number) => boolean): Part => {
    const node: Node = { is: 'assert', holds, next: -1 }
    return { start: add(node), ends: [to => void (node.next = to)] }
  }
  const nothing = (): Part => assertion(() => true)
  const join = (first: Part, second: Part): Part => {
    for (const end of first.ends) end(second.start)
    return { start: first.start, ends: second.ends }
  }
  const either = (first: Part, second: Part): Part => ({
    start: add({ is: 'split', next: first.start, other: second.start }),
    ends: [...first.ends, ...second.ends],
  })
  const optional = (part: Part): Part => {
    const node: Node = { is: 'split', next: part.start, other: -1 }
    return { start: add(node), ends: [...part.ends, to => void (node.other = to)] }
  }
  const repeat = (part: Part): Part => {
    const node: Node = { is: 'split', next: part.start, other: -1 }
    const start = add(node)
    for (const end of part.ends) end(start)
    return { start, ends: [to => void (node.other = to)] }
  }

  const alternatives = (): Part => {
    let part = sequence()
    while (source[at] === '|') {
      at += 1
      part = either(part, sequence())
    }
    return part
  }
  const sequence = (): Part => {
    let part: Part | undefined
    while (at < source.length && source[at] !== '|' && source[at] !== ')') {
      const next = repeated()
      part = part === undefined ? next : join(part, next)
    }
    return part ?? nothing()
  }
  const repeated = (): Part => {
    const from = at
    let part = atom()
    const to = at
    /** The same part once more: parts cannot be copied, so its text is read again. */
    const again = (): Part => {
      const resume = at
      at = from
      const copy = atom()
      at = Math.max(resume, to)
      return copy
    }
    for (;;) {
      const sign = source[at]
      if (sign === '*') part = repeat(part)
      else if (sign === '+') part = join(part, repeat(again()))
      else if (sign === '?') part = optional(part)
      else if (sign === '{') {
        const counts = /^\{(\d+)(,(\d*))?\}/.exec(source.slice(at, at + 16).join(''))
        if (counts === null) return part
        const least = Number(counts[1])
        const most = counts[2] === undefined ? least : counts[3] === '' ? undefined : Number(counts[3])
        if (Math.max(least, most ?? 0) > MOST_REPEATS || (most !== undefined && most < least))
          throw new BadPattern(`'${counts[0]}' repeats too often or backwards; at most ${MOST_REPEATS} times`)
        at += counts[0].length - 1
        part = counted(least, most, part, again)
      } else return part
      at += 1
      if (source[at] === '?') at += 1 // lazy or not makes no difference to whether it occurs
      if (['*', '+'].includes(source[at] ?? ''))
        throw new BadPattern(`'${sign}${source[at] ?? ''}' repeats a repetition; put the first in ( )`)
    }
  }
  const counted = (least: number, most: number | undefined, first: Part, again: () => Part): Part => {
    if (most === 0) return nothing()
    let part = least === 0 ? (most === undefined ? repeat(first) : optional(first)) : first
    for (let n = 1; n < least; n++) part = join(part, again())
    if (most === undefined) return least === 0 ? part : join(part, repeat(again()))
    for (let n = Math.max(1, least); n < most; n++) part = join(part, optional(again()))
    return part
  }
  const atom = (): Part => {
    const char = source[at++] ?? ''
    if (char === '(') {
      if (source[at] === '?') {
        if (source[at + 1] !== ':')
          throw new BadPattern(`'(?${source[at + 1] ?? ''}' is not known here: ${shown(pattern)}`)
        at += 2
      }
      const inside = alternatives()
      if (source[at] !== ')') throw new BadPattern(`a ')' is missing: ${shown(pattern)}`)
      at += 1
      return inside
    }
    if (char === '[') return single(bracket())
    if (char === '.') return single(one => one !== '\n')
    if (char === '^') return assertion((_, place) => place === 0)
    if (char === '$') return assertion((chars, place) => place === chars.length)
    if (char === '\\') return escaped()
    if ('*+?'.includes(char)) throw new BadPattern(`nothing to repeat before '${char}': ${shown(pattern)}`)
    return single(one => one === char)
  }
  const escaped = (): Part => {
    const char = source[at++]
    if (char === 'b' || char === 'B') {
      const word = (one: string | undefined): boolean => one !== undefined && /\w/.test(one)
      return assertion((chars, place) => (word(chars[place - 1]) !== word(chars[place])) === (char === 'b'))
    }
    return single(escape(char))
  }
  const escape = (char: string | undefined): Test => {
    if (char === undefined) throw new BadPattern(`a lone '\\' at the end: ${shown(pattern)}`)
    const sets: { readonly [name: string]: RegExp } = { d: /\d/, D: /\D/, w: /\w/, W: /\W/, s: /\s/, S: /\S/ }
    const set = sets[char]
    if (set !== undefined) return one => set.test(one)
    const controls: { readonly [name: string]: string } = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' }
    const meant = controls[char] ?? char
    if (/[A-Za-z0-9]/.test(char) && controls[char] === undefined)
      throw new BadPattern(`'\\${char}' is not known here: ${shown(pattern)}`)
    return one => one === meant
  }
  const bracket = (): Test => {
    const isNot = source[at] === '^'
    if (isNot) at += 1
    const tests: Test[] = []
    let isFirst = true
    while (isFirst || source[at] !== ']') {
      isFirst = false
      const low = source[at++]
      if (low === undefined) throw new BadPattern(`a ']' is missing: ${shown(pattern)}`)
      if (low === '\\') {
        tests.push(escape(source[at++]))
        continue
      }
      const high = source[at + 1]
      if (source[at] === '-' && high !== undefined && high !== ']') {
        if (high === '\\' || high < low)
          throw new BadPattern(`'${low}-${high}' is no range: ${shown(pattern)}`)
        at += 2
        tests.push(one => one >= low && one <= high)
      } else tests.push(one => one === low)
    }
    at += 1
    return one => tests.some(test => test(one)) !== isNot
  }

  const whole = alternatives()
  if (at < source.length) throw new BadPattern(`a ')' too many: ${shown(pattern)}`)
  const end = add({ is: 'match' })
  for (const close of whole.ends) close(end)
  nodes[0] = { is: 'split', next: whole.start, other: whole.start }
  return nodes
}

function shown(pattern: string): string {
  return pattern.length > 60 ? `${pattern.slice(0, 60)}…` : pattern
}
