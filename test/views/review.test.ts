import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { difference } from '../../src/plan/difference.ts'
import { preview } from '../../src/plan/preview.ts'
import type { Plan } from '../../src/plan/step.ts'
import { planBash } from '../../src/views/bash.ts'
import { differenceJson, differenceMarkdown, differenceText } from '../../src/views/difference.ts'
import { fileChanges } from '../../src/views/fileChange.ts'
import { planGitlab } from '../../src/views/gitlab.ts'
import { planHtml } from '../../src/views/html.ts'
import { planJunit } from '../../src/views/junit.ts'
import { degrees, fitted, planMarkdown } from '../../src/views/markdown.ts'
import { planPaper, type Questions } from '../../src/views/paper.ts'
import { planSarif } from '../../src/views/sarif.ts'
import { bare, built, half, plan, report } from './sample.ts'

const origin = { playbook: 'site.yml', places: { 'node-1': 'site.yml:5:3' }, tool: '1.0.0' }
const questions: Questions = new Map(
  ['package', 'group.node', 'gate.members'].map(name => [
    name,
    { about: name, probe: () => ({ argv: ['ask', name, "it's"] }) },
  ]),
)
const gate = plan.steps.at(-1)
if (gate === undefined) throw new Error('the sample has lost its steps')
const finding = {
  finding: { code: 'RB0001', severity: 'error' as const, message: 'a <b> | @all `x`', path: [] },
  place: 'site.yml:3:2',
}

describe('planMarkdown', () => {
  it.each(degrees)('draws degree %i as the golden file has it', async degree => {
    const text = planMarkdown(report(half, { findings: [finding] }), {
      degree,
      playbook: 'site.yml',
      saved: 'plan.json',
    })
    await expect(text).toMatchFileSnapshot(`../golden/plan-half-${degree}.md`)
  })

  it('says in one line that nothing changes', () => {
    expect(planMarkdown(report(built), { degree: 0, playbook: 'site.yml' })).toMatch(
      /^### ⚪ runbook plan · site.yml · site · no changes\n/,
    )
  })

  it('lets no name of a playbook mention anybody, open a tag or break a table', () => {
    const text = planMarkdown(report(half, { findings: [finding] }), { degree: 0, playbook: 'site.yml' })
    expect(text).toContain('a &lt;b&gt; \\| @\u200Ball \\`x\\`')
  })

  it('says what changed since the last push', () => {
    const previous: Plan = { ...plan, steps: plan.steps.slice(1) }
    expect(planMarkdown(report(half), { degree: 0, playbook: 'site.yml', previous })).toContain(
      '+ `package.present@node-1` added',
    )
    expect(planMarkdown(report(half), { degree: 0, playbook: 'site.yml', previous: plan })).toContain(
      'the same plan',
    )
  })

  it.each([3, 50, 500])('fits under every limit with %i hosts and cuts nothing', hosts => {
    const steps = Array.from({ length: hosts }, (_, i) => ({
      ...gate,
      id: `gate.config@gate-${i}`,
      risk: 'interrupts' as const,
      run: [{ write: '/etc/gate.conf', content: 'line\n'.repeat(200), mode: '0644' }],
    }))
    const many: Plan = { ...plan, steps: [...plan.steps, ...steps] }
    const one = report(bare, { plan: many, outlooks: preview(many, bare) })
    for (const budget of [60_000, 900_000, 30_000, 140_000]) {
      const text = fitted(one, { playbook: 'site.yml' }, budget)
      expect(text.length).toBeLessThanOrEqual(budget)
      expect(text.match(/<details>/g)?.length ?? 0).toBe(text.match(/<\/details>/g)?.length ?? 0)
      for (const diff of text.match(/```diff\n[^]*?\n```/g) ?? [])
        expect(diff.match(/\+line/g)?.length ?? 1).toBeOneOf([1, 200])
    }
  })
})

