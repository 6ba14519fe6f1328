import { beforeAll, describe, expect, it } from 'vitest'
import { censusOf } from '../../src/catalog/dtr/census.ts'
import { replica } from '../../src/catalog/dtr/facts.ts'
import { askCluster, askPing, partsOn, wantedOf } from '../../src/catalog/dtr/questions.ts'
import { stopReplica } from '../../src/catalog/dtr/state.ts'
import { peekEngine } from '../../src/catalog/docker/estate.ts'
import { factKey } from '../../src/plan/fact.ts'
import { preview } from '../../src/plan/preview.ts'
import type { Json } from '../../src/plan/step.ts'
import type { Topology } from '../../src/playbook/topology.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { built, look, playbook, watched } from '../matrix/pairs.ts'

let five: Estate
let three: Estate
beforeAll(async () => {
  ;[five, three] = await Promise.all([built('five'), built('three')])
  for (const estate of [five, three]) for (const host of Object.values(estate.hosts)) host.jobs = {}
})

/** The five without two of their hosts, which leave the swarm as well. */
function without(...gone: readonly string[]): Topology {
  const base = playbook(
    ['d1', 'd2', 'd3', 'd4', 'd5'].filter(host => !gone.includes(host)),
    { prune: true },
  )
  return {
    ...base,
    docker: { ...base.docker, hosts: base.docker.hosts.filter(host => !gone.includes(host)) },
    ...(base.ucp && { ucp: { ...base.ucp, workers: base.ucp.workers.filter(host => !gone.includes(host)) } }),
  }
}

async function due(topology: Topology, estate: Estate) {
  const seen = await look(topology, estate)
  const moving = preview(seen.plan, seen.facts).filter(({ will }) => will !== 'hold')
  return { ...seen, steps: seen.plan.steps.filter(step => moving.some(one => one.step === step.id)) }
}

const partsOf = (estate: Estate, host: string): readonly string[] => {
  const { containers, volumes } = peekEngine(estate, host)
  return [...Object.keys(containers), ...Object.keys(volumes)].filter(name => name.startsWith('dtr-'))
}

describe('defects of another installer, on the side of the registry', () => {
  it('1: a host that carries a replica gives it up before it leaves', async () => {
    const { steps } = await due(without('d4', 'd5'), five)
    const kinds = steps.map(({ kind }) => kind)
    expect(kinds.filter(kind => kind === 'dtr.remove')).toHaveLength(2)
    expect(kinds.lastIndexOf('dtr.remove')).toBeLessThan(kinds.indexOf('ucp.drain'))
    expect(kinds.filter(kind => kind === 'ucp.leave')).toHaveLength(2)
  })

  it('2: ids are hexadecimal and belong to one host, however alike the names of hosts are', () => {
    const text = ['0123456789ab', 'ffffffffffff'].map(id => `container dtr-rethinkdb-${id}`).join('\n')
    expect(replica.parse({ code: 0, stdout: text, stderr: '' }, undefined)).toBeUndefined()
    const wanted = wantedOf(playbook(['d1', 'd10'], {}, undefined, 10))
    const [one, ten] = wanted?.dtr.replicas ?? []
    if (!wanted || !one || !ten) throw new Error('two replicas')
    const parts = (id: string): Json => ({
      [id]: { version: '2.7.6', running: true, containers: 9, up: 9, volumes: 6 },
    })
    const member = { ok: true, fresh: true, readonly: false, present: true }
    const census = censusOf(
      wanted,
      new Map<string, Json>([
        [factKey(partsOn('d1')), parts(one.id)],
        [factKey(partsOn('d10')), parts(ten.id)],
        [factKey(askPing(one)), { code: 200, healthy: true, error: '' }],
        [factKey(askCluster(wanted, one)), { members: { [one.id]: member, [ten.id]: member } }],
      ]),
    )
    expect(census.members.map(({ id, host }) => [id, host])).toEqual(
      [
        [one.id, 'd1'],
        [ten.id, 'd10'],
      ].sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
    )
    expect(ten.id).toMatch(/^[0-9a-f]{12}$/)
  })

  it('3: nothing of a replica is left on a host that gave it up, and the plan looks', async () => {
    const { plan } = await due(without('d4', 'd5'), five)
    expect(partsOf(five, 'd4').length).toBeGreaterThan(10)
    const { performance } = await watched(plan, five)
    expect([...performance.run.steps].flatMap(([id, { failure }]) => (failure ? [id, failure] : []))).toEqual(
      [],
    )
    expect([...partsOf(performance.estate, 'd4'), ...partsOf(performance.estate, 'd5')]).toEqual([])
    const goals = plan.steps.filter(({ kind }) => kind === 'dtr.remove').map(({ goal }) => goal)
    expect(goals.every(goal => goal.some(({ fact, is }) => fact === 'dtr.replica' && is === null))).toBe(true)
  })

  it('5: a replica that is not well is noticed, and nothing joins while it is not', async () => {
    const ill = structuredClone(three)
    stopReplica(ill, '22222222222a')
    const { steps } = await due(playbook(['d1', 'd2', 'd3', 'd4', 'd5']), ill)
    expect(steps.find(({ section }) => section === 'Registry')?.id).toBe('dtr.start@d2')
    const join = steps.find(({ kind }) => kind === 'dtr.join')
    expect(join?.run[0]).toMatchObject({ await: [{ fact: 'dtr.cluster', is: { whole: true } }] })
  })

  it('22: a member is removed, never destroyed, since destroy tells the others nothing', async () => {
    const { plan, steps } = await due(without('d4', 'd5'), five)
    expect(plan.steps.filter(({ kind }) => kind === 'dtr.destroy')).toEqual([])
    const [removal] = steps.filter(({ kind }) => kind === 'dtr.remove')
    const words = JSON.stringify(removal?.run)
    expect(words).toContain('"remove"')
    expect(words).not.toContain('"destroy"')
    // The entry point is another one than the victim.
    expect(words).toMatch(/--existing-replica-id","11111111111a","--replica-ids","44444444444a"/)
  })
})
