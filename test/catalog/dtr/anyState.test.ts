import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { stopReplica, twinDtr } from '../../../src/catalog/dtr/state.ts'
import { engineState } from '../../../src/catalog/docker/estate.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { rehearse } from '../../../src/twin/rehearse.ts'
import { built, look, pair, playbook, stageOf, watched } from '../../matrix/pairs.ts'
import { CANARY } from './onTwin.ts'

const accepts = [{ code: 'RB0882', reason: 'backed up by hand' }]
const id = (host: string): string => `${host.slice(1).repeat(11)}a`

let three: Estate
let five: Estate
beforeAll(async () => {
  ;[three, five] = await Promise.all([built('three'), built('five')])
})
const changed = (estate: Estate, change: (estate: Estate) => void): Estate => {
  const copy = structuredClone(estate)
  change(copy)
  for (const host of Object.values(copy.hosts)) host.jobs = {}
  return copy
}
const wipe = (estate: Estate, host: string): void => {
  const engine = engineState(estate, host)
  for (const parts of [engine.containers, engine.volumes])
    for (const name of Object.keys(parts)) if (name.startsWith('dtr-')) Reflect.deleteProperty(parts, name)
}
const will = async (topology: Topology, estate: Estate) => {
  const seen = await look(
    topology,
    changed(estate, () => undefined),
  )
  const outlooks = preview(seen.plan, seen.facts)
  const ids = outlooks.filter(one => one.will !== 'hold').map(one => one.step)
  return {
    seen,
    steps: seen.plan.steps.filter(step => ids.includes(step.id) && step.kind.startsWith('dtr.')),
    codes: seen.findings.filter(one => one.severity === 'error').map(one => one.code),
  }
}

describe('members that left the playbook', () => {
  it('stay, and are named, without --prune', async () => {
    const { steps, codes } = await will(playbook(['d1', 'd2', 'd3']), five)
    expect(codes).toEqual(['RB0855', 'RB0855'])
    expect(steps.filter(step => step.kind === 'dtr.remove')).toEqual([])
  })

  it('go when they are listed as absent, only those', async () => {
    const { steps, codes } = await will(
      playbook(['d1', 'd2', 'd3'], { absent: { replicas: [id('d5')], nodes: [] } }),
      five,
    )
    expect(codes).toEqual(['RB0855'])
    expect(steps.map(step => step.id)).toContain(`dtr.remove@d1:${id('d5')}`)
    expect(steps.map(step => step.id)).not.toContain(`dtr.remove@d1:${id('d4')}`)
  })

  it('go one a run, drained first, through another, irreversibly; 5 to 3 to 1', async () => {
    const { steps } = await will(playbook(['d1', 'd2', 'd3'], { prune: true }), five)
    const removals = steps.filter(step => step.kind === 'dtr.remove')
    expect(removals.map(step => [step.id, step.risk])).toEqual([
      [`dtr.remove@d1:${id('d4')}`, 'irreversible'],
      [`dtr.remove@d1:${id('d5')}`, 'irreversible'],
    ])
    const [first] = removals
    const words = JSON.stringify(first?.run)
    expect(words.indexOf('"drain"')).toBeGreaterThan(0)
    expect(words.indexOf('"drain"')).toBeLessThan(words.indexOf('"remove"'))
    expect(words.indexOf('runbook-haproxy-idle')).toBeLessThan(words.indexOf('"remove"'))
    expect(removals[1]?.needs).toEqual([first?.id])
    expect(
      await pair({ name: 'five', estate: five }, 'three', playbook(['d1', 'd2', 'd3'], { prune: true })),
    ).toMatchObject({ end: 'reached' })
    expect(
      await pair({ name: 'three', estate: three }, 'one', playbook(['d1'], { prune: true })),
    ).toMatchObject({ end: 'reached' })
  })
})

