import { describe, expect, it } from 'vitest'
import { count, cut, duration, roughly, table, wrap, wrapCommand } from '../../src/views/layout.ts'

describe('layout', () => {
  it.each([
    [0, '0s'],
    [2.14, '2.1s'],
    [9.96, '10s'],
    [59.6, '1m 00s'],
    [125, '2m 05s'],
    [3720, '1h 02m'],
  ])('duration(%d)', (seconds, want) => expect(duration(seconds)).toBe(want))

  it.each([
    [20, 'under 1 min'],
    [61, '1 min'],
    [7500, '2 h 05 min'],
  ])('roughly(%d)', (seconds, want) => expect(roughly(seconds)).toBe(want))

  it('counts in words', () =>
    expect([count(1, 'step'), count(2, 'step'), count(2, 'quorum', 'quora')]).toEqual([
      '1 step',
      '2 steps',
      '2 quora',
    ]))

  it('wraps at spaces and loses no word', () => {
    const lines = wrap('one two three four five', 9, '  ')
    expect(lines).toEqual(['one two', '  three', '  four', '  five'])
  })

  it('wraps a command so that a shell still reads the same words', () => {
    const lines = wrapCommand("run --name 'two words here' --env A=1 --verbose", 24)
    expect(lines).toEqual(['run --name \\', "  'two words here' \\", '  --env A=1 --verbose'])
  })

  it('leaves what stands in quotes alone, line for line', () => {
    const script =
      "sh -c 'set -e\n  a very long line of a script that is wider than the width\n' name second-word"
    expect(wrapCommand(script, 24).join('\n').replaceAll(' \\\n  ', ' ')).toBe(script)
    const nested = `sh -c 'printf '\\''%s and some more words'\\'' "$1"' name`
    expect(wrapCommand(nested, 24)).toEqual([
      'sh -c \\',
      `  'printf '\\''%s and some more words'\\'' "$1"' \\`,
      '  name',
    ])
    expect(wrapCommand(script, 24)).toContain('  a very long line of a script that is wider than the width')
  })

  it('cuts with a mark', () =>
    expect([cut('abcdef', 6), cut('abcdefg', 6), cut('abc', 2)]).toEqual(['abcdef', 'abc...', 'ab']))

  it('lines columns up', () =>
    expect(
      table([
        ['a', 'b'],
        ['long', 'x'],
      ]),
    ).toEqual(['a     b', 'long  x']))
})
