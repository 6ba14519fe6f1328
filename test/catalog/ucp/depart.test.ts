import { describe, expect, it } from 'vitest'
import type { TwinSwarm } from '../../../src/catalog/docker/estate.ts'
import { findings } from '../../../src/catalog/compile.ts'
import { bareEstate } from '../../../src/catalog/os/bareHost.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import type { Estate, EstateHost } from '../../../src/twin/estate.ts'
import { play, rehearse } from '../../../src/twin/rehearse.ts'
import { look, planOf, products, stageOf, standing } from './onTwin.ts'
import { platform } from './topology.ts'

function swarm(estate: Estate): TwinSwarm {
  const [one] = Object.values(estate.shared['swarms'] as unknown as { [id: string]: TwinSwarm })
  if (!one) throw new Error('no swarm')
  return one
}

const names = (estate: Estate): string[] =>
  Object.values(swarm(estate).nodes)
    .map(({ hostname, role }) => `${hostname} ${role}`)
    .sort()

/** The platform with these managers and workers; hosts that are neither stay in the playbook. */
function changed(
  managers: readonly string[],
  workers: readonly string[],
  more: Partial<Topology> = {},
): Topology {
  const all = platform()
  const extra = [...managers, ...workers].filter(name => !all.hosts[name])
  const hosts = {
    ...all.hosts,
    ...Object.fromEntries(
      extra.map((name, i) => [
        name,
        { name, address: `10.0.1.${11 + i}`, port: 22, user: 'root', roles: [], sudo: 'no' as const },
      ]),
    ),
  }
  return platform({
    hosts,
    docker: { ...all.docker, hosts: [...managers, ...workers] },
    roles: { manager: managers, worker: workers },
    ...(all.ucp ? { ucp: { ...all.ucp, managers, workers } } : {}),
    ...more,
  })
}

function withHosts(estate: Estate, topology: Topology): Estate {
  const fresh = bareEstate(topology)
  // What was asked of a host in an earlier run has other names; here all runs have one name.
  const hosts = Object.fromEntries(
    Object.entries(estate.hosts).map(([name, host]): [string, EstateHost] => [name, { ...host, jobs: {} }]),
  )
  return { ...estate, hosts: { ...fresh.hosts, ...hosts } }
}

/** Plan, run, and look again: what a second apply would do. */
async function applied(topology: Topology, estate: Estate) {
  const stage = stageOf(topology, withHosts(estate, topology))
  const facts = await look(topology, stage)
  const plan = planOf(topology, facts)
  const outlooks = preview(plan, facts)
  const done = await play(plan, stage, { guardProbes: true })
  const failures = [...done.run.steps].flatMap(([id, { failure }]) => (failure ? [[id, failure]] : []))
  const again = stageOf(topology, done.estate)
  const after = await look(topology, again)
  const second = preview(planOf(topology, after), after).filter(({ will }) => will !== 'hold')
  const willRun = plan.steps.filter(step => outlooks.some(one => one.step === step.id && one.will !== 'hold'))
  const lowest = Math.min(
    ...outlooks
      .flatMap(one => Object.values(one.lowest).filter(({ members }) => members > 0))
      .map(m => m.spare),
  )
  return { stage, plan, facts, done, failures, second, willRun, lowest, after }
}

