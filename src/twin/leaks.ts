import type { Event } from '../run/event.ts'
import type { Redact } from '../run/redact.ts'

/** A redact that also remembers what it was told to hide, so that a rehearsal can look for it with other eyes. */
export function remembering(redact: Redact): {
  readonly redact: Redact
  readonly secrets: ReadonlySet<string>
} {
  const secrets = new Set<string>()
  const add = (secret: string): void => {
    secrets.add(secret)
    redact.add(secret)
  }
  return { redact: { ...redact, add }, secrets }
}

/** Secrets of fewer characters would be found by chance. */
const SHORTEST = 6

/** Where one of the secrets stands, plain, escaped, or in base64 by itself: in which event or argument list. Pure. */
export function leaks(
  secrets: Iterable<string>,
  events: readonly Event[],
  argv: readonly string[],
): readonly string[] {
  const forms = [...secrets]
    .flatMap(secret => secret.split('\n'))
    .map(part => part.trim())
    .filter(part => part.length >= SHORTEST && !part.startsWith('-----'))
    .flatMap(part => [
      part,
      encodeURIComponent(part),
      Buffer.from(part).toString('base64').replace(/=+$/, ''),
    ])
  const distinct = [...new Set(forms)]
  const text = JSON.stringify(events)
  const isIn = (where: string, form: string): boolean => where.includes(JSON.stringify(form).slice(1, -1))
  return distinct.flatMap(form => [
    ...(isIn(text, form)
      ? events
          .filter(event => isIn(JSON.stringify(event), form))
          .map(event => `${event.kind} ${'step' in event ? event.step : ''}`)
      : []),
    ...argv.filter(line => line.includes(form)).map(line => `argv of ${line.split(' ')[0] ?? ''}`),
  ])
}
