import { beforeAll, describe, expect, it } from 'vitest'
import { stopReplica, twinDtr } from '../../../src/catalog/dtr/state.ts'
import { osOf } from '../../../src/catalog/os/bareHost.ts'
import { preview } from '../../../src/plan/preview.ts'
import { showOp } from '../../../src/plan/show.ts'
import type { Plan } from '../../../src/plan/step.ts'
import type { Estate, Model } from '../../../src/twin/estate.ts'
import { play } from '../../../src/twin/rehearse.ts'
import { built, look, playbook, stageOf, watched } from '../../matrix/pairs.ts'

const topology = playbook(['d1', 'd2', 'd3'])
let whole: Estate
beforeAll(async () => {
  whole = await built('three')
})

/** The whole cluster with older engines on some hosts. */
async function behind(hosts: readonly string[], wanted = topology, from = whole) {
  const estate = structuredClone(from)
  for (const host of hosts) osOf(estate, host).packages['docker-ee'] = '5:18.09.9~3-0~ubuntu-bionic'
  const { plan, facts } = await look(wanted, estate)
  return { estate, plan, facts, due: preview(plan, facts).filter(({ will }) => will !== 'hold') }
}

const memberOn = (estate: Estate, host: string): string =>
  Object.entries(twinDtr(estate)?.members ?? {}).find(([, one]) => one.host === host)?.[0] ?? ''
const words = (plan: Plan, id: string): readonly string[] =>
  plan.steps.find(step => step.id === id)?.run.map(op => showOp(op)) ?? []
const at = (lines: readonly string[], part: RegExp): number => lines.findIndex(line => part.test(line))

describe('an engine upgrade of a host that clients are sent to', () => {
  it('takes a replica’s host out of every pool first, and back in when it is well again', async () => {
    const { plan, estate, due } = await behind(['d2'])
    expect(due.map(({ step }) => step)).toEqual(['docker.upgrade@d2'])
    const lines = words(plan, 'docker.upgrade@d2')
    const order = [
      /haproxy-set drain dtr_http\S*\/d2/,
      /haproxy-idle/,
      /availability drain/,
      /systemctl restart docker/,
      /dtr\.ping[\s\S]*dtr\.cluster/,
      /haproxy-set ready dtr_http\S*\/d2/,
      /loadBalancer\.haproxy/,
      /availability active/,
    ].map(part => at(lines, part))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order[0]).toBe(0)
    const { performance, lowest } = await watched(plan, estate)
    expect(performance.run.outcome).toBe('done')
    expect(lowest).toBeGreaterThanOrEqual(0)
    const after = await look(topology, performance.estate)
    expect(preview(after.plan, after.facts).filter(({ will }) => will !== 'hold')).toEqual([])
  })

  it('starts what the new engine left behind of the replica [moby/moby#32607]', async () => {
    const { plan, estate } = await behind(['d2'])
    const leaves: Model = (line, host, now) => {
      if (host === 'd2' && line.argv.join(' ') === 'systemctl restart docker')
        stopReplica(now, memberOn(now, 'd2'))
      return undefined
    }
    const stage = stageOf(estate)
    const { run } = await play(plan, { ...stage, models: [leaves, ...stage.models] }, { guardProbes: true })
    expect(run.outcome).toBe('done')
  })

  it('takes a manager out of UCP’s pools', async () => {
    const { plan } = await behind(['m2'])
    const lines = words(plan, 'docker.upgrade@m2')
    expect(lines[0]).toMatch(/haproxy-set drain ucp_https\/m2 ucp_kube\/m2|ucp_kube\/m2 ucp_https\/m2/)
    expect(lines.filter(line => /haproxy-set ready/.test(line))).toHaveLength(1)
  })

  it('touches no balancer for a host that no client is sent to', async () => {
    const { plan } = await behind(['w1'])
    expect(words(plan, 'docker.upgrade@w1').filter(line => line.includes('haproxy'))).toEqual([])
  })

  it('asks every voter beside it once more, and does not begin when one has gone since', async () => {
    const all = ['d1', 'd2', 'd3', 'd4', 'd5']
    const { plan, estate } = await behind(['d2', 'd3'], playbook(all), await built('five'))
    // Somebody stops d4 while d2 is upgraded. Five could spare it, so only the step of d3 asks, right before it begins.
    const stops: Model = (line, host, now) => {
      if (host === 'd2' && line.argv.join(' ') === 'systemctl restart docker')
        stopReplica(now, memberOn(now, 'd4'))
      return undefined
    }
    const stage = stageOf(estate)
    const done = await play(plan, { ...stage, models: [stops, ...stage.models] }, { guardProbes: true })
    expect(done.run.steps.get('docker.upgrade@d3')).toMatchObject({ failure: { why: 'diverged' } })
    expect(osOf(done.estate, 'd3').packages['docker-ee']).toContain('18.09')
    expect(done.argv.join('\n')).not.toMatch(/drain \S+\/d3/)
  })

  it('is held back where a group would lose its majority', async () => {
    const { plan, estate } = await behind(['d2'])
    stopReplica(estate, memberOn(estate, 'd3'))
    const done = await play(plan, stageOf(estate), { guardProbes: true })
    expect(done.events.at(-1)).toMatchObject({
      kind: 'run-ended',
      held: [{ step: 'docker.upgrade@d2', quorum: 'DTR database' }],
    })
    expect(osOf(done.estate, 'd2').packages['docker-ee']).toContain('18.09')
  })

  it('is refused by name where a member is down already, and not where the group can spare it', async () => {
    const codes = async (hosts: readonly string[], down: string, wanted = topology, from = whole) => {
      const { estate } = await behind(hosts, wanted, from)
      stopReplica(estate, memberOn(estate, down))
      const { findings } = await look(wanted, estate)
      return findings.filter(({ severity }) => severity === 'error').map(({ code }) => code)
    }
    expect(await codes(['d2'], 'd3')).toEqual(['RB0824'])
    expect(await codes(['d3'], 'd3')).toEqual([])
    expect(await codes(['w1'], 'd3')).toEqual([])
    const five = playbook(['d1', 'd2', 'd3', 'd4', 'd5'])
    expect(await codes(['d2'], 'd3', five, await built('five'))).toEqual([])
  })

  it('goes through all hosts of a cluster, one at a time, and the margin stays', async () => {
    const hosts = ['m1', 'm2', 'm3', 'w1', 'w2', 'd1', 'd2', 'd3']
    const { plan, estate, due } = await behind(hosts)
    expect(due.map(({ step }) => step.replace('docker.upgrade@', ''))).toEqual(hosts)
    const { performance, lowest } = await watched(plan, estate)
    expect(performance.run.outcome).toBe('done')
    expect(lowest).toBeGreaterThanOrEqual(0)
  })
})
