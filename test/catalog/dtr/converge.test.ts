import { beforeAll, describe, expect, it } from 'vitest'
import { findings } from '../../../src/catalog/compile.ts'
import { products } from '../../../src/catalog/index.ts'
import { stopReplica, twinDtr } from '../../../src/catalog/dtr/state.ts'
import { engineState } from '../../../src/catalog/docker/estate.ts'
import { keepStorageHost } from '../../../src/catalog/storage/state.ts'
import { osOf } from '../../../src/catalog/os/bareHost.ts'
import { tally } from '../../../src/plan/quorum.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { Facts } from '../../../src/plan/fact.ts'
import type { Plan, Step } from '../../../src/plan/step.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { type Performance, play } from '../../../src/twin/rehearse.ts'
import { CANARY, example, look, planOf, stageOf } from './onTwin.ts'

const topology = example('dtr-ha')
const [r1, r2, r3] = topology.dtr?.replicas ?? []
if (!r1 || !r2 || !r3) throw new Error('dtr-ha has three replicas')
const ids = [r1.id, r2.id, r3.id]

const failuresOf = (done: Performance) =>
  [...done.run.steps].flatMap(([id, step]) => (step.failure ? [[id, step.failure] as const] : []))
async function apply(estate: Estate): Promise<{ done: Performance; plan: Plan; facts: Facts }> {
  const stage = stageOf(topology, structuredClone(estate))
  // Another run has another name, and so other jobs.
  for (const host of Object.values(stage.estate.hosts)) host.jobs = {}
  const facts = await look(topology, stage)
  const plan = planOf(topology, facts)
  return { plan, facts, done: await play(plan, stage, { guardProbes: true }) }
}
const codes = (facts: Facts) =>
  findings(topology, products, facts)
    .filter(one => one.severity !== 'note')
    .map(one => one.code)

describe('a registry on the twin', () => {
  let bare: Awaited<ReturnType<typeof apply>>
  let whole: Estate
  beforeAll(async () => {
    bare = await apply(stageOf(topology).estate)
    whole = bare.done.estate
  })
  const changed = (change: (estate: Estate) => void): Estate => {
    const estate = structuredClone(whole)
    change(estate)
    return estate
  }

  it('comes up from bare hosts, replica by replica, balancer and push at the end', () => {
    expect(failuresOf(bare.done)).toEqual([])
    const ended = bare.done.events.flatMap(event => (event.kind === 'step-done' ? [event.step] : []))
    const order = [
      'ucp.scheduling@m1',
      'storage.prove@d3',
      'dtr.install@d1',
      'dtr.join@d2',
      'dtr.join@d3',
      'dtr.whole@d1',
      'loadBalancer.configure@lb1',
      'acceptance.push@w1',
    ]
    expect([...order].sort((a, b) => ended.indexOf(a) - ended.indexOf(b))).toEqual(order)
    // All is certain but for one file, which UCP may bring to its nodes itself.
    const unsure = preview(bare.plan, bare.facts).filter(one => one.will === 'depend')
    expect(unsure.map(one => one.step)).toEqual(['acceptance.trust@w1'])
    expect(unsure[0]?.after).toContain('dtr.install@d1')
  })

  it('finds everything in place a second time', async () => {
    const again = await apply(whole)
    expect(preview(again.plan, again.facts).filter(one => one.will !== 'hold')).toEqual([])
    expect(again.done.events.filter(event => event.kind === 'op-started')).toEqual([])
    expect(codes(again.facts)).toEqual([])
    const rows = products.flatMap(product => product.status(topology, again.facts))
    expect(rows.filter(row => row.state !== 'ok')).toEqual([])
    expect(rows.map(row => row.detail)).toContain('3 of 3 members healthy')
    const database = again.plan.quorums.find(one => one.name === 'DTR database')
    expect(database && tally(database, again.facts)).toEqual({ members: 3, up: 3, spare: 1 })
  })

  it('keeps every secret out of plan, events, argument lists and the estate', () => {
    const { plan, done } = bare
    expect(
      JSON.stringify([plan, done.events, done.argv, done.estate.shared, done.estate.hosts]),
    ).not.toContain(CANARY)
  })

  it('never has two bootstrappers at work', () => {
    let running = 0
    for (const event of bare.done.events) {
      if (event.kind === 'op-started' && /runbook-dtr-(install|join)/.test(event.shown)) running += 1
      if (event.kind === 'op-ended' && /^dtr\.(install|join)@/.test(event.step)) running = 0
      expect(running).toBeLessThan(2)
    }
  })

  it('starts a replica that has stopped, and joins nothing', async () => {
    const { done, plan, facts } = await apply(
      changed(estate => {
        stopReplica(estate, r2.id)
      }),
    )
    expect(plan.steps.map(step => step.kind)).toContain('dtr.start')
    const ran = preview(plan, facts)
      .filter(one => one.will === 'run')
      .map(one => one.step)
    expect(ran).toContain('dtr.start@d2')
    expect(ran.filter(id => /dtr\.(install|join)/.test(id))).toEqual([])
    expect(failuresOf(done)).toEqual([])
  })

  it('starts the first one too, and never installs a second registry', async () => {
    const { done, plan } = await apply(
      changed(estate => {
        stopReplica(estate, r1.id)
      }),
    )
    expect(plan.steps.filter(step => step.kind === 'dtr.install')).toEqual([])
    expect(failuresOf(done)).toEqual([])
  })

  it('joins a lost first replica through another member after a person removed it', async () => {
    const lost = changed(estate => {
      engineState(estate, r1.host).containers = {}
      engineState(estate, r1.host).volumes = {}
      Reflect.deleteProperty(twinDtr(estate)?.members ?? {}, r1.id)
    })
    const { done, plan } = await apply(lost)
    const join = plan.steps.find((step): step is Step => step.id === `dtr.join@${r1.host}`)
    expect(JSON.stringify(join?.run)).toContain(r2.id)
    expect(failuresOf(done)).toEqual([])
    expect(Object.keys(twinDtr(done.estate)?.members ?? {}).sort()).toEqual([...ids].sort())
  })

  it('names a ghost, takes it out through a healthy replica before anything joins, and joins it anew', async () => {
    const { done, facts, plan } = await apply(
      changed(estate => {
        engineState(estate, r3.host).containers = {}
        engineState(estate, r3.host).volumes = {}
      }),
    )
    expect(codes(facts)).toEqual(['RB0856'])
    expect(plan.steps.find(step => step.kind === 'dtr.remove')).toMatchObject({
      id: `dtr.remove@d1:${r3.id}`,
      risk: 'irreversible',
    })
    expect(failuresOf(done)).toEqual([])
    const ran = done.events.flatMap(event => (event.kind === 'step-started' ? [event.step] : []))
    expect(ran.indexOf(`dtr.remove@d1:${r3.id}`)).toBeLessThan(ran.indexOf('dtr.join@d3'))
    expect(Object.keys(twinDtr(done.estate)?.members ?? {}).sort()).toEqual([...ids].sort())
  })

  it('names members and storage the playbook does not mean', async () => {
    const { facts } = await apply(
      changed(estate => {
        const dtr = twinDtr(estate)
        if (!dtr) throw new Error('no registry')
        dtr.storage = { kind: 'nfs', url: 'nfs://elsewhere/x' }
        dtr.members['ffffffffffff'] = { host: 'w2', httpPort: 80, httpsPort: 443, joinedMs: 0 }
      }),
    )
    expect(codes(facts)).toEqual(expect.arrayContaining(['RB0855', 'RB0858']))
  })

  it('finishes an upgrade that stopped half way, and asks for a backup first', async () => {
    const { facts, done } = await apply(
      changed(estate => {
        for (const one of Object.values(engineState(estate, r2.host).containers))
          if (one.labels['com.docker.dtr.version'] !== undefined)
            one.labels['com.docker.dtr.version'] = '2.7.5'
      }),
    )
    expect(codes(facts)).toEqual(['RB0851', 'RB0882'])
    expect(failuresOf(done)).toEqual([])
    expect(
      Object.values(engineState(done.estate, r2.host).containers).map(
        one => one.labels['com.docker.dtr.version'],
      ),
    ).not.toContain('2.7.5')
  })
})

