import { describe, expect, it } from 'vitest'
import { order } from '../../src/plan/order.ts'
import type { Json, Plan, Step } from '../../src/plan/step.ts'
import { goWithout } from '../../src/plan/without.ts'
import { toyPlan } from '../toy.ts'

const joined: Json = { joined: true, up: true, version: '2' }
const seen = (...names: readonly string[]) =>
  new Map(names.map((name): [string, Json] => [`web.member@${name}`, joined]))

function left(plan: Plan): readonly string[] {
  return (plan.without?.left ?? []).map(({ step, why }) => `${step}: ${why}`)
}

describe('a plan without a host', () => {
  const plan = toyPlan(['a', 'b', 'c'])

  it('is the same plan when none is named', () => {
    expect(goWithout(plan, [], new Map()).plan).toBe(plan)
  })

  it('leaves out its steps, and lets the others pass where only order made them wait', () => {
    const { plan: part, endangered } = goWithout(plan, ['b'], new Map())
    expect(left(part)).toEqual(['web.join@b: runs on b', 'web.upgrade@b: runs on b'])
    expect(part.steps.find(step => step.id === 'web.join@c')?.needs).toEqual(['web.join@a'])
    expect(endangered).toEqual([])
    expect(() => order(part.steps)).not.toThrow()
  })

  it('keeps the voters of the whole', () => {
    expect(goWithout(plan, ['b'], new Map()).plan.quorums).toEqual(plan.quorums)
  })

  it('is refused where a group that would change could have no majority', () => {
    expect(goWithout(plan, ['b', 'c'], new Map()).endangered).toEqual([
      { quorum: 'web', up: 1, voters: 3, step: 'web.join@a' },
    ])
    // What holds already changes nothing.
    expect(goWithout(plan, ['b', 'c'], seen('a')).endangered).toEqual([])
  })

  const extra = (more: Partial<Step>): Plan => {
    const [step] = plan.steps
    if (!step) throw new Error('no step')
    const one: Step = {
      ...step,
      id: 'web.settle@a',
      kind: 'web.settle',
      host: 'a',
      goal: [],
      requires: [],
      run: [],
      ...more,
    }
    return { ...plan, steps: [...plan.steps, one] }
  }

  it.each<[string, Partial<Step>, string]>([
    ['asks it', { requires: [{ fact: 'web.member', host: 'b', is: null }] }, 'asks about b (web.member)'],
    [
      'asks another about it',
      { goal: [{ fact: 'web.list', host: 'a', args: { name: 'b' }, is: { up: true } }] },
      'asks about b (web.list)',
    ],
    [
      'wants it in a list',
      { goal: [{ fact: 'web.list', host: 'a', is: { b: 'up' } }] },
      'asks about b (web.list)',
    ],
    [
      'waits for it',
      { run: [{ await: [{ fact: 'web.member', host: 'b', is: {} }], withinSeconds: 1 }] },
      'asks about b (web.member)',
    ],
    ['has an op there', { run: [{ write: '/x', content: '', mode: '0644', on: 'b' }] }, 'runs on b'],
    [
      'needs a late value from it',
      {
        run: [
          {
            exec: {
              argv: ['x'],
              stdin: { join: ['t=', { fact: { fact: 'web.token', host: 'b' }, pick: 't' }] },
            },
            timeoutSeconds: 1,
          },
        ],
      },
      'runs on b',
    ],
    ['needs the only step that does it', { needs: ['web.first@b'] }, 'needs web.first@b'],
  ])('leaves out a step that %s', (_, more, why) => {
    const made = extra({ needs: [], ...more })
    const [step] = plan.steps
    const first: Step = { ...(step as Step), id: 'web.first@b', kind: 'web.first', host: 'b', needs: [] }
    const { plan: part } = goWithout({ ...made, steps: [first, ...made.steps] }, ['b'], new Map())
    expect(left(part)).toContain(`web.settle@a: ${why}`)
  })

  it('keeps what needs a step whose end is known to hold, though its host is out', () => {
    const made = extra({ needs: ['web.first@b'] })
    const [step] = plan.steps
    const first: Step = {
      ...(step as Step),
      id: 'web.first@b',
      kind: 'web.first',
      host: 'b',
      needs: [],
      goal: [{ fact: 'web.member', host: 'a', is: { up: true } }],
    }
    const { plan: part } = goWithout({ ...made, steps: [first, ...made.steps] }, ['b'], seen('a'))
    expect(part.steps.map(one => one.id)).toContain('web.settle@a')
    expect(part.steps.map(one => one.id)).not.toContain('web.first@b')
  })

  it('knows a voter by the name that only its group gives it', () => {
    const quorum = plan.quorums[0]
    if (!quorum) throw new Error('no quorum')
    const named: Plan = {
      ...extra({ goal: [{ fact: 'web.list', host: 'a', is: { ids: ['id-a', 'id-b', 'id-c'] } }], needs: [] }),
      quorums: [
        {
          ...quorum,
          voters: quorum.voters.map(voter => ({
            ...voter,
            member: { ...voter.member, is: { [`id-${voter.name}`]: {}, member: true } },
          })),
        },
      ],
    }
    expect(left(goWithout(named, ['b'], new Map()).plan)).toContain(
      'web.settle@a: asks about id-b (web.list)',
    )
  })
})
