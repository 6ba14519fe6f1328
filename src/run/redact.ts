import { quote } from '../plan/quote.ts'
import type { Event } from './event.ts'

/** The one choke point before anything is written or shown. */
export interface Redact {
  /** From now on this text is masked, plain and in the forms it takes on its way. */
  add(secret: string): void
  text(text: string): string
  event(event: Event): Event
}

const MASK = '‹masked›'
/** Shorter ones would mask half of every sentence; no product here accepts a password this short. */
const SHORTEST = 4

export function createRedact(): Redact {
  const forms = new Set<string>()
  let pattern: RegExp | undefined
  const text = (input: string): string => {
    if (forms.size === 0) return input
    pattern ??= new RegExp(
      [...forms]
        .sort((a, b) => b.length - a.length)
        .map(escape)
        .join('|'),
      'g',
    )
    return input.replace(pattern, MASK)
  }
  const deep = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return value.map(deep)
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, deep(member)]))
    }
    return value
  }
  return {
    add(secret) {
      for (const part of [secret, ...secret.split('\n')]) {
        const trimmed = part.trim()
        if (trimmed.length < SHORTEST) continue
        // PEM fences are public; their lines in between are not.
        if (/^-----(BEGIN|END)/.test(trimmed) && trimmed.length === part.length) continue
        for (const form of [part, trimmed, ...encodings(part), ...encodings(trimmed)]) {
          if (form.length >= SHORTEST) forms.add(form)
        }
      }
      pattern = undefined
    },
    text,
    event: event => (forms.size === 0 ? event : (deep(event) as Event)),
  }
}

function encodings(secret: string): readonly string[] {
  const base64 = Buffer.from(secret).toString('base64')
  const quoted = secret.includes('\0') ? secret : quote(secret)
  return [
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(secret).toString('base64url'),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    quoted.replace(/^'|'$/g, ''),
  ]
}

function escape(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
