import { describe, expect, it } from 'vitest'
import type { Outlook } from '../../src/plan/preview.ts'
import { showOp } from '../../src/plan/show.ts'
import type { Event } from '../../src/run/event.ts'
import { fidelity } from '../../src/run/fidelity.ts'
import { fidelityLine } from '../../src/views/fidelity.ts'
import { toyPlan } from '../toy.ts'

const plan = toyPlan(['a', 'b'])
const all: Event[] = plan.steps.flatMap(step =>
  step.run.map((op, index) => ({
    at: '',
    kind: 'op-started' as const,
    step: step.id,
    op: index,
    host: step.host,
    shown: showOp(op),
  })),
)
const will = (one: Outlook['will']): Outlook[] =>
  plan.steps.map(step => ({ step: step.id, will: one, lowest: {}, margins: {} }))
const line = (events: readonly Event[], outlooks?: readonly Outlook[]): string =>
  fidelityLine(fidelity(plan, events, outlooks))

describe('fidelity', () => {
  it('is whole when every command was run as it was planned', () => {
    expect(line(all, will('run'))).toBe('Plan fidelity 6/6')
    expect(line(all)).toBe('Plan fidelity 6/6')
    expect(line([], will('hold'))).toBe('Plan fidelity 0/0')
  })

  it('counts what was not run', () => {
    expect(line(all.slice(1), will('run'))).toBe('Plan fidelity 5/6 (1 not run)')
  })

  it('counts what nobody had planned', () => {
    expect(line(all, will('hold'))).toBe('Plan fidelity 0/0 (6 not in the plan)')
    const other = all.map((event, i) =>
      i === 0 && event.kind === 'op-started' ? { ...event, shown: 'x' } : event,
    )
    expect(line(other, will('run'))).toBe('Plan fidelity 5/6 (1 not run, 1 not in the plan)')
  })

  it('takes what could not be told as planned when it was begun, and not otherwise', () => {
    expect(line(all.slice(0, 1), will('depend'))).toBe('Plan fidelity 1/1')
  })

  it('takes a step that is needed only if something does not come true by itself as planned either way, and says so', () => {
    const after = will('depend').map(one => ({ ...one, after: ['x'] }))
    expect(line(all, after)).toBe('Plan fidelity 6/6')
    expect(fidelity(plan, all, after).ifNeeded).toEqual({ begun: after.length, spared: 0 })
    const held = plan.steps.map((step): Event => ({
      at: '',
      kind: 'step-done',
      step: step.id,
      how: 'already',
    }))
    expect(line(held, after)).toBe(
      `Plan fidelity 0/0 (${after.length} steps planned for if still needed, and not needed)`,
    )
    // A run that ended before it came to them says nothing of them.
    expect(line([], after)).toBe('Plan fidelity 0/0')
  })

  it('says what was begun again', () => {
    expect(line([...all, ...all.slice(0, 1)], will('run'))).toBe('Plan fidelity 6/6 (1 begun again)')
  })
})
