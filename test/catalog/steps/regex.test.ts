import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BadPattern, occurs } from '../../../src/catalog/steps/regex.ts'

describe('occurs', () => {
  it.each([
    ['^ubuntu$', 'ubuntu'],
    ['1[0-9]\\.0[46]', 'version 18.04'],
    ['^(db|web)-\\d{1,3}$', 'web-12'],
    ['a{2,}b', 'xaaab'],
    ['a{2}', 'aa'],
    ['\\bmgr\\b', 'old mgr 1'],
    ['[^a-c]x', 'dx'],
    ['(?:ab)+c?$', 'ababab'],
    ['', 'anything'],
    ['a|^$', ''],
    ['[\\w.-]+@', 'me.too@x'],
    ['.+?b', 'aab'],
    ['a{,3}', 'a{,3}'],
    ['[]x]', ']'],
    ['ü.', 'aü😀'],
  ])('/%s/ is found in %s', (pattern, text) => {
    expect(occurs(pattern, text)).toBe(true)
  })

  it.each([
    ['^ubuntu$', 'ubuntu 18'],
    ['a{2}', 'a'],
    ['\\bmgr\\b', 'mgrs'],
    ['[^a-c]x', 'ax'],
    ['^a?$', 'aa'],
    ['a.b', 'a\nb'],
  ])('/%s/ is not found in %s', (pattern, text) => {
    expect(occurs(pattern, text)).toBe(false)
  })

  it.each([
    '(a',
    'a)',
    '*a',
    '[a',
    '\\',
    '(?=a)',
    '(?<n>a)',
    'a**',
    '\\1',
    'a{300}',
    '[z-a]',
    '(((a{99}){99}){99}){99}',
  ])('/%s/ is refused and not guessed at', pattern => {
    expect(() => occurs(pattern, 'aaa')).toThrow(BadPattern)
  })

  it('takes no longer for the patterns that hang a backtracking engine', () => {
    const started = performance.now()
    expect(occurs('^(a+)+$', `${'a'.repeat(2_000)}b`)).toBe(false)
    expect(occurs('(.*)*x', 'a'.repeat(2_000))).toBe(false)
    expect(occurs('(a|aa)+$', `${'a'.repeat(2_000)}!`)).toBe(false)
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  it('says the same as JavaScript on small patterns', () => {
    const piece = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '^', '$', '(a|b)', '(ab)')
    const sign = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}')
    const pattern = fc
      .array(
        fc.tuple(piece, sign).map(([one, many]) => (one === '^' || one === '$' ? one : one + many)),
        { maxLength: 5 },
      )
      .map(parts => parts.join(''))
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        expect(occurs(source, subject)).toBe(new RegExp(source).test(subject))
      }),
      { numRuns: 500 },
    )
  })
})
