import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quote } from '../../src/plan/quote.ts'

describe('quote', () => {
  it('refuses NUL, which no argument can carry', () => {
    expect(() => quote('a\0b')).toThrow('NUL')
  })
  it.each([
    ['', "''"],
    ['plain-1.2_3@h:/p,=+%', 'plain-1.2_3@h:/p,=+%'],
    ["it's", `'it'\\''s'`],
    ['~', "'~'"],
    ['$(reboot)', "'$(reboot)'"],
    ['a\nb', "'a\nb'"],
  ])('%j is %s', (word, quoted) => {
    expect(quote(word)).toBe(quoted)
  })
  it('reads back in a real sh as it was', () => {
    const words = fc.sample(
      fc
        .string({ unit: 'binary', maxLength: 12 })
        .filter(word => !word.includes('\0') && !word.includes('\u0001')),
      { numRuns: 300, seed: 1 },
    )
    const script = `printf '%s\\001' ${words.map(quote).join(' ')}`
    const back = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\u0001').slice(0, -1)
    expect(back).toEqual(words.map(word => Buffer.from(word).toString()))
  })
})