describe('a standing cluster', () => {
  it('takes two more managers and a worker, one manager at a time, through a healthy one', async () => {
    const estate = await standing(platform())
    const topology = changed(['m1', 'm2', 'm3', 'm4', 'm5'], ['w1', 'w2', 'w3'])
    const first = estate.hosts['m1']
    if (first) (first.state['docker'] as { containers: object }).containers = {}
    const { done, failures, second, willRun } = await applied(topology, estate)
    expect(failures).toEqual([])
    expect(names(done.estate)).toHaveLength(8)
    expect(willRun.map(({ id }) => id).filter(id => id.startsWith('ucp.'))).toEqual([
      'ucp.join@m4',
      'ucp.join@m5',
      'ucp.join@w3',
    ])
    expect(second).toEqual([])
  })

  it('names strangers and removes none of them unasked', async () => {
    const estate = await standing(platform())
    const topology = changed(['m1', 'm2', 'm3'], ['w1'])
    const { done, willRun, after } = await applied(topology, estate)
    expect(names(done.estate)).toContain('w2 worker')
    expect(willRun).toEqual([])
    expect(findings(topology, products, after).map(({ code }) => code)).toContain('RB0846')
  })

  it('lets a worker go: drained, out by its own word, struck off, its host clean', async () => {
    const estate = await standing(platform())
    const w2 = Object.values(swarm(estate).nodes).find(({ hostname }) => hostname === 'w2')
    if (w2) w2.tasks = ['web.1', 'ucp-worker-agent-x.1']
    const topology = changed(['m1', 'm2', 'm3'], ['w1'], { absent: { replicas: [], nodes: ['w2'] } })
    const { done, failures, second, willRun, stage, plan } = await applied(topology, estate)
    expect(failures).toEqual([])
    expect(willRun.map(({ title, risk }) => `${risk}: ${title}`)).toEqual([
      'interrupts: Drain w2 and wait until none of its tasks runs',
      'irreversible: Let w2 leave the swarm',
      "irreversible: Strike w2 off the swarm's list once managers see that it left",
      "irreversible: Clear UCP's containers and volumes off w2, so that it may join again",
    ])
    expect(names(done.estate)).not.toContain('w2 worker')
    expect((done.estate.hosts['w2']?.state['docker'] as { containers: object }).containers).toEqual({})
    expect(second).toEqual([])
    const swept = await rehearse(plan, stage, ({ at }) => at % 3 === 0)
    expect([swept.stuck, swept.diverged, swept.unplanned, swept.unfaithful]).toEqual([[], [], [], []])
    expect(swept.cases).toBeGreaterThan(10)
  })

  it('may take a host back that left', async () => {
    const estate = await standing(platform())
    const out = changed(['m1', 'm2', 'm3'], ['w1'], { absent: { replicas: [], nodes: ['w2'] } })
    const { done } = await applied(out, estate)
    const back = await applied(platform(), done.estate)
    expect(back.failures).toEqual([])
    expect(names(back.done.estate)).toContain('w2 worker')
  })

  it('swaps a live manager for a new one: the new one first, then demote, reconcile, drain, leave', async () => {
    const estate = await standing(platform())
    const topology = changed(['m1', 'm2', 'm4'], ['w1', 'w2'], { absent: { replicas: [], nodes: ['m3'] } })
    const { done, failures, second, willRun, lowest, stage, plan } = await applied(topology, estate)
    expect(failures).toEqual([])
    expect(willRun.map(({ kind }) => kind).filter(kind => kind.startsWith('ucp.'))).toEqual([
      'ucp.joinManager',
      'ucp.demote',
      'ucp.drain',
      'ucp.leave',
      'ucp.strikeLeft',
      'ucp.sweep',
    ])
    expect(names(done.estate)).toEqual(['m1 manager', 'm2 manager', 'm4 manager', 'w1 worker', 'w2 worker'])
    expect(lowest).toBe(1)
    expect(second).toEqual([])
    const swept = await rehearse(plan, stage, ({ at }) => at % 7 === 0)
    expect([swept.stuck, swept.diverged, swept.unplanned, swept.unfaithful]).toEqual([[], [], [], []])
  })

  it('replaces a manager that died: struck off first, then the new one joins', async () => {
    const estate = await standing(platform())
    const dead = estate.hosts['m3']
    if (dead) dead.up = false
    const topology = changed(['m1', 'm2', 'm4'], ['w1', 'w2'], { absent: { replicas: [], nodes: ['m3'] } })
    const { done, failures, second, willRun, lowest } = await applied(topology, estate)
    expect(failures).toEqual([])
    expect(willRun.filter(({ id }) => id.startsWith('ucp.')).map(({ title }) => title)).toEqual([
      'Demote m3, which is down, so that it counts as a manager no more',
      "Strike m3 off the swarm's list, whose host is not asked: wipe it before it may join again",
      'Join m4 as a manager and wait until its UCP is healthy',
    ])
    expect(names(done.estate)).toEqual(['m1 manager', 'm2 manager', 'm4 manager', 'w1 worker', 'w2 worker'])
    expect(lowest).toBe(0)
    expect(second).toEqual([])
  })

  it('replaces a manager whose machine was built anew under its old name', async () => {
    const estate = await standing(platform())
    const fresh = bareEstate(platform()).hosts['m3']
    if (fresh) estate.hosts['m3'] = fresh
    const { done, failures, second, willRun } = await applied(platform(), estate)
    expect(failures).toEqual([])
    expect(willRun.map(({ kind }) => kind)).toEqual([
      'docker.install',
      'ucp.demote',
      'ucp.strike',
      'ucp.joinManager',
    ])
    expect(names(done.estate).filter(name => name.startsWith('m3'))).toEqual(['m3 manager'])
    expect(second).toEqual([])
  })

  it('with --prune takes out what the playbook does not name, an unknown host too', async () => {
    const estate = await standing(platform())
    const topology = changed(['m1', 'm2', 'm3'], ['w1'], { prune: true })
    const { hosts } = topology
    const without = Object.fromEntries(Object.entries(hosts).filter(([name]) => name !== 'w2'))
    const { done, failures, willRun } = await applied({ ...topology, hosts: without }, estate)
    expect(failures).toEqual([])
    expect(willRun.map(({ kind }) => kind)).toEqual(['ucp.drain', 'ucp.strike'])
    expect(names(done.estate)).not.toContain('w2 worker')
  })

  it('does not give up a live manager while another is down', async () => {
    const estate = await standing(platform())
    const down = estate.hosts['m2']
    const topology = changed(['m1', 'm2'], ['w1', 'w2'], { absent: { replicas: [], nodes: ['m3'] } })
    if (down) down.up = false
    const stage = stageOf(topology, estate)
    const plan = planOf(topology, await look(topology, stage))
    const done = await play(plan, stage, {})
    expect(done.run.outcome).not.toBe('done')
    expect(names(done.estate)).toContain('m3 manager')
  })

  it('refuses to lose the last manager it could work through', async () => {
    const estate = await standing(platform())
    const topology = changed(['m4', 'm5', 'm6'], ['w1', 'w2'], {
      absent: { replicas: [], nodes: ['m1', 'm2', 'm3'] },
    })
    const facts = await look(topology, stageOf(topology, withHosts(estate, topology)))
    expect(findings(topology, products, facts).map(({ code }) => code)).toContain('RB0848')
  })
})
