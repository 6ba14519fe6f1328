import { beforeAll, describe, expect, it } from 'vitest'
import { osOf } from '../../../src/catalog/os/bareHost.ts'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import type { PackageSpec } from '../../../src/playbook/steps.ts'
import { made, stageOf, step, topologyOf, wrong } from './toy.ts'

const packages = (names: readonly string[], state: PackageSpec['state'] = 'present'): PackageSpec => ({
  kind: 'package',
  names,
  state,
})

describe('packages', () => {
  beforeAll(loadStepTools)

  it('are there, of a version where one is named', () => {
    const { goal, run } = made(packages(['curl', 'nginx=1.14.0-0ubuntu1.11', '${{ vars.more }}']), {
      vars: { more: ['haproxy'] },
    })
    expect(goal.map(({ args, is }) => [args, is])).toEqual([
      [{ name: 'curl' }, {}],
      [{ name: 'nginx' }, { version: '1.14.0-0ubuntu1.11' }],
      [{ name: 'haproxy' }, {}],
    ])
    expect(run).toMatchObject([
      {
        exec: {
          argv: [
            'sh',
            '-c',
            expect.stringContaining('apt-get'),
            'runbook-step-install',
            'curl',
            'nginx=1.14.0-0ubuntu1.11',
            'haproxy',
          ],
        },
      },
    ])
  })

  it('are refused when they are options or worse', () => {
    for (const name of ['--force', 'a b', '$(x)', 'a='])
      expect(wrong(packages([name]))).toMatchObject([
        expect.stringContaining('RB0907 steps.0.package.names.0'),
      ])
  })

  it('come and go once', async () => {
    const stage = stageOf(
      topologyOf([
        step(packages(['haproxy', 'nginx=1.14.0-0ubuntu1.11'])),
        step(packages(['curl'], 'absent'), { name: 'gone' }),
      ]),
    )
    osOf(stage.estate, 'm1').packages['curl'] = '7'
    expect(new Set(Object.values((await stage.apply()).how))).toEqual(new Set(['changed']))
    expect(osOf(stage.estate, 'm1').packages).toEqual({
      haproxy: '1.8.8-1ubuntu0.13',
      nginx: '1.14.0-0ubuntu1.11',
    })
    expect(new Set(Object.values((await stage.apply()).how))).toEqual(new Set(['already']))
  })

  it('that no source has are a failure with the reason', async () => {
    const { run } = await stageOf(topologyOf([step(packages(['no-such']))])).apply()
    expect([...run.steps.values()][0]?.failure).toMatchObject({
      why: 'exit',
      lastLines: ['E: Unable to locate package no-such'],
    })
  })
})
