import { describe, expect, it } from 'vitest'
import { createRedact } from '../../src/run/redact.ts'
import { leaks, remembering } from '../../src/twin/leaks.ts'
import type { Event } from '../../src/run/event.ts'

const secret = 'hush "&/+ä hush'
const output = (line: string): Event => ({
  at: '',
  kind: 'output',
  step: 's',
  host: 'h',
  stream: 'out',
  line,
})

describe('leaks', () => {
  it.each([
    ['plain', secret],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in a URL', encodeURIComponent(secret)],
  ])('finds a secret %s, in events and in argv', (_, text) => {
    expect(leaks([secret], [output('x'), output(`<${text}>`)], [])).toEqual(['output s'])
    expect(leaks([secret], [], ['web --x', `web --pw=${text}`])).toEqual(['argv of web'])
  })
  it('finds a line of a key', () => {
    expect(
      leaks(['-----BEGIN X-----\nMIIEvQIBADANBg\n-----END X-----'], [output('MIIEvQIBADANBg')], []),
    ).toHaveLength(1)
  })
  it('finds nothing where there is nothing', () => {
    expect(leaks([secret], [output('hush')], ['hush'])).toEqual([])
    expect(leaks([], [output('hush')], ['hush'])).toEqual([])
  })
})

it('what is masked is remembered', () => {
  const { redact, secrets } = remembering(createRedact())
  redact.add(secret)
  expect([...secrets]).toEqual([secret])
  expect(redact.text(`a ${secret}`)).toBe('a ‹masked›')
})
