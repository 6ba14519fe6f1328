import { beforeAll, describe, expect, it } from 'vitest'
import { engineState } from '../../../src/catalog/docker/estate.ts'
import { stopReplica, twinDtr, type TwinDtr } from '../../../src/catalog/dtr/state.ts'
import { products } from '../../../src/catalog/index.ts'
import { osOf } from '../../../src/catalog/os/bareHost.ts'
import { fitting } from '../../../src/catalog/recover/index.ts'
import { majorityLoss } from '../../../src/catalog/recover/majorityLoss.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { play } from '../../../src/twin/rehearse.ts'
import { type Built, built, errors, recovered } from './onTwin.ts'

let cluster: Built
beforeAll(async () => {
  cluster = await built('dtr-ha')
})

const dtrOf = (estate: Estate): TwinDtr => {
  const found = twinDtr(estate)
  if (!found) throw new Error('no registry')
  return found
}
const idOn = (estate: Estate, host: string): string =>
  Object.entries(dtrOf(estate).members).find(([, one]) => one.host === host)?.[0] ?? ''
/** Containers go, with what they hold or without. */
const destroy = (estate: Estate, host: string, volumesToo: boolean): void => {
  const id = idOn(estate, host)
  const engine = engineState(estate, host)
  stopReplica(estate, id)
  for (const kind of volumesToo ? [engine.containers, engine.volumes] : [engine.containers])
    for (const name of Object.keys(kind)) if (name.endsWith(`-${id}`)) Reflect.deleteProperty(kind, name)
}
const damaged = (change: (estate: Estate) => void): Estate => {
  const estate = structuredClone(cluster.stage.estate)
  change(estate)
  return estate
}
const kindsOf = (steps: readonly { kind: string; host: string }[]): readonly string[] =>
  steps.map(({ kind, host }) => `${kind}@${host}`)

