import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { drain, enable } from '../../../src/catalog/loadBalancer/bracket.ts'
import { haproxyPaths } from '../../../src/catalog/loadBalancer/haproxyConfig.ts'
import { nginxPaths } from '../../../src/catalog/loadBalancer/nginxConfig.ts'
import { serverState } from '../../../src/catalog/loadBalancer/model.ts'
import { stopReplica } from '../../../src/catalog/dtr/state.ts'
import { findings } from '../../../src/catalog/compile.ts'
import { products } from '../../../src/catalog/index.ts'
import { plain } from '../../../src/catalog/os/steps.ts'
import type { Op, Plan, Step } from '../../../src/plan/step.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { play } from '../../../src/twin/rehearse.ts'
import { example, look, planOf, stageOf } from '../dtr/onTwin.ts'

/** A plan of one step with these ops, run on the estate. */
async function doing(topology: Topology, estate: Estate, run: readonly Op[]) {
  const stage = stageOf(topology, structuredClone(estate))
  // Another run has another name, and so other jobs.
  for (const host of Object.values(stage.estate.hosts)) host.jobs = {}
  const plan = planOf(topology, await look(topology, stage))
  const step: Step = {
    ...plain,
    id: 'x',
    kind: 'x',
    title: 'x',
    section: 'x',
    host: 'd1',
    needs: [],
    run,
    goal: [],
    withinSeconds: 1,
    takes: { p50Seconds: 1, p90Seconds: 1 },
  }
  const done = await play({ ...plan, steps: [step] } satisfies Plan, stage, {})
  return { estate: done.estate, failure: done.run.steps.get('x')?.failure }
}
const built = async (topology: Topology) => {
  const stage = stageOf(topology)
  const done = await play(planOf(topology, await look(topology, stage)), stage, {})
  expect([...done.run.steps].filter(([, step]) => step.failure)).toEqual([])
  return done.estate
}

describe('a balancer of ours', () => {
  const topology = example('dtr-ha')
  const [first] = topology.dtr?.replicas ?? []
  let whole: Estate
  beforeAll(async () => {
    whole = await built(topology)
  })
  const stateOf = (estate: Estate, host: string) =>
    serverState(estate, 'lb1', 'dtr_https', { host, port: 443 })

  it('drains a host in all its pools and no other, and takes it back', async () => {
    const out = await doing(topology, whole, drain(topology, 'd2'))
    expect(out.failure).toBeUndefined()
    expect(['d1', 'd2', 'd3'].map(host => stateOf(out.estate, host))).toEqual(['UP', 'DRAIN', 'UP'])
    const seen = await look(topology, stageOf(topology, out.estate))
    expect(findings(topology, products, seen).map(one => one.code)).toContain('RB0875')
    const back = await doing(topology, out.estate, enable(topology, 'd2'))
    expect(back.failure).toBeUndefined()
    expect(stateOf(back.estate, 'd2')).toBe('UP')
  })

  it('has nothing to drain for a host in no pool', () => {
    expect(drain(topology, 'w1')).toEqual([])
  })

  it('follows the replicas: one that has stopped is down', () => {
    const estate = structuredClone(whole)
    estate.clockMs += 60_000
    stopReplica(estate, first?.id ?? '')
    expect(stateOf(estate, 'd1')).toBe('DOWN')
    expect(stateOf(estate, 'd2')).toBe('UP')
  })

  it('keeps what stood there before beside it, and never installs what fails its own test', async () => {
    const estate = stageOf(topology).estate
    const old = { content: 'global\n  # by hand\n', mode: '0644' }
    const files = estate.hosts['lb1']?.files ?? {}
    files[haproxyPaths.config] = old
    const stage = stageOf(topology, estate)
    const plan = planOf(topology, await look(topology, stage))
    const good = await play(plan, stage, {})
    expect(good.estate.hosts['lb1']?.files[`${haproxyPaths.config}.before-runbook`]).toEqual(old)
    const broken = {
      ...plan,
      steps: plan.steps.map(step => ({
        ...step,
        run: step.run.map(op =>
          'write' in op && op.write === haproxyPaths.candidate
            ? { ...op, content: 'backend x\n    server d1 nowhere\n' }
            : op,
        ),
      })),
    }
    const bad = await play(broken, stage, {})
    expect(bad.run.steps.get('loadBalancer.configure@lb1')?.failure).toMatchObject({ why: 'exit', op: 1 })
    expect(bad.estate.hosts['lb1']?.files[haproxyPaths.config]).toEqual(old)
  })

  it('puts a drained member back on the next apply', async () => {
    const out = await doing(topology, whole, drain(topology, 'd3'))
    for (const host of Object.values(out.estate.hosts)) host.jobs = {}
    const stage = stageOf(topology, out.estate)
    const again = await play(planOf(topology, await look(topology, stage)), stage, {})
    expect(again.run.outcome).toBe('done')
    expect(stateOf(again.estate, 'd3')).toBe('UP')
  })
})

describe('NGINX', () => {
  const topology = example('msr-2.9-mke-3')
  it('takes a server out by its configuration, and back to the very same file', async () => {
    const whole = await built(topology)
    const sum = (estate: Estate) =>
      createHash('sha256')
        .update(estate.hosts['lb1']?.files[nginxPaths.config]?.content ?? '')
        .digest('hex')
    const replica = topology.dtr?.replicas[1]?.host ?? ''
    const out = await doing(
      { ...topology },
      whole,
      drain(topology, replica).map(op => op),
    )
    expect(out.failure).toBeUndefined()
    expect(out.estate.hosts['lb1']?.files[nginxPaths.config]?.content).toMatch(/ down;/)
    const back = await doing(topology, out.estate, enable(topology, replica))
    expect(sum(back.estate)).toBe(sum(whole))
  })
})

describe('somebody else’s balancer', () => {
  const topology = example('multi-site')
  it('gets its members by the playbook’s commands', async () => {
    const whole = await built(topology)
    expect(whole.shared['balancer']).toEqual({
      dtr: topology.dtr?.replicas.map(one => one.host).sort(),
      ucp: [...(topology.ucp?.managers ?? [])].sort(),
    })
    const host = topology.dtr?.replicas[0]?.host ?? ''
    const out = await doing(
      { ...topology },
      whole,
      drain(topology, host).map(op => ({ ...op })),
    )
    expect((out.estate.shared['balancer'] as { dtr: string[] }).dtr).not.toContain(host)
  })
})
