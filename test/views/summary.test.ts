import { describe, expect, it } from 'vitest'
import { margins } from '../../src/plan/quorum.ts'
import { summaryText } from '../../src/views/summary.ts'
import { built, events, half, plan, runOf } from './sample.ts'

const meaning = (): string => 'another member is ill; a join waits until all are well'

describe('summaryText', () => {
  it.each([
    [
      'failed',
      {
        run: runOf(events),
        tookSeconds: 81,
        quorums: margins(plan.quorums, half),
        meaning,
        next: 'runbook resume 01RUN',
      },
    ],
    [
      'interrupted',
      {
        run: runOf([
          ...events.slice(0, 9),
          { at: '2026-01-02T15:06:00.000Z', kind: 'run-ended', outcome: 'stopped' },
        ]),
        tookSeconds: 75,
        next: 'runbook resume 01RUN',
      },
    ],
    [
      'done',
      {
        run: runOf([
          ...events.slice(0, 1),
          ...plan.steps.map(step => ({
            at: '2026-01-02T15:06:00.000Z',
            kind: 'step-done' as const,
            step: step.id,
            how: 'already' as const,
          })),
          { at: '2026-01-02T15:06:00.000Z', kind: 'run-ended', outcome: 'done' },
        ]),
        tookSeconds: 2,
        quorums: margins(plan.quorums, built),
        next: 'runbook status site.yml',
      },
    ],
  ])('sums up a run that is %s as the golden file has it', async (name, report) => {
    await expect(summaryText({ plan, ...report })).toMatchFileSnapshot(`../golden/summary-${name}.txt`)
  })

  it('names what safety held back, and for the sake of which group', () => {
    const held = [{ step: 'group.upgrade@node-2', quorum: 'group', up: 2, members: 3 }]
    const ended = {
      at: '2026-01-02T15:06:00.000Z',
      kind: 'run-ended' as const,
      outcome: 'stopped' as const,
      held,
    }
    const text = summaryText({ plan, run: runOf([...events.slice(0, 1), ended]), tookSeconds: 1, next: '' })
    expect(text).toContain('held back: group.upgrade@node-2 would take group (2 of 3 up) below its majority')
  })

  it('shows the last 15 lines and says when a majority is lost', () => {
    const lost = { group: { up: 1, members: 3, spare: -1 } }
    const text = summaryText({ plan, run: runOf(events), tookSeconds: 1, quorums: lost, next: '' })
    expect(text).toContain('| line 6\n')
    expect(text).not.toContain('| line 5\n')
    expect(text).toContain('NO, majority lost: group')
  })
})
