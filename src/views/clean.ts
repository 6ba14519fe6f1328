import { stripVTControlCharacters } from 'node:util'
import type { Event } from '../run/event.ts'

/** C0 and C1 controls but for newline, and the marks that turn the reading direction (they can make a line lie). */
const controls = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

/**
 * Text of a host made safe to show: no terminal escapes, no control characters, tabs as spaces. Of a line that a
 * carriage return rewrites (a progress bar), what stood there last is kept.
 */
export function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r+(?=\n|$)/g, '')
    .replace(/^.*\r/gm, '')
    .replaceAll('\t', '  ')
    .replace(controls, '')
}

/** An event whose every text is clean. Views are fed with these only. */
export function cleanEvent(event: Event): Event {
  return deep(event) as Event
}

function deep(value: unknown): unknown {
  if (typeof value === 'string') return clean(value)
  if (Array.isArray(value)) return value.map(deep)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, deep(member)]))
}
