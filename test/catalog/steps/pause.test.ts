import { beforeAll, describe, expect, it } from 'vitest'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import type { PauseSpec } from '../../../src/playbook/steps.ts'
import { made, stageOf, step, topologyOf } from './toy.ts'

const pause = (more: Partial<PauseSpec> = {}): PauseSpec => ({
  kind: 'pause',
  message: 'Is ${{ host.name }} in the rack?',
  always: false,
  ...more,
})

describe('a pause', () => {
  beforeAll(loadStepTools)

  it('asks a person, who can only say yes or stop', () => {
    expect(made(pause()).run).toEqual([
      { ask: 'Is m1 in the rack?', answer: { enum: ['yes'] } },
      { write: '/var/lib/runbook/answers/try-it', content: 'Is m1 in the rack?\n', mode: '0644' },
    ])
    expect(made(pause({ always: true }))).toMatchObject({
      opaque: true,
      goal: [],
      run: [{ ask: 'Is m1 in the rack?' }],
    })
  })

  it('asks once, however many hosts, and again when the question is another', async () => {
    const names = ['m1', 'm2']
    const stage = stageOf(topologyOf([step(pause(), { hosts: names })], {}, names))
    expect((await stage.apply()).how).toEqual({ 'step.pause@m1:try-it': 'changed' })
    expect((await stage.apply()).how).toEqual({ 'step.pause@m1:try-it': 'already' })
    expect(stage.asked).toEqual(['Is m1 in the rack?'])
    const other = stageOf(
      topologyOf([step(pause({ message: 'Still?' }), { hosts: names })], {}, names),
      stage.estate,
    )
    expect((await other.apply()).how).toEqual({ 'step.pause@m1:try-it': 'changed' })
  })
})
