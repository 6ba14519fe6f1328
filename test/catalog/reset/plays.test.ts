import { describe, expect, it } from 'vitest'
import { engineState } from '../../../src/catalog/docker/estate.ts'
import { products } from '../../../src/catalog/index.ts'
import { osOf } from '../../../src/catalog/os/bareHost.ts'
import { resetProducts } from '../../../src/catalog/reset/index.ts'
import { checkPlaybook } from '../../../src/cli/check.ts'
import { packageRoot } from '../../../src/cli/package.ts'
import { type Survey, survey } from '../../../src/cli/survey.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import { createRedact } from '../../../src/run/redact.ts'
import { openSessions } from '../../../src/run/world.ts'
import { virtualClock } from '../../../src/twin/clock.ts'
import { connectTwin } from '../../../src/twin/connect.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { play, rehearse, type Stage } from '../../../src/twin/rehearse.ts'
import { example } from '../../sweep/examples.ts'

interface Built {
  readonly topology: Topology
  readonly stage: Stage
  readonly look: (estate: Estate, of?: typeof products) => Promise<Survey>
}

/** The cluster of an example, as its installation leaves it. */
async function built(name: string): Promise<Built> {
  const { plan, stage } = await example(name)
  const { topology, digest } = await checkPlaybook(`${packageRoot()}/playbooks/${name}.yml`)
  if (!topology || digest === undefined) throw new Error(`${name} is no good playbook`)
  const whole = (await play(plan, stage, {})).estate
  for (const host of Object.values(whole.hosts)) host.jobs = {}
  const look: Built['look'] = async (estate, of = resetProducts) => {
    const clock = virtualClock(estate.clockMs)
    const connect = connectTwin(structuredClone(estate), stage.models, clock, { guardProbes: true })
    const ask = (): Promise<never> => Promise.reject(new Error('planning asks nobody'))
    const world = { ...stage, hosts: topology.hosts, connect, clock, ask, redact: createRedact() }
    return await survey(topology, digest, of, world, openSessions(topology.hosts, connect))
  }
  return { topology, stage: { ...stage, estate: whole }, look }
}

const remains = (estate: Estate): readonly string[] =>
  Object.keys(estate.hosts).flatMap(host => {
    const { containers, volumes, swarm } = engineState(estate, host)
    return [
      ...Object.keys(containers),
      ...Object.keys(volumes),
      ...(swarm === null ? [] : [`swarm ${swarm}`]),
    ].map(one => `${host}: ${one}`)
  })

describe('reset', () => {
  it.each(['minimal', 'dtr-ha', 'dtr-5-s3', 'msr-2.9-mke-3'])(
    'takes all of %s away, in order, irreversibly; a second one is empty; then it can be built again',
    async name => {
      const { stage, look } = await built(name)
      const { plan, facts, findings } = await look(stage.estate)
      expect(findings.filter(one => one.severity === 'error')).toEqual([])
      const kinds = plan.steps.map(step => step.kind)
      expect([...new Set(kinds)]).toEqual(['dtr.sweep', 'ucp.uninstall', 'docker.leave', 'ucp.sweep'])
      expect(plan.steps.every(step => step.risk === 'irreversible' && step.undo === undefined)).toBe(true)
      expect(preview(plan, facts).some(one => one.will === 'run')).toBe(true)
      const done = await play(plan, stage, { guardProbes: true })
      expect(done.run.outcome).toBe('done')
      expect(remains(done.estate)).toEqual([])
      for (const host of Object.values(done.estate.hosts)) host.jobs = {}
      const again = await look(done.estate)
      expect(preview(again.plan, again.facts).filter(one => one.will !== 'hold')).toEqual([])
      const anew = await look(done.estate, products)
      expect(anew.findings.filter(one => one.severity === 'error')).toEqual([])
      const rebuilt = await play(anew.plan, { ...stage, estate: done.estate }, {})
      expect(rebuilt.run.outcome).toBe('done')
    },
  )

  it('survives every single fault of the smallest cluster', async () => {
    const { stage, look } = await built('minimal')
    const { plan } = await look(stage.estate)
    const { stuck, diverged, leaks, cases } = await rehearse(plan, stage)
    expect(cases).toBeGreaterThan(50)
    expect({ stuck, diverged, leaks }).toEqual({ stuck: [], diverged: [], leaks: [] })
  })

  it('clears hosts one by one where no manager can run the uninstaller', async () => {
    const { stage, look } = await built('dtr-ha')
    const estate = structuredClone(stage.estate)
    for (const host of ['m2', 'm3']) engineState(estate, host).swarm = null
    const { plan } = await look(estate)
    expect(plan.steps.map(step => step.kind)).not.toContain('ucp.uninstall')
    const done = await play(plan, { ...stage, estate }, {})
    expect(done.run.outcome).toBe('done')
    expect(remains(done.estate)).toEqual([])
  })

  it('refuses where nobody can tell whether a manager can run the uninstaller, until a person says that none can', async () => {
    const { topology, stage, look } = await built('minimal')
    const estate = structuredClone(stage.estate)
    for (const host of topology.ucp?.managers ?? [])
      osOf(estate, host).services['docker'] = { active: false, enabled: true }
    const { plan, findings } = await look(estate)
    const errors = findings.filter(one => one.severity === 'error')
    expect(errors.map(one => one.code)).toEqual((topology.ucp?.managers ?? []).map(() => 'RB0836'))
    expect(plan.steps.map(step => step.kind)).not.toContain('ucp.uninstall')
    const accepted = { ...topology, accepts: [{ code: 'RB0836', reason: 'its disk is gone' }] }
    const facts = (await look(estate)).facts
    const docker = resetProducts.find(one => one.name === 'docker')
    expect(docker?.findings(accepted, facts).map(one => one.severity)).toEqual(errors.map(() => 'note'))
    // One of three that answers is enough.
    const three = await built('dtr-ha')
    const partly = structuredClone(three.stage.estate)
    osOf(partly, 'm1').services['docker'] = { active: false, enabled: true }
    expect((await three.look(partly)).findings.filter(one => one.code === 'RB0836')).toEqual([])
  })

  it('refuses to take nodes along that the playbook does not name', async () => {
    const { stage, look } = await built('dtr-ha')
    const estate = structuredClone(stage.estate)
    const swarms = estate.shared['swarms'] as unknown as { [id: string]: { nodes: { [id: string]: object } } }
    for (const { nodes } of Object.values(swarms))
      nodes['stranger'] = {
        hostname: 'x1',
        role: 'worker',
        addr: '198.51.100.77',
        availability: 'active',
        labels: {},
        joinedMs: 0,
        readyMs: 0,
      }
    const { findings } = await look(estate)
    expect(findings.filter(one => one.severity === 'error').map(one => one.code)).toEqual(['RB0835'])
  })
})