describe('a failed replica', () => {
  it('goes before anything joins', async () => {
    const found = changed(five, estate => {
      wipe(estate, 'd5')
      wipe(estate, 'd2')
    })
    const { steps } = await will(playbook(['d1', 'd2', 'd3', 'd4', 'd5']), found)
    const kinds = steps.map(step => step.kind)
    expect(kinds.lastIndexOf('dtr.remove')).toBeLessThan(kinds.indexOf('dtr.join'))
    expect(kinds.filter(kind => kind === 'dtr.remove')).toHaveLength(2)
  })

  it('is replaced on another host, its dead one out of reach and out of the playbook', async () => {
    const topology = playbook(['d1', 'd2', 'd4'], { prune: true })
    const { d3: _dead, ...hosts } = topology.hosts
    const without = {
      ...topology,
      hosts,
      docker: { ...topology.docker, hosts: topology.docker.hosts.filter(host => host !== 'd3') },
      ...(topology.ucp && {
        ucp: { ...topology.ucp, workers: topology.ucp.workers.filter(host => host !== 'd3') },
      }),
    }
    const found = changed(three, estate => {
      stopReplica(estate, id('d3'))
      const host = estate.hosts['d3']
      if (host) host.up = false
    })
    const { steps } = await will(without, found)
    expect(steps.map(step => step.kind).slice(0, 2)).toEqual(['dtr.remove', 'dtr.join'])
    expect(steps[0]?.title).toContain('failed replica')
  })

  it('is not joined around while the majority is gone', async () => {
    const found = changed(three, estate => {
      wipe(estate, 'd2')
      wipe(estate, 'd3')
    })
    const { codes } = await will(playbook(['d1', 'd2', 'd3'], { prune: true }), found)
    expect(codes).toContain('RB0891')
  })
})

describe('a member that goes when another has joined', () => {
  it('is asked for just before the join: one that died meanwhile would have it refused, and goes first in another plan', async () => {
    const { steps } = await will(playbook(['d1', 'd2', 'd4'], { prune: true }), three)
    const [join] = steps.filter(step => step.kind === 'dtr.join' && step.host === 'd4')
    expect(join?.requires).toContainEqual(
      expect.objectContaining({ fact: 'dtr.unwell', host: 'd1', is: { unwell: false } }),
    )
    expect(JSON.stringify(join?.requires)).toContain(id('d3'))
  })
})

describe('a stray', () => {
  it('is destroyed only on demand, and only when the registry answers that it is no member', async () => {
    const found = changed(three, estate => {
      Reflect.deleteProperty(twinDtr(estate)?.members ?? {}, id('d3'))
    })
    const quiet = await will(playbook(['d1', 'd2', 'd3']), found)
    expect(quiet.steps.filter(step => step.kind === 'dtr.destroy')).toEqual([])
    const pruned = await will(playbook(['d1', 'd2', 'd3'], { prune: true }), found)
    const [destroy] = pruned.steps.filter(step => step.kind === 'dtr.destroy')
    expect(JSON.stringify(destroy?.run[0])).toContain('runbook-dtr-unknown')
    const silent = changed(found, estate => {
      for (const host of ['d1', 'd2', 'd3'])
        for (const one of Object.values(engineState(estate, host).containers)) one.exitCode = 137
    })
    const unknown = await will(playbook(['d1', 'd2', 'd3'], { prune: true }), silent)
    expect(unknown.steps.filter(step => step.kind === 'dtr.destroy')).toEqual([])
  })
})

describe('an upgrade', () => {
  it('shows its hops and wants a backup accepted', async () => {
    const old = changed(three, estate => {
      for (const host of ['d1', 'd2', 'd3'])
        for (const one of Object.values(engineState(estate, host).containers))
          if (one.labels['com.docker.dtr.version'] !== undefined)
            one.labels['com.docker.dtr.version'] = '2.5.14'
    })
    const refused = await will(playbook(['d1', 'd2', 'd3']), old)
    expect(refused.codes).toEqual(['RB0882'])
    expect(refused.seen.findings.find(one => one.code === 'RB0851')?.message).toContain(
      '2.5.14 → 2.6.15 → 2.7.6',
    )
    const { steps } = await will(playbook(['d1', 'd2', 'd3'], { accepts }), old)
    expect(steps.filter(step => step.kind === 'dtr.upgrade').map(step => step.title)).toEqual([
      'Upgrade the registry from 2.5.14 to 2.6.15 with mirantis/dtr:2.6.15 (hop 1 of 2)',
      'Upgrade the registry from 2.6.15 to 2.7.6 with docker/dtr:2.7.6 (hop 2 of 2)',
    ])
  })
})

