import { describe, expect, it } from 'vitest'
import { clean, cleanEvent } from '../../src/views/clean.ts'

describe('clean', () => {
  it.each([
    ['colour', '\u001B[31mred\u001B[0m', 'red'],
    ['a window title', '\u001B]0;owned\u0007text', 'text'],
    ['a link', '\u001B]8;;http://x\u0007here\u001B]8;;\u0007', 'here'],
    ['cursor moves', 'a\u001B[2J\u001B[1;1Hb', 'ab'],
    ['a progress bar', '10%\r50%\r100%', '100%'],
    ['a Windows line end', 'text\r', 'text'],
    ['tabs', 'a\tb', 'a  b'],
    ['bells and backspaces', 'a\u0007\b\u0000b', 'ab'],
    ['C1 controls', 'a\u009B31mb\u0085', 'ab'],
    ['turned reading direction', 'a\u202Etxt.exe', 'atxt.exe'],
    ['plain text', 'naïve – 日本語 ✔', 'naïve – 日本語 ✔'],
  ])('makes %s harmless', (_what, dirty, want) => expect(clean(dirty)).toBe(want))

  it('keeps lines apart', () => expect(clean('a\nb\r\nc')).toBe('a\nb\nc'))

  it('reaches every text of an event', () => {
    const event = cleanEvent({
      at: '2026-01-01T00:00:00.000Z',
      kind: 'step-failed',
      step: 'a@h',
      failure: { why: 'exit', host: 'h', op: 0, shown: 'x\u001B[1m', code: 1, lastLines: ['\u001B[31mbad'] },
    })
    expect(event).toMatchObject({ failure: { shown: 'x', lastLines: ['bad'], code: 1 } })
  })
})
