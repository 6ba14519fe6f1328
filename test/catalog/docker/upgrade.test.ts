import { describe, expect, it } from 'vitest'
import { engineMove } from '../../../src/catalog/docker/versions.ts'
import { osOf } from '../../../src/catalog/os/bareHost.ts'
import { showOp } from '../../../src/plan/show.ts'
import { preview } from '../../../src/plan/preview.ts'
import { play, rehearse } from '../../../src/twin/rehearse.ts'
import { look, planOf, stageOf, standing } from '../ucp/onTwin.ts'
import { platform } from '../ucp/topology.ts'

async function old(hosts: readonly string[]) {
  const estate = await standing(platform())
  for (const host of hosts) osOf(estate, host).packages['docker-ee'] = '5:18.09.9~3-0~ubuntu-bionic'
  const topology = platform()
  const stage = stageOf(topology, estate)
  const facts = await look(topology, stage)
  const plan = planOf(topology, facts)
  const run = preview(plan, facts).filter(({ will }) => will !== 'hold')
  return { estate, topology, stage, facts, plan, run }
}

describe('an upgrade of engines', () => {
  it('compares as many components as the playbook writes, and goes only forward', () => {
    expect(engineMove('18.09.9', '19.03')).toBe('upgrade')
    expect(engineMove('19.03.5', '19.03')).toBe('stay')
    expect(engineMove('19.03.5', '19.03.15')).toBe('upgrade')
    expect(engineMove('20.10.7+dfsg1', '19.03')).toBe('downgrade')
    expect(engineMove('19.03.15-ce', '19.03.15')).toBe('stay')
  })

  it('goes one host at a time, managers first, the registry last, each drained meanwhile', async () => {
    const { run, plan, stage, topology } = await old(['m1', 'm2', 'm3', 'w1', 'w2'])
    expect(run.map(({ step }) => step)).toEqual([
      'docker.upgrade@m1',
      'docker.upgrade@m2',
      'docker.upgrade@m3',
      'docker.upgrade@w2',
      'docker.upgrade@w1',
    ])
    const lowest = run.flatMap(one =>
      Object.entries(one.lowest).map(([name, { spare }]) => `${name} ${spare}`),
    )
    expect(new Set(lowest)).toEqual(
      new Set(['swarm raft', 'UCP etcd', 'UCP auth store'].flatMap(name => [`${name} 0`, `${name} 1`])),
    )
    const done = await play(plan, stage, { guardProbes: true })
    expect([...done.run.steps].flatMap(([id, { failure }]) => (failure ? [[id, failure]] : []))).toEqual([])
    const m1 = plan.steps.find(({ id }) => id === 'docker.upgrade@m1')
    const words = m1?.run.map(op => `${showOp(op)} ${'exec' in op ? (op.on ?? '') : ''}`)
    expect(words?.[0]).toContain('docker node update --availability drain')
    expect(words?.[0]).toMatch(/ m2$/)
    expect(words?.at(-1)).toContain('docker node update --availability activ')
    const after = await look(topology, stageOf(topology, done.estate))
    expect(preview(planOf(topology, after), after).filter(({ will }) => will !== 'hold')).toEqual([])
  })

  it('waits for a dead manager before it takes a live one down', async () => {
    const { stage, topology, estate } = await old(['m1'])
    const host = estate.hosts['m3']
    if (host) host.up = false
    const done = await play(planOf(topology, await look(topology, stage)), stage, {})
    expect(done.run.outcome).not.toBe('done')
    expect(osOf(done.estate, 'm1').packages['docker-ee']).toContain('18.09')
  })

  it('survives single faults', { timeout: 30_000 }, async () => {
    const { plan, stage } = await old(['m2', 'w1'])
    const swept = await rehearse(plan, stage, ({ at }) => at % 4 === 0)
    expect([swept.stuck, swept.diverged, swept.unplanned, swept.unfaithful]).toEqual([[], [], [], []])
    expect(swept.cases).toBeGreaterThan(20)
  })
})
