import { describe, expect, it } from 'vitest'
import { actionOf } from '../../src/plan/action.ts'
import type { Check, Step } from '../../src/plan/step.ts'
import { join } from '../toy.ts'

const goal = (...is: Check['is'][]): Step => ({
  ...join('a', []),
  goal: is.map((one, i) => ({ fact: `f${i}`, host: 'a', is: one })),
})

describe('actionOf', () => {
  it.each([
    ['nothing is there', goal({ up: true }), [['f0@a', null]], 'create'],
    ['it is there and different', goal({ up: true }), [['f0@a', { up: false }]], 'update'],
    ['it could not be seen', goal({ up: true }), [], 'update'],
    ['it shall go', goal(null), [['f0@a', { up: true }]], 'delete'],
    [
      'part of it is there',
      goal(1, 2),
      [
        ['f0@a', null],
        ['f1@a', 3],
      ],
      'update',
    ],
    [
      'only what is missing counts',
      goal(1, 2),
      [
        ['f0@a', null],
        ['f1@a', 2],
      ],
      'create',
    ],
    ['no goal tells', goal(), [], 'update'],
  ] as const)('%s', (_, step, facts, action) => {
    expect(actionOf(step, new Map<string, Check['is']>(facts as never))).toBe(action)
  })
})
