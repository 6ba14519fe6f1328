import { beforeAll, describe, expect, it } from 'vitest'
import { osOf } from '../../../src/catalog/os/bareHost.ts'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import { showValue } from '../../../src/plan/show.ts'
import type { ServiceSpec } from '../../../src/playbook/steps.ts'
import { made, stageOf, step, topologyOf, wrong } from './toy.ts'

const service = (state: ServiceSpec['state'], enabled: boolean, name = 'chrony'): ServiceSpec => ({
  kind: 'service',
  name,
  state,
  enabled,
})

describe('a service', () => {
  beforeAll(loadStepTools)

  it.each([
    ['running', true, ['systemctl enable --now chrony']],
    ['stopped', false, ['systemctl disable --now chrony']],
    ['running', false, ['systemctl disable chrony', 'systemctl start chrony']],
    ['stopped', true, ['systemctl enable chrony', 'systemctl stop chrony']],
  ] as const)('that is %s, enabled %s', (state, enabled, commands) => {
    const { goal, run, risk } = made(service(state, enabled))
    expect(run.map(op => ('exec' in op ? op.exec.argv.map(showValue).join(' ') : ''))).toEqual(commands)
    expect(goal).toMatchObject([{ fact: 'os.service', is: { active: state === 'running', enabled } }])
    expect(risk).toBe(state === 'stopped' ? 'interrupts' : 'none')
  })

  it('has the name of a unit', () => {
    expect(wrong(service('running', true, '--force'))).toMatchObject([
      expect.stringContaining('RB0907 steps.0.service.name'),
    ])
  })

  it('is started once', async () => {
    const stage = stageOf(topologyOf([step(service('running', true))]))
    osOf(stage.estate, 'm1').services['chrony'] = { active: false, enabled: false }
    expect((await stage.apply()).how).toEqual({ 'step.service@m1:try-it': 'changed' })
    expect((await stage.apply()).how).toEqual({ 'step.service@m1:try-it': 'already' })
    expect(osOf(stage.estate, 'm1').services['chrony']).toEqual({ active: true, enabled: true })
  })
})
