import { expect, it } from 'vitest'
import { difference } from '../../src/plan/difference.ts'
import type { Plan } from '../../src/plan/step.ts'
import { differenceMarkdown, differenceText } from '../../src/views/difference.ts'
import { plan } from './sample.ts'

const script = (word: string): string =>
  ['first', 'second', 'third', `do ${word}`, 'fourth', 'fifth', 'sixth', 'seventh', `end ${word}`].join('\n')

/** The sample, whose first step runs a long script in which that word stands. */
function running(word: string): Plan {
  const [first, ...rest] = plan.steps
  if (first === undefined) throw new Error('the sample has lost its steps')
  const run = [{ exec: { argv: ['sh', '-c', script(word)] }, timeoutSeconds: 9 }]
  return { ...plan, steps: [{ ...first, run }, ...rest] }
}

const between = difference(running('this'), running('that'))

it('shows of a long command only the lines that differ, and two around them', () => {
  const lines = differenceText(between).split('\n')
  const changed = lines.slice(lines.findIndex(line => line.startsWith('~ ')) + 1)
  expect(changed).toEqual([
    '      second',
    '      third',
    '    - do this',
    '    + do that',
    '      fourth',
    '      fifth',
    '      sixth',
    '      seventh',
    "    - end this'",
    "    + end that'",
    '',
  ])
  expect(differenceMarkdown(between)).toContain('\n  - do this\n  + do that\n')
})
