import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { quote, quoteAll } from '../../src/hosts/quote.ts'

test('harmless words stay as they are, all others are quoted', () => {
  expect(quoteAll(['docker', 'run', '--name=a_b', '/x/y.z', 'a@b:1,2%+'])).toBe(
    'docker run --name=a_b /x/y.z a@b:1,2%+',
  )
  expect(['', 'a b', "it's", '$x', '~', '!', '\\', 'é', '\n'].map(quote)).toEqual([
    "''",
    "'a b'",
    String.raw`'it'\''s'`,
    "'$x'",
    "'~'",
    "'!'",
    "'\\'",
    "'é'",
    "'\n'",
  ])
})

test('a real sh reads back what was quoted', () => {
  const words = [
    "'",
    '"',
    '`id`',
    '$(id)',
    '$HOME',
    '\\n',
    'a\nb',
    ' ',
    '*',
    '{a,b}',
    '#',
    ';',
    "''\\''",
    'ünï',
    '-n',
  ]
  const out = execFileSync('sh', ['-c', `printf '%s\\001' ${quoteAll(words)}`], { encoding: 'utf8' })
  expect(out.split('\u0001').slice(0, -1)).toEqual(words)
})

test('NUL is refused: no argument can hold it', () => {
  expect(() => quote('a\0b')).toThrow(RangeError)
})
