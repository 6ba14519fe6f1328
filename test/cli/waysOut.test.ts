import { expect, it } from 'vitest'
import { waysOut } from '../../src/cli/waysOut.ts'
import type { Failure } from '../../src/run/event.ts'
import type { StepRun } from '../../src/run/fold.ts'

const steps = (failure: Failure) =>
  new Map<string, StepRun>([
    ['fine', { state: 'done', attempt: 1, ended: [0], touched: true }],
    ['web.join@a', { state: 'in-doubt', attempt: 1, ended: [], open: 0, touched: true, failure }],
  ])

it('names the step that is in doubt, and asks a host that was out of reach first', () => {
  const help = 'resume'
  const lost = waysOut({ steps: steps({ why: 'unreachable', host: 'a', detail: 'gone', help }) }, 'run-1')
  expect(lost).toMatch(/^When a can be reached again .*\n {2}runbook resume run-1\nLook at the host/)
  const shown = 'web join'
  const gone = waysOut(
    { steps: steps({ why: 'in-doubt', host: 'a', op: 0, shown, detail: 'gone' }) },
    'run-1',
  )
  expect(gone).toMatch(/^Look at the host, then one of:\n {2}runbook resume run-1 --assume web\.join@a=done/)
})
