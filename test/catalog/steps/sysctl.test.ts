import { beforeAll, describe, expect, it } from 'vitest'
import { sysctlFact } from '../../../src/catalog/steps/sysctl.ts'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import type { SysctlSpec } from '../../../src/playbook/steps.ts'
import { seeReal } from './real.ts'
import { made, stageOf, step, topologyOf, wrong } from './toy.ts'

const sysctl = (name: string, value: string | number): SysctlSpec => ({ kind: 'sysctl', name, value })

describe('a parameter of the kernel', () => {
  beforeAll(loadStepTools)

  it('holds now and at the next start', () => {
    const { goal, run } = made(sysctl('vm.max_map_count', 262_144))
    expect(goal).toMatchObject([
      { fact: 'step.sysctl', args: { name: 'vm.max_map_count' }, is: { value: '262144' } },
      { fact: 'step.file', args: { path: '/etc/sysctl.d/60-runbook-vm.max_map_count.conf' } },
    ])
    expect(run).toMatchObject([
      { write: '/etc/sysctl.d/60-runbook-vm.max_map_count.conf', content: 'vm.max_map_count = 262144\n' },
      { exec: { argv: ['sysctl', '-q', '-p', '/etc/sysctl.d/60-runbook-vm.max_map_count.conf'] } },
    ])
    expect(made(sysctl('net.ipv4.ip_local_port_range', ' 1024\t65000 ')).goal[0]).toMatchObject({
      is: { value: '1024 65000' },
    })
  })

  it('is refused when it is none', () => {
    expect(wrong(sysctl('../../etc/shadow', 1))).toMatchObject([
      expect.stringContaining('RB0907 steps.0.sysctl.name'),
    ])
    expect(wrong(sysctl('vm.x', 'a\nb'))).toMatchObject([
      expect.stringContaining('RB0907 steps.0.sysctl.value'),
    ])
  })

  it('is seen on a real system', () => {
    expect(seeReal(sysctlFact, { name: 'kernel.ostype' })).toEqual({ value: 'Linux' })
    expect(seeReal(sysctlFact, { name: 'kernel.no_such_thing' })).toBeNull()
  })

  it('is set once; one that the kernel does not have is a failure', async () => {
    const stage = stageOf(topologyOf([step(sysctl('vm.max_map_count', 262_144))]))
    expect((await stage.apply()).how).toEqual({ 'step.sysctl@m1:try-it': 'changed' })
    expect((await stage.apply()).how).toEqual({ 'step.sysctl@m1:try-it': 'already' })
    const { how } = await stageOf(topologyOf([step(sysctl('vm.none', 1))])).apply()
    expect(how).toEqual({ 'step.sysctl@m1:try-it': 'exit' })
  })
})