describe('what can go wrong on the way', () => {
  const from = async (change: (estate: Estate) => void) => {
    const { estate } = stageOf(topology)
    change(estate)
    return apply(estate)
  }

  it('stops before the registry when one host takes another disk for the shared storage', async () => {
    const { done } = await from(estate => {
      keepStorageHost(estate, 'd3', { ownDisk: true })
    })
    expect(failuresOf(done).map(([id]) => id)).toContain('storage.prove@d3')
    expect(twinDtr(done.estate)).toBeUndefined()
  })

  it('resumes a join that broke off half way: its remains are cleared, it is joined once', async () => {
    const { done } = await from(estate => {
      estate.shared['dtrTrouble'] = { d2: true }
    })
    expect(failuresOf(done).map(([id, failure]) => [id, failure.why])).toEqual([['dtr.join@d2', 'exit']])
    expect(Object.keys(engineState(done.estate, 'd2').volumes).some(name => name.endsWith(r2.id))).toBe(true)
    const again = await apply(done.estate)
    expect(failuresOf(again.done)).toEqual([])
    expect(Object.keys(twinDtr(again.done.estate)?.members ?? {}).sort()).toEqual([...ids].sort())
  })

  it('resumes an install that broke off half way', async () => {
    const { done } = await from(estate => {
      estate.shared['dtrTrouble'] = { d1: true }
    })
    expect(failuresOf(done).map(([id]) => id)).toEqual(['dtr.install@d1'])
    const again = await apply(done.estate)
    expect(failuresOf(again.done)).toEqual([])
  })

  it('refuses to touch remains that are not ours', async () => {
    const { done } = await from(estate => {
      engineState(estate, 'd1').volumes[`dtr-rethink-${r1.id}`] = {
        driver: 'local',
        options: {},
        files: { precious: 'data' },
      }
    })
    const [[id, failure] = []] = failuresOf(done)
    expect([id, failure?.why === 'exit' && failure.code]).toEqual(['dtr.install@d1', 3])
    expect(engineState(done.estate, 'd1').volumes[`dtr-rethink-${r1.id}`]?.files['precious']).toBe('data')
  })

  it('says that a host has no curl instead of guessing', async () => {
    const { done } = await from(estate => {
      osOf(estate, 'd1').curl = false
    })
    const [[, failure] = []] = failuresOf(done)
    expect(['unobservable', 'exit']).toContain(failure?.why)
  })
})
