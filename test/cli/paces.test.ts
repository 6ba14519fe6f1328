import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pacesHere } from '../../src/cli/paces.ts'
import { newRun } from '../../src/cli/runs.ts'
import { digest } from '../../src/plan/canonical.ts'
import { openJournal } from '../../src/run/journal.ts'
import { planDocument } from '../../src/views/json.ts'
import { planMarkdown } from '../../src/views/markdown.ts'
import { planHtml } from '../../src/views/html.ts'
import { planText } from '../../src/views/text.ts'
import { bare, plan, report } from '../views/sample.ts'

let runsDir = ''
beforeAll(() => {
  runsDir = mkdtempSync(join(tmpdir(), 'runbook-paces-'))
})
afterAll(() => {
  rmSync(runsDir, { recursive: true })
})

/** A run of the sample in which each join took so many seconds. */
function keep(day: number, joinSeconds: number): string {
  const startMs = Date.UTC(2026, 0, day)
  const at = (seconds: number): string => new Date(startMs + seconds * 1000).toISOString()
  const origin = {
    format: 'runbook.run/1' as const,
    playbook: '/site.yml',
    named: 'site.yml',
    ssh: { knownHostsFiles: [], hostKeys: 'strict' as const, connectTimeoutSeconds: 10 },
  }
  const folder = newRun(runsDir, plan, origin, startMs)
  const journal = openJournal(folder.journal)
  const steps = plan.steps.filter(step => step.kind === 'group.join')
  const run = { run: folder.id, plan: digest(plan), name: 'site', steps: plan.steps.length }
  journal.append({ at: at(0), kind: 'run-started', ...run, resumed: false })
  steps.forEach((step, i) => {
    journal.append({ at: at(i * joinSeconds), kind: 'step-started', step: step.id, attempt: 1 })
    journal.append({ at: at((i + 1) * joinSeconds), kind: 'step-done', step: step.id, how: 'changed' })
  })
  journal.append({ at: at(9999), kind: 'run-ended', outcome: 'stopped' })
  journal.close()
  return folder.journal
}

describe('the estimate', () => {
  it('is the catalog’s where nothing has run yet', () => {
    expect(pacesHere(join(runsDir, 'none'))).toEqual({})
    expect(planText(report(bare))).toContain('about 3 min (slow: 9 min)')
    expect(planText(report(bare))).not.toContain('earlier runs')
  })

  it('is by what such steps took in the runs kept here, and says so', () => {
    keep(1, 6)
    const torn = keep(2, 12)
    const paces = pacesHere(runsDir)
    // 60 seconds are typical in the catalog; six were seen, three of 6 s and three of 12 s.
    expect(paces).toEqual({ 'group.join': { p50: 0.1, p90: 0.2, steps: 6 } })
    const learnt = { ...report(bare), paces }
    expect(planText(learnt)).toMatch(/about 1 min \(slow: 2 min\),\s+3 of the steps by earlier runs here/)
    expect(planText(learnt)).toContain('[node-2, under 1 min, interrupts]')
    for (const form of [planMarkdown(learnt, { degree: 0, playbook: 'x' }), planHtml(learnt, 'x')])
      expect(form).toContain('3 of the steps by earlier runs here')
    const { estimate } = JSON.parse(planDocument(learnt)) as { estimate: unknown }
    expect(estimate).toEqual({ p50Seconds: 43, p90Seconds: 106, learnt: 3 })
    // A run that cannot be read says nothing, and stops nobody.
    appendFileSync(torn, '{"kind":"nonsense"}\n')
    expect(pacesHere(runsDir)).toEqual({ 'group.join': { p50: 0.1, p90: 0.1, steps: 3 } })
  })
})
