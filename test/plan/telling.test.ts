import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { judge, literal } from '../../src/plan/telling.ts'

const exit = (code: number | undefined, stdout = '', stderr = '') => ({ code, stdout, stderr })

it('reads code, output without its line ends, and the first line of what went wrong', () => {
  const telling = { holds: '0|yes|', known: ['[1-3]|*|not there*', '0|no|'] } as const
  expect(judge(telling, exit(0, 'yes\n\n'))).toBe('holds')
  expect(judge(telling, exit(0, 'yes\n', 'a warning\n'))).toBe('unknown')
  expect(judge(telling, exit(0, 'no'))).toBe('lacks')
  expect(judge(telling, exit(2, '', 'not there: x\nmore\n'))).toBe('lacks')
  expect(judge(telling, exit(2, '', 'more\nnot there: x\n'))).toBe('unknown')
  expect(judge(telling, exit(5, '', 'not there'))).toBe('unknown')
})

it('makes nothing of an end that nobody saw, or that a time limit made', () => {
  const any = { holds: '*', known: ['*', '*'] } as const
  expect([undefined, 124, 137].map(code => judge(any, exit(code)))).toEqual(Array(3).fill('unknown'))
  expect(judge(any, { ...exit(0), timedOut: true })).toBe('unknown')
  expect(judge(any, exit(0))).toBe('holds')
})

it('takes text for itself, and refuses what shells do not agree on', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, other) => {
      const pattern = literal(text)
      if (pattern === undefined) return /[\\\0]/.test(text)
      const told = judge({ holds: `0|${pattern}|`, known: ['', ''] }, exit(0, other))
      return (told === 'holds') === (other.replace(/\n+$/, '') === text)
    }),
  )
})

it('finds what the shell finds', () => {
  const pieces = [
    '*',
    '?',
    '[0-9]',
    '[!0]',
    '[a-c]*',
    '[*]',
    '[?]',
    '[[]',
    '|',
    'a',
    '1',
    '\n',
    ']',
    '^',
    '-',
    '.',
    '$x',
  ]
  const texts = ['a', '1', '0', '*', '?', '[', ']', '|', '\n', 'ab', '^', '-', '.', '$x', 'c']
  const cases = fc
    .sample(
      fc.tuple(
        fc.array(fc.constantFrom(...pieces), { maxLength: 5 }),
        fc.array(fc.constantFrom(...texts), { maxLength: 5 }),
      ),
      {
        numRuns: 300,
        seed: 1,
      },
    )
    .map(([pattern, text]) => ({ pattern: pattern.join(''), text: `0|${text.join('')}x|` }))
  const script = 'while [ $# -gt 0 ]; do case $1 in $2) echo y ;; *) echo n ;; esac; shift 2; done'
  const words = cases.flatMap(({ pattern, text }) => [text, `0|${pattern}x|`])
  const { stdout } = spawnSync('sh', ['-c', script, 'sh', ...words], {
    encoding: 'utf8',
    env: { LC_ALL: 'C' },
  })
  const found = cases.map(({ pattern, text }) =>
    judge({ holds: `0|${pattern}x|`, known: ['', ''] }, exit(0, text.slice(2, -1))) === 'holds' ? 'y' : 'n',
  )
  expect(found).toContain('y')
  expect(found).toEqual(stdout.trim().split('\n'))
})
