import { stripVTControlCharacters } from 'node:util'
import { quote } from '../plan/quote.ts'
import type { Event } from './event.ts'

/** The one choke point before anything is written or shown. */
export interface Redact {
  /** From now on this text is masked, plain and in the forms it takes on its way. */
  add(secret: string): void
  text(text: string): string
  event(event: Event): Event
}

/** What a terminal does not show: escapes begin with one of these. Line ends stay. */
const UNSEEN = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/

const MASK = '‹masked›'
/** Shorter ones would mask half of every sentence; no product here accepts a password this short. */
const SHORTEST = 4
/** Of a piece of base64, which may also stand there by chance. */
const SHORTEST_INSIDE = 6

/** Every secret that this process has met, for the one message that no run is there to mask: why it crashed. */
const met = new Set<string>()

/** Masks every secret that any part of this process has met. */
export function maskAllMet(text: string): string {
  const redact = createRedact()
  for (const secret of met) redact.add(secret)
  return redact.text(text)
}

export function createRedact(): Redact {
  const known = new Set<string>()
  /** Sources of regular expressions, each with how much it hides: the longer one is tried first. */
  const forms = new Map<string, number>()
  let pattern: RegExp | undefined
  const text = (input: string): string => {
    if (forms.size === 0) return input
    pattern ??= new RegExp(
      [...forms]
        .sort(([, a], [, b]) => b - a)
        .map(([source]) => source)
        .join('|'),
      'g',
    )
    const masked = input.replace(pattern, MASK)
    if (!UNSEEN.test(masked)) return masked
    // Escapes can cut a secret in two; whoever takes them away would read it. Then the text is kept without them.
    const bare = withoutUnseen(masked)
    const again = bare.replace(pattern, MASK)
    return again === bare ? masked : again
  }
  const deep = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return value.map(deep)
    return isObject(value) ? members(value, NOTHING) : value
  }
  const members = (value: object, kept: ReadonlySet<string>): object =>
    Object.fromEntries(
      Object.entries(value).map(([key, member]) => {
        if (kept.has(key)) return [key, member as unknown]
        if (kept === OF_EVENT && OF_PART.has(key) && isObject(member)) return [key, members(member, OF_EVENT)]
        return [kept === NOTHING ? text(key) : key, deep(member)]
      }),
    )
  return {
    add(secret) {
      if (known.has(secret)) return
      known.add(secret)
      met.add(secret)
      for (const part of [secret, ...secret.split('\n')]) {
        const trimmed = part.trim()
        if (trimmed.length < SHORTEST) continue
        // PEM fences are public; their lines in between are not.
        if (/^-----(BEGIN|END)/.test(trimmed) && !trimmed.includes('\n')) continue
        for (const form of [part, trimmed, ...encodings(part), ...encodings(trimmed)]) {
          if (form.length >= SHORTEST) forms.set(escape(form), form.length)
        }
        forms.set(inUrl(trimmed), trimmed.length)
      }
      pattern = undefined
    },
    text,
    event: event => (forms.size === 0 ? event : (members(event, OF_EVENT) as Event)),
  }
}

const NOTHING: ReadonlySet<string> = new Set()
/**
 * Names the engine gave, which stand in the playbook for all to read. Masking them because a password happens to be 'admin' or
 * 'output' would make the journal unreadable, and hide nothing.
 */
const OF_EVENT: ReadonlySet<string> = new Set(
  'at kind run plan step steps attempt op host stream code how outcome why fact elapsedSeconds afterSeconds'.split(
    ' ',
  ),
)
/** Members of an event that have such names of their own. */
const OF_PART: ReadonlySet<string> = new Set(['failure', 'check', 'for'])

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function encodings(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  return [
    ...base64s(secret),
    json,
    // As programs in Go print JSON.
    json.replace(/[<>&]/g, unicode),
    JSON.stringify(json).slice(1, -1),
    ...(secret.includes('\0') ? [] : [inQuotes(secret)]),
  ]
}

/** In base64, alone and as part of something longer ("user:password"), where it stands at one of three offsets. */
function base64s(secret: string): readonly string[] {
  const whole = Buffer.from(secret)
  const inside = [0, 1, 2].map(offset => {
    const bits = (offset + whole.length) * 8
    const padded = Buffer.concat([Buffer.alloc(offset), whole]).toString('base64')
    // The characters at both ends also hold bits of the neighbours.
    return padded.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6))
  })
  const alone = whole.toString('base64')
  const safe = inside.filter(form => form.length >= SHORTEST_INSIDE)
  return [alone, alone.replace(/=+$/, ''), ...safe].flatMap(form => [
    form,
    form.replaceAll('+', '-').replaceAll('/', '_'),
  ])
}

function inQuotes(secret: string): string {
  return quote(secret).replace(/^'|'$/g, '')
}

/** Programs do not agree on which characters of a URL they encode, nor on the case of the digits: any mixture is found. */
function inUrl(secret: string): string {
  const any = Array.from(secret, char => {
    if (/[A-Za-z0-9]/.test(char)) return char
    const bytes = [...Buffer.from(char)].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join('')
    const encoded = bytes.replace(/[a-f]/g, digit => `[${digit}${digit.toUpperCase()}]`)
    return `(?:${escape(char)}|${encoded}${char === ' ' ? '|\\+' : ''})`
  })
  return any.join('')
}

const unicode = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

function withoutUnseen(text: string): string {
  return stripVTControlCharacters(text).replaceAll(new RegExp(UNSEEN, 'g'), '')
}

function escape(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