describe('the registry has lost its majority', () => {
  it('keeps the survivor, clears what others left and lets them join anew', async () => {
    const estate = damaged(e => {
      destroy(e, 'd1', true)
      destroy(e, 'd3', false)
    })
    const kept = idOn(estate, 'd2')
    const { seen, run, estate: after, argv } = await recovered(cluster, estate, majorityLoss)
    expect(errors(seen)).toEqual([])
    expect(kindsOf(seen.plan.steps)).toEqual(['dtr.repair@d2', 'dtr.join@d1', 'dtr.join@d3', 'dtr.whole@d2'])
    expect(seen.plan.steps[0]).toMatchObject({ risk: 'irreversible' })
    expect(run.outcome).toBe('done')
    expect(argv.filter(line => line.includes('emergency-repair'))).toHaveLength(1)
    expect(argv.join('\n')).not.toMatch(/--prune|--force-remove|emergency-repair[^\n]*--force/)
    expect(Object.keys(dtrOf(after).members)).toContain(kept)
    expect(
      Object.values(dtrOf(after).members)
        .map(({ host }) => host)
        .sort(),
    ).toEqual(['d1', 'd2', 'd3'])
    const again = await cluster.look(after, products)
    expect(errors(again)).toEqual([])
    expect(preview(again.plan, again.facts).filter(one => one.will !== 'hold')).toEqual([])
    const scene = { topology: cluster.topology, facts: seen.facts, lost: [] }
    expect(fitting(scene).map(({ name }) => name)).toEqual(['dtr-majority-loss'])
  })

  it('keeps the one with the newest data, and loses exactly what was written later elsewhere', async () => {
    const estate = damaged(e => {
      for (const host of ['d1', 'd2', 'd3']) destroy(e, host, false)
      const { members, tags } = dtrOf(e)
      for (const [host, agoMs] of [
        ['d1', 900_000],
        ['d2', 120_000],
        ['d3', 600_000],
      ] as const) {
        const own = members[idOn(e, host)]
        if (own) own.wroteMs = e.clockMs - agoMs
      }
      tags['a/b:early'] = { digest: 'sha256:1', stores: [], pushedMs: e.clockMs - 130_000 }
      tags['a/b:late'] = { digest: 'sha256:2', stores: [], pushedMs: e.clockMs - 60_000 }
    })
    const { seen, run, estate: after } = await recovered(cluster, estate, majorityLoss)
    expect(errors(seen)).toEqual([])
    expect(seen.findings.map(({ code }) => code)).not.toContain('RB0867')
    expect(seen.plan.steps[0]?.id).toBe('dtr.repair@d2')
    expect(run.outcome).toBe('done')
    expect(Object.keys(dtrOf(after).tags).filter(tag => tag.startsWith('a/b:'))).toEqual(['a/b:early'])
  })

  it('says so where two are equally new, and keeps the one that runs', async () => {
    const estate = damaged(e => {
      destroy(e, 'd1', false)
      destroy(e, 'd3', false)
    })
    const seen = await cluster.look(estate, majorityLoss.products([]))
    expect(errors(seen)).toEqual([])
    expect(seen.findings.map(({ code }) => code)).toContain('RB0867')
    expect(seen.plan.steps[0]?.id).toBe('dtr.repair@d2')
  })

  it('goes on without hosts that are gone: the survivor alone is the registry, apply adds the others later', async () => {
    const lost = ['d1', 'd2']
    const estate = damaged(e => {
      for (const host of lost) Object.assign(e.hosts[host] ?? {}, { up: false })
    })
    const { seen, run, estate: after } = await recovered(cluster, estate, majorityLoss, lost)
    expect(errors(seen)).toEqual([])
    expect(seen.findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['RB0860', 'RB0865']))
    expect(kindsOf(seen.plan.steps)).toEqual(['dtr.repair@d3', 'dtr.whole@d3'])
    expect(run.outcome).toBe('done')
    expect(Object.values(dtrOf(after).members).map(({ host }) => host)).toEqual(['d3'])
  })

  it('refuses while starting would bring the majority back, while there is a majority, and with no survivor', async () => {
    const refusal = async (
      change: (estate: Estate) => void,
      lost: readonly string[] = [],
    ): Promise<readonly string[]> =>
      errors(await cluster.look(damaged(change), majorityLoss.products(lost), lost))
    expect(
      await refusal(e => {
        for (const host of ['d1', 'd2']) stopReplica(e, idOn(e, host))
      }),
    ).toEqual([expect.stringMatching(/^RB0863 replicas on d1, d2 could be started/)])
    expect(
      await refusal(e => {
        for (const host of ['d1', 'd2']) {
          const unit = osOf(e, host).services['docker']
          if (unit) unit.active = false
        }
      }),
    ).toEqual([expect.stringMatching(/^RB0863 replicas on d1, d2 could be started/)])
    expect(
      await refusal(e => {
        stopReplica(e, idOn(e, 'd1'))
      }),
    ).toEqual([expect.stringMatching(/^RB0862 .*has its majority and is degraded/)])
    expect(
      await refusal(
        e => {
          for (const host of ['d1', 'd2', 'd3']) Object.assign(e.hosts[host] ?? {}, { up: false })
        },
        ['d1', 'd2', 'd3'],
      ),
    ).toEqual([expect.stringMatching(/^RB0864 no host of a replica is left/)])
    expect(
      await refusal(e => {
        for (const host of ['d1', 'd2', 'd3']) destroy(e, host, true)
      }),
    ).toEqual([expect.stringMatching(/^RB0862 .*no host that answers carries a part/)])
  })

  it('goes on where somebody says, with a reason, that starting was tried and failed', async () => {
    const estate = damaged(e => {
      for (const host of ['d1', 'd2']) stopReplica(e, idOn(e, host))
    })
    const topology = { ...cluster.topology, accepts: [{ code: 'RB0863', reason: 'their disks are broken' }] }
    const seen = await cluster.look(estate, majorityLoss.products([]), [], topology)
    expect(errors(seen)).toEqual([])
    expect(seen.findings.find(({ code }) => code === 'RB0863')).toMatchObject({
      severity: 'note',
      message: expect.stringContaining('their disks are broken') as string,
    })
    const { run, estate: after } = await play(seen.plan, { ...cluster.stage, estate }, {})
    expect(run.outcome).toBe('done')
    expect(Object.keys(dtrOf(after).members)).toHaveLength(3)
  })

  it('does not repair what came back by itself between the plan and the run', async () => {
    const estate = damaged(e => {
      destroy(e, 'd1', true)
      destroy(e, 'd3', true)
    })
    const { plan } = await cluster.look(estate, majorityLoss.products([]))
    const whole = structuredClone(cluster.stage.estate)
    const { run, argv } = await play(plan, { ...cluster.stage, estate: whole }, {})
    expect(run.outcome).toBe('done')
    expect(argv.filter(line => line.includes('emergency-repair'))).toEqual([])
  })
})
