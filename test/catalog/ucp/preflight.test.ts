import { describe, expect, it } from 'vitest'
import { findings } from '../../../src/catalog/compile.ts'
import { addNode, engineState, startSwarm } from '../../../src/catalog/docker/estate.ts'
import { bareEstate, type BareHostOptions, osOf } from '../../../src/catalog/os/bareHost.ts'
import { play } from '../../../src/twin/rehearse.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import { look, planOf, products, stageOf } from './onTwin.ts'
import { platform, withEngines } from './topology.ts'

/** Codes, severities and hosts of what is said about an estate. */
async function said(topology: Topology, estate: Estate): Promise<readonly string[]> {
  const facts = await look(topology, stageOf(topology, estate))
  const preflight = findings(topology, products, facts).filter(({ code }) => code.startsWith('RB08'))
  return preflight.map(({ code, host, severity }) => `${code} ${severity} ${host ?? ''}`)
}

const bare = (options: { readonly [host: string]: BareHostOptions } = {}): Estate =>
  bareEstate(platform(), options)

describe('preflight', () => {
  it('has nothing to say of good bare hosts', async () => {
    expect(await said(platform(), bare())).toEqual([])
  })

  it.each([
    ['no curl', { w1: { curl: false } }, ['RB0801 error w1']],
    ['one hostname twice', { m2: { hostname: 'm1' } }, ['RB0802 error m2', 'RB0803 error m2']],
    ['another hostname', { w2: { hostname: 'ip-10-0-0-15' } }, ['RB0803 error w2']],
    ['a clock ahead', { m3: { skewMs: 90_000 } }, ['RB0804 warning m3']],
    ['no root', { w1: { root: false } }, ['RB0805 warning w1']],
    ['a small manager', { m1: { memoryMb: 4_000, cpus: 1 } }, ['RB0843 error m1', 'RB0843 error m1']],
    ['what 8 GB show as', { m1: { memoryMb: 7_800 } }, []],
    [
      'a full disk',
      { m1: { freeDiskMb: 900 }, w1: { freeDiskMb: 100 } },
      ['RB0843 error m1', 'RB0843 error w1'],
    ],
    ['little room', { m1: { freeDiskMb: 8_000 } }, ['RB0843 warning m1']],
    ['a newer engine', { w1: { engine: '20.10.7' } }, ['RB0822 error w1']],
    ['an older engine, which is upgraded', { w1: { engine: '18.09.9' } }, []],
    [
      'engines of one series',
      { w1: { engine: '19.03.5' }, w2: { engine: '19.03.9' } },
      ['RB0823 warning w2'],
    ],
  ] as const)('sees %s', async (_, options, expected) => {
    expect(await said(platform(), bare(options))).toEqual(expected)
  })

  it('takes --force-minimums for what it says', async () => {
    const topology = platform()
    const { ucp } = topology
    if (!ucp) throw new Error('the platform has UCP')
    const forced = { ...topology, ucp: { ...ucp, extraFlags: ['--force-minimums'] } }
    expect(await said(forced, bare({ m1: { memoryMb: 4_000 } }))).toEqual(['RB0843 warning m1'])
  })

  it('says that there is no engine and no way to get one', async () => {
    const topology = withEngines()
    const estate = bareEstate(topology)
    osOf(estate, 'w2').packages = {}
    expect(await said(topology, estate)).toEqual(['RB0821 error w2'])
  })

  it('names a host of another swarm, and the plan stops before it does anything to it', async () => {
    const topology = platform()
    const estate = bare({ w1: { engine: '19.03.15' } })
    startSwarm(estate, 'w1', '10.0.0.14')
    expect(await said(topology, estate)).toEqual(['RB0840 error w1'])
    const stage = stageOf(topology, estate)
    const done = await play(planOf(topology, await look(topology, stage)), stage, {})
    expect(done.run.steps.get('ucp.join@w1')).toMatchObject({ state: 'failed', failure: { why: 'diverged' } })
    expect(engineState(done.estate, 'w1').swarm).toBe(engineState(estate, 'w1').swarm)
  })

  it('knows another swarm also beside one of ours, from its worker too', async () => {
    const topology = platform()
    const stage = stageOf(topology)
    const { estate } = await play(planOf(topology, await look(topology, stage)), stage, {})
    expect(await said(topology, estate)).toEqual([])
    const own = engineState(estate, 'w2').swarm
    startSwarm(estate, 'w2', '10.0.0.15')
    expect(engineState(estate, 'w2').swarm).not.toBe(own)
    expect(await said(topology, estate)).toContain('RB0840 error w2')
  })

  it('refuses to install UCP on nodes that nobody named', async () => {
    const topology = platform()
    const estate = bare({ m1: { engine: '19.03.15' } })
    estate.hosts['other'] = structuredClone(
      bare({ w1: { engine: '19.03.15', hostname: 'other' } }).hosts['w1'],
    ) as Estate['hosts'][string]
    const id = startSwarm(estate, 'm1', '10.0.0.11')
    addNode(estate, 'other', id, 'worker', '10.0.0.99')
    expect(await said(topology, estate)).toEqual(['RB0846 error m1'])
  })

  it('names a leftover bootstrapper, and the plan stops before a second one', async () => {
    const topology = platform()
    const estate = bare({ m1: { engine: '19.03.15' } })
    engineState(estate, 'm1').containers['ucp'] = {
      image: 'docker/ucp:3.2.6',
      startsMs: 0,
      healthyMs: null,
      exitCode: 1,
      labels: {},
    }
    expect(await said(topology, estate)).toEqual(['RB0842 error m1'])
    const stage = stageOf(topology, estate)
    const done = await play(planOf(topology, await look(topology, stage)), stage, {})
    expect(done.run.steps.get('ucp.install@m1')).toMatchObject({ failure: { why: 'diverged' } })
  })

  it('names another version of UCP and a password that is not taken', async () => {
    const topology = platform()
    const stage = stageOf(topology)
    const { estate } = await play(planOf(topology, await look(topology, stage)), stage, {})
    const { ucp } = topology
    if (!ucp) throw new Error('the platform has UCP')
    expect(
      await said({ ...topology, ucp: { ...ucp, version: '3.2.5', image: 'docker/ucp:3.2.5' } }, estate),
    ).toHaveLength(5)
    const facts = await look(topology, { ...stageOf(topology, estate), secret: () => 'another' })
    expect(findings(topology, products, facts).map(({ code }) => code)).toContain('RB0845')
  })

  it('wants an address for UCP, not a name', async () => {
    const topology = platform()
    const m1 = topology.hosts['m1']
    if (!m1) throw new Error('no m1')
    expect(
      await said(
        { ...topology, hosts: { ...topology.hosts, m1: { ...m1, address: 'm1.example.com' } } },
        bare(),
      ),
    ).toEqual(['RB0847 error m1'])
  })
})
