import { describe, expect, it } from 'vitest'
import { preview } from '../../src/plan/preview.ts'
import { planText } from '../../src/views/text.ts'
import { bare, built, half, plan, report } from './sample.ts'

const finding = {
  finding: {
    code: 'RB0312',
    severity: 'warning' as const,
    message: 'the group has three members; five would survive the loss of two at once, which three do not',
    path: ['group', 'members'],
    help: 'use five members where two sites can fail together',
  },
  place: 'site.yml:41:5',
}

describe('planText', () => {
  it.each([
    ['bare', report(bare)],
    ['half', report(half, { findings: [finding] })],
    ['built', report(built)],
    ['unseen', report(new Map())],
    ['offline', report(bare, { level: 'offline' })],
  ])('draws %s as the golden file has it', async (name, one) => {
    await expect(planText(one)).toMatchFileSnapshot(`../golden/plan-${name}.txt`)
  })

  it('keeps to 80 columns', () => {
    for (const facts of [bare, half, built]) {
      for (const line of planText(report(facts, { findings: [finding] })).split('\n'))
        expect(line.length).toBeLessThanOrEqual(80)
    }
  })

  it('says what it comes to in the first line', () => {
    expect(planText(report(built)).split('\n')[0]).toBe('site: no changes, all 5 steps already hold')
    expect(planText(report(bare))).toMatch(/^site: 4 steps to run, 1 may run/)
  })

  it('says of a step without a goal that it runs every time, and counts it', () => {
    const opaque = {
      ...plan,
      steps: plan.steps.map((step, i) => (i === 0 ? { ...step, goal: [], opaque: true as const } : step)),
    }
    const text = planText({ ...report(built), plan: opaque, outlooks: preview(opaque, built) })
    expect(text.replaceAll(/\s+/g, ' ')).toMatch(/^site: 1 step to run.*1 opaque \(runs every time\)/)
    expect(text.replaceAll(/\s+/g, ' ')).toContain('opaque: runs every time]')
  })

  it('splits a timeline that is too wide into tables', () => {
    const quorums = Array.from({ length: 7 }, (_, i) => ({
      ...plan.quorums[0],
      name: `group nr ${i}`,
      voters: plan.quorums[0]?.voters ?? [],
    }))
    const wide = { ...plan, quorums }
    const text = planText(report(half, { plan: wide, outlooks: preview(wide, half) }))
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    for (const { name } of quorums) expect(text).toContain(name)
  })

  it('writes the same commands out once', () => {
    const [first, ...rest] = plan.steps
    if (first === undefined) throw new Error('the sample has lost its steps')
    const run = [...first.run, ...first.run]
    const twice = {
      ...plan,
      steps: [
        { ...first, run },
        { ...first, id: 'package.present@node-2', host: 'node-2', goal: [], run },
        ...rest,
      ],
    }
    const text = planText(report(bare, { plan: twice, outlooks: preview(twice, bare) }))
    expect(text).toContain('the same commands as step 1, on node-2')
    expect(text.match(/apt-get install -y group=3.2/g)).toHaveLength(2)
  })

  it('is the same text every time and shows references, never values', () => {
    expect(planText(report(half))).toBe(planText(report(new Map([...half].reverse()))))
    expect(planText(report(bare))).toContain('secret://env:GROUP_TOKEN')
  })
})
