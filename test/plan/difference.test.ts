import { describe, expect, it } from 'vitest'
import { difference, isSame } from '../../src/plan/difference.ts'
import type { Plan } from '../../src/plan/step.ts'
import { toyPlan } from '../toy.ts'

const plan = toyPlan(['a', 'b'])

describe('difference', () => {
  it('finds none between equal plans', () => {
    expect(isSame(difference(plan, toyPlan(['a', 'b'])))).toBe(true)
  })

  it('is by id: an inserted step renumbers nobody', () => {
    const [first, ...rest] = plan.steps
    if (first === undefined) throw new Error('the toy has lost its steps')
    const after: Plan = { ...plan, steps: [{ ...first, id: 'web.new@a' }, first, ...rest] }
    expect(difference(plan, after)).toMatchObject({
      added: ['web.new@a'],
      removed: [],
      changed: [],
      unchanged: 4,
    })
    expect(difference(after, plan)).toMatchObject({ added: [], removed: ['web.new@a'] })
  })

  it('names the members and commands that differ', () => {
    const steps = plan.steps.map(step =>
      step.id === 'web.upgrade@b'
        ? { ...step, run: step.run.map(op => ('write' in op ? { ...op, content: 'version = 3\n' } : op)) }
        : step,
    )
    const [changed] = difference(plan, { ...plan, steps }).changed
    expect(changed).toMatchObject({ step: 'web.upgrade@b', members: ['run'] })
    expect(changed?.commands.removed).toEqual([expect.stringMatching(/^write \/etc\/web.conf .* sha256:/)])
    expect(changed?.commands.added).toHaveLength(1)
  })

  it('never says "the same" of plans with different digests', () => {
    const others: Plan[] = [
      { ...plan, name: 'x' },
      { ...plan, from: { ...plan.from, facts: '1' } },
      { ...plan, quorums: [] },
      { ...plan, steps: [...plan.steps].reverse() },
    ]
    for (const other of others) expect(difference(plan, other).inputs).toHaveLength(1)
  })
})
