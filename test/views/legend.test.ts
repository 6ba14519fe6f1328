import { describe, expect, it } from 'vitest'
import { digest } from '../../src/plan/canonical.ts'
import { preview } from '../../src/plan/preview.ts'
import type { Plan } from '../../src/plan/step.ts'
import { planHtml } from '../../src/views/html.ts'
import { planDocument } from '../../src/views/json.ts'
import { planJunit } from '../../src/views/junit.ts'
import { legend } from '../../src/views/legend.ts'
import { planMarkdown } from '../../src/views/markdown.ts'
import { condition, movingWords } from '../../src/views/overview.ts'
import { planPaper } from '../../src/views/paper.ts'
import { planText } from '../../src/views/text.ts'
import * as sample from './sample.ts'

/** As the sample, but that the gate's members may come by themselves once node-2 has joined. */
const steps = sample.plan.steps.map(step =>
  step.host === 'gate' ? { ...step, mayFollow: { checks: step.goal, hosts: ['node-2'] } } : step,
)
const plan: Plan = { ...sample.plan, steps }
const report = {
  ...sample.report(sample.half),
  plan,
  digest: digest(plan),
  outlooks: preview(plan, sample.half),
}
const said = 'only if still needed after step 3'

describe('a step that is needed only if something does not come true by itself', () => {
  it('is said to be so, with the step it depends on, in every form that lists steps', () => {
    const text = planText(report)
    expect(text).toContain('1 step to run, 1 more only if still needed, 3 already hold')
    expect(text).toContain('5 ? Put the three nodes behind the gate')
    expect(text.replaceAll(/\s+/g, ' ')).toContain(said)
    expect(text).toContain('? = only if still needed: what is missing may come true by itself by then')
    expect(text).not.toContain('may run')
    expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThanOrEqual(80)
    const origin = { playbook: 'site.yml', places: {}, tool: '0' }
    for (const form of [
      planMarkdown(report, { degree: 0, playbook: 'site.yml' }),
      planHtml(report, 'site.yml'),
      planJunit(report, origin),
      planPaper(report, new Map()).replace('Needed if', 'only if'),
    ])
      expect(form).toContain(said)
    const document = JSON.parse(planDocument(report)) as { counts: unknown; outlook: { after?: unknown }[] }
    expect(document.counts).toEqual({ run: 1, hold: 3, depend: 1, ifNeeded: 1, opaque: 0 })
    expect(document.outlook[4]?.after).toEqual(['group.join@node-2'])
  })

  it('is counted apart from what could not be seen', () => {
    expect(movingWords(report)).toBe('1 step, 1 more only if still needed')
    expect(movingWords(sample.report(new Map()))).toBe('0 steps and 5 that may run')
    expect(legend(0, 0)).toEqual([])
    expect(legend(2, 1).join(' ')).toMatch(/may run: .* only if still needed: /)
    expect(plan.steps.map(step => condition(report, step)).filter(one => one !== '')).toEqual([said])
  })
})
