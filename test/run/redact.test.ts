import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quote } from '../../src/plan/quote.ts'
import type { Event, Failure } from '../../src/run/event.ts'
import { createRedact } from '../../src/run/redact.ts'

const at = '2026-01-01T00:00:00.000Z'
const check = (text: string) => ({ fact: 'f', host: 'h', args: { [text]: text }, is: [text] })
/** Every event with the text in every place that is not a name of the engine's own. */
const everywhere = (text: string): readonly Event[] => {
  const op = { host: 'h', op: 0, shown: text }
  const failures: readonly Failure[] = [
    { why: 'unreachable', host: 'h', detail: text, help: text },
    { why: 'diverged', check: check(text), seen: { [text]: [text] }, detail: text },
    { why: 'goal-not-met', check: check(text), seen: text, afterSeconds: 1 },
    { why: 'exit', ...op, code: 1, lastLines: ['x', text] },
    { why: 'fatal-line', ...op, line: text, lastLines: [text] },
    { why: 'timeout', ...op, afterSeconds: 1, lastLines: [text] },
    { why: 'in-doubt', ...op, detail: text },
  ]
  return [
    { at, kind: 'run-started', run: 'R', plan: 'p', name: text, steps: 1, resumed: false },
    { at, kind: 'op-started', step: 's', ...op },
    { at, kind: 'output', step: 's', host: 'h', stream: 'out', line: `a ${text} b` },
    { at, kind: 'waiting', step: 's', for: check(text), seen: { deep: { [text]: text } }, elapsedSeconds: 1 },
    { at, kind: 'answered', step: 's', op: 0, by: text, answer: { text } },
    ...failures.map(failure => ({ at, kind: 'step-failed', step: 's', failure }) as const),
    { at, kind: 'run-ended', outcome: 'stopped', held: [{ step: 's', quorum: text, up: 1, members: 3 }] },
  ]
}
/** What becomes of a secret on its way to a log. */
const forms: { readonly [form: string]: (secret: string) => string } = {
  plain: secret => secret,
  quoted: secret => quote(secret),
  'in JSON': secret => JSON.stringify({ password: secret }),
  'in JSON in JSON': secret => JSON.stringify(JSON.stringify({ password: secret })),
  'in JSON as Go prints it': secret =>
    JSON.stringify({ password: secret }).replace(/[<>&]/g, char => `\\u00${char.charCodeAt(0).toString(16)}`),
  'in a URL': secret => `https://x/?p=${encodeURIComponent(secret)}&q=1`,
  'in a form': secret => new URLSearchParams({ p: secret }).toString(),
  'in base64': secret => Buffer.from(secret).toString('base64'),
  'in base64url': secret => Buffer.from(secret).toString('base64url'),
}
/** Long and odd enough not to stand somewhere by chance. */
const secrets = fc
  .string({
    unit: fc.constantFrom(...Array.from('abcXYZ0189 "\'\\$&<>+/=%!*()~-_.äé東\t')),
    minLength: 10,
    maxLength: 24,
  })
  .filter(text => text.trim() === text && new Set(text).size > 6)

describe('redact', () => {
  it('finds every form of a secret in every place of every event', () => {
    fc.assert(
      fc.property(secrets, fc.constantFrom(...Object.keys(forms)), (secret, form) => {
        const redact = createRedact()
        redact.add(secret)
        const shown = forms[form]?.(secret) ?? ''
        for (const event of everywhere(shown)) {
          const masked = JSON.stringify(redact.event(event))
          expect(masked).not.toContain(JSON.stringify(shown).slice(1, -1))
          expect(masked).toContain('‹masked›')
        }
      }),
      { numRuns: 300 },
    )
  })

  it('finds it inside a longer base64, as in "user:password"', () => {
    fc.assert(
      fc.property(
        secrets,
        fc.string({ maxLength: 5 }),
        fc.string({ maxLength: 5 }),
        (secret, before, behind) => {
          const redact = createRedact()
          redact.add(secret)
          const basic = Buffer.from(`${before}${secret}${behind}`).toString('base64')
          const rest = Buffer.from(redact.text(basic).replaceAll('‹masked›', '')).toString()
          // Of its characters only those that share bits with a neighbour may be left.
          expect(rest.length).toBeLessThanOrEqual(
            basic.length - Math.floor((Buffer.from(secret).length * 8) / 6) + 2,
          )
        },
      ),
    )
  })

  it('masks every line of a key, and none of the fences that all keys have', () => {
    const redact = createRedact()
    redact.add('-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----\n')
    expect(redact.text('x MIIEvQIBADANBg y')).toBe('x ‹masked› y')
    expect(redact.text('x kqhkiG9w0BAQEF y')).toBe('x ‹masked› y')
    expect(redact.text('-----BEGIN PRIVATE KEY-----')).toBe('-----BEGIN PRIVATE KEY-----')
  })

  it.each([
    'output',
    'step-failed',
    'kind',
    'exit',
    's',
    'stopped',
    'changed',
    '2026',
    'null',
    '[object Object]',
    '.*',
    '$&',
  ])('leaves the names of the engine alone when the password is %j', secret => {
    const redact = createRedact()
    redact.add(secret)
    redact.add('another secret')
    for (const event of everywhere('text')) {
      const masked = redact.event(event)
      expect(masked.kind).toBe(event.kind)
      expect(masked.at).toBe(event.at)
      if ('step' in event) expect(masked).toMatchObject({ step: event.step })
      if (event.kind === 'step-failed') expect(masked).toMatchObject({ failure: { why: event.failure.why } })
      if (event.kind === 'run-ended') expect(masked).toMatchObject({ outcome: event.outcome })
    }
  })

  it.each(['', 'abc', '   ', '\n\n'])('does not mask %j, which would mask half of every sentence', secret => {
    const redact = createRedact()
    redact.add(secret)
    expect(redact.text(`abc   x\n\n${secret}`)).toBe(`abc   x\n\n${secret}`)
  })

  it('masks the longer one where one is part of the other', () => {
    const redact = createRedact()
    redact.add('hunter')
    redact.add('hunter2-extra')
    expect(redact.text('hunter2-extra hunter')).toBe('‹masked› ‹masked›')
  })

  it('changes nothing where there is no secret', () => {
    const redact = createRedact()
    redact.add('quite another')
    for (const event of everywhere('text')) expect(redact.event(event)).toEqual(event)
  })

  it('does not stumble over half a character', () => {
    const redact = createRedact()
    redact.add('half \ud800 a pair')
    expect(redact.text('x half \ud800 a pair')).toBe('x ‹masked›')
  })

  it.each([
    ['colour', 'can\u001B[31mary-sec\u001B[0mret'],
    ['a bell', 'canary\u0007-secret'],
    ['a title', 'canary\u001B]0;x\u0007-secret'],
    ['a mark that is not seen', 'canary\u200B-sec\u00ADret'],
  ])('masks a secret that %s cuts in two, as whoever cleans it would read it', (_, cut) => {
    const redact = createRedact()
    redact.add('canary-secret')
    expect(redact.text(`password ${cut}!`)).toBe('password ‹masked›!')
    const plain = 'just \u001B[31mred\u001B[0m'
    expect(redact.text(plain)).toBe(plain)
  })
})