describe('fileChanges', () => {
  it('is a unified diff against what is there', () => {
    const [change] = fileChanges(gate, new Map([['gate:/etc/gate.conf', 'old\n']]))
    expect(change).toMatchObject({ added: 1, removed: 1 })
    expect(change?.diff).toContain('-old\n+members')
  })

  it('hides what looks like a secret, on both sides, and never what a reference stands for', () => {
    const step = {
      ...gate,
      run: [
        {
          write: '/etc/x',
          mode: '0644',
          content: { join: ['password = hunter3\nuser = me\nkey: ', { secret: 'env:K' }, '\n'] },
        },
      ],
    }
    const [change] = fileChanges(step, new Map([['gate:/etc/x', 'password = hunter2\nhttp://u:pw9@h/\n']]))
    expect(change?.diff).not.toMatch(/hunter|pw9/)
    expect(change?.diff).toContain('secret://env:K')
  })

  it('says when it could not see what is there', () => {
    expect(fileChanges(gate, new Map())[0]?.note).toMatch(/not read/)
    expect(fileChanges(gate, new Map([['gate:/etc/gate.conf', null]]))[0]?.note).toBeUndefined()
  })
})

describe('reports for machines', () => {
  it('GitLab counts creations, updates and deletions', () => {
    expect(JSON.parse(planGitlab(report(half)))).toEqual({ create: 0, update: 2, delete: 0 })
    expect(JSON.parse(planGitlab(report(bare)))).toEqual({ create: 4, update: 1, delete: 0 })
  })

  it('SARIF has a result at the line of each finding and risk', () => {
    const sarif = JSON.parse(planSarif(report(bare, { findings: [finding] }), origin)) as {
      version: string
      runs: { results: { ruleId: string; ruleIndex: number; level: string; locations: unknown[] }[] }[]
    }
    expect(sarif.version).toBe('2.1.0')
    expect(sarif.runs[0]?.results.map(one => [one.level, one.ruleId]).slice(0, 2)).toEqual([
      ['error', 'RB0001'],
      ['warning', 'risk.irreversible'],
    ])
    expect(sarif.runs[0]?.results[1]?.locations).toEqual([
      {
        physicalLocation: { artifactLocation: { uri: 'site.yml' }, region: { startLine: 5, startColumn: 3 } },
      },
    ])
  })

  it('JUnit fails on errors, skips what holds and is well-formed', () => {
    const xml = planJunit(report(half, { findings: [finding] }), origin)
    expect(xml).toContain('tests="1" failures="1"')
    expect(xml).toContain('tests="5" failures="0" errors="0" skipped="3"')
    expect(xml).not.toMatch(/&(?!amp;|lt;|gt;|quot;)|<b>/)
  })
})

describe('planHtml', () => {
  it('needs nothing from outside and escapes what it is given', async () => {
    const html = planHtml(report(half, { findings: [finding] }), 'site.yml')
    expect(html).not.toMatch(/<script|<link|@import|\b(?:src|href)="(?!#)|url\(|<b>/)
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//)
    expect(html).toContain('prefers-color-scheme:dark')
    await expect(html).toMatchFileSnapshot('../golden/plan-half.html')
  })
})

describe('for hands', () => {
  it('the paper form asks before and after each step', () => {
    const paper = planPaper(report(half), questions)
    expect(paper).toContain("ask group.node 'it'\\''s'")
    expect(paper).toMatch(/Done when:[^]*- \[ \] `group.node@node-2 is/)
  })

  it('the script is bash, names its secrets and bounds what it waits for', () => {
    const script = planBash(report(bare), questions)
    expect(execFileSync('bash', ['-n'], { input: script }).toString()).toBe('')
    expect(script).toContain(': "${GROUP_TOKEN:?set it to the secret env:GROUP_TOKEN}"')
    expect(script).toContain('judge until node-1 120 ')
  })
})

describe('the difference of two plans', () => {
  const between = difference({ ...plan, steps: plan.steps.slice(1) }, plan)
  it('is said as text, Markdown and JSON', () => {
    expect(differenceText(between)).toContain('+ package.present@node-1')
    expect(differenceMarkdown(between)).toContain('- added `package.present@node-1`')
    expect(JSON.parse(differenceJson(between))).toMatchObject({ format: 'runbook.plan-diff/1', same: false })
    expect(differenceText(difference(plan, plan))).toMatch(/^the same plan/)
  })
})