describe('settings that differ', () => {
  it('moves storage only when the playbook says that the blobs are copied, and keeps the tags', async () => {
    const found = changed(three, estate => {
      const dtr = twinDtr(estate)
      if (dtr) Object.assign(dtr, { storage: { kind: 'nfs', url: 'nfs://198.51.100.99/old' } })
    })
    expect((await will(playbook(['d1', 'd2', 'd3']), found)).codes).toEqual(['RB0858'])
    const copied = playbook(['d1', 'd2', 'd3'], {
      accepts: [{ code: 'RB0858', reason: 'copied on Sunday' }],
    })
    const { steps } = await will(copied, found)
    const [move] = steps.filter(step => step.kind === 'dtr.reconfigure')
    expect(JSON.stringify(move?.run)).toContain('--storage-migrated')
  })

  it('changes the web certificate with its key by environment, once, and keeps name and tags', async () => {
    const content = (file: string): string => `pretend content of ${file}\n`
    const pinned = (file: string) => ({
      file,
      sha256: createHash('sha256').update(content(file)).digest('hex'),
    })
    const base = playbook(['d1', 'd2', 'd3'])
    const certificates = { ca: pinned('ca.pem'), cert: pinned('new.pem'), key: { secret: 'file:key.pem' } }
    const topology = { ...base, ...(base.dtr && { dtr: { ...base.dtr, certificates } }) }
    const found = changed(three, estate => {
      Object.assign(twinDtr(estate) ?? {}, { webCertificate: 'the one of before\n' })
    })
    const { seen, steps } = await will(topology, found)
    expect(steps.map(step => step.id)).toEqual(['dtr.reconfigure@d1:front'])
    const { performance } = await watched(seen.plan, found)
    expect(performance.run.outcome).toBe('done')
    expect(twinDtr(performance.estate)).toMatchObject({
      webCertificate: content('new.pem'),
      externalHost: twinDtr(found)?.externalHost,
      tags: twinDtr(found)?.tags,
    })
    expect(JSON.stringify([seen.plan, performance.events, performance.argv])).not.toContain(CANARY)
    expect(await pair({ name: 'certificate', estate: found }, 'three', topology)).toMatchObject({
      end: 'reached',
    })
    const swept = await rehearse(seen.plan, stageOf(found), ({ at }) => at % 5 === 0)
    expect(swept).toMatchObject({ stuck: [], diverged: [], unfaithful: [], leaks: [] })
  })

  it('puts a replica on other ports out of the balancer and back', async () => {
    const found = changed(three, estate => {
      const one = twinDtr(estate)?.members[id('d2')]
      if (one) Object.assign(one, { httpPort: 8081, httpsPort: 4443 })
    })
    expect(await pair({ name: 'ports', estate: found }, 'three', playbook(['d1', 'd2', 'd3']))).toMatchObject(
      { end: 'reached' },
    )
  })
})

it('survives a sample of single faults on the way from five to three with a ghost', async () => {
  const found = changed(five, estate => {
    wipe(estate, 'd2')
  })
  const { seen } = await will(playbook(['d1', 'd2', 'd3'], { prune: true }), found)
  const result = await rehearse(seen.plan, stageOf(found), ({ at }) => at % 17 === 0)
  expect(result).toMatchObject({ stuck: [], diverged: [], unfaithful: [], leaks: [] })
  // Whether the proof image is there cannot be told while a ghost is; everything else is as planned.
  expect(result.unplanned.filter(one => !one.startsWith('acceptance.'))).toEqual([])
  expect(result.cases).toBeGreaterThan(10)
}, 60_000)
