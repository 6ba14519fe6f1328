import { describe, expect, it } from 'vitest'
import { canonical } from '../../../src/plan/canonical.ts'
import { factKey } from '../../../src/plan/fact.ts'
import { osOf } from '../../../src/catalog/os/bareHost.ts'
import { play } from '../../../src/twin/rehearse.ts'
import type { Plan, Step } from '../../../src/plan/step.ts'
import { LICENSE, look, planOf, products, stageOf } from './onTwin.ts'
import { platform } from './topology.ts'

async function built() {
  const topology = platform()
  const stage = stageOf(topology)
  const plan = planOf(topology, await look(topology, stage))
  return { topology, plan, estate: (await play(plan, stage, {})).estate }
}

describe('converge', () => {
  it('reads like the table of contents of the manual', () => {
    const { steps } = planOf(platform(), new Map())
    expect([...new Set(steps.map(({ section }) => section))]).toEqual([
      'Docker Engine',
      'UCP managers',
      'UCP workers',
      'UCP settings',
    ])
    expect(
      steps.filter(({ section }) => section !== 'Docker Engine').map(({ id, title }) => `${id}: ${title}`),
    ).toEqual([
      'ucp.install@m1: Install UCP 3.2.6 on m1, which starts the swarm',
      'ucp.join@m2: Join m2 as a manager and wait until its UCP is healthy',
      'ucp.join@m3: Join m3 as a manager and wait until its UCP is healthy',
      'ucp.join@w1: Join w1 as a worker',
      'ucp.join@w2: Join w2 as a worker',
      'ucp.license@m1: See that UCP has its licence',
      'ucp.scheduling@m1: Let administrators run containers on managers and DTR nodes',
    ])
  })

  it('joins managers one after another and workers side by side', () => {
    const { steps } = planOf(platform(), new Map())
    const needs = Object.fromEntries(steps.map(step => [step.id, step.needs]))
    expect(needs['ucp.join@m3']).toEqual(['ucp.join@m2'])
    expect(needs['ucp.join@w1']).toEqual(needs['ucp.join@w2'])
  })

  it('is the same bytes for the same input', () => {
    expect(canonical(planOf(platform(), new Map()))).toBe(canonical(planOf(platform(), new Map())))
  })

  it('works through another manager when the first has lost its place', async () => {
    const { topology, estate } = await built()
    const stage = stageOf(topology, estate)
    const facts = new Map(await look(topology, stage))
    facts.delete(factKey({ fact: 'docker.swarm', host: 'm1' }))
    expect(planOf(topology, facts).steps.map(({ id }) => id)).toContain('ucp.install@m2')
  })

  it('lays external certificates ready before the install', async () => {
    const topology = platform()
    const { ucp } = topology
    if (!ucp) throw new Error('the platform has UCP')
    const file = {
      file: 'x.pem',
      sha256: (await import('node:crypto')).createHash('sha256').update(LICENSE).digest('hex'),
    }
    const certificates = { ca: file, cert: file, key: { secret: 'file:key.pem' } }
    const given = { ...topology, ucp: { ...ucp, certificates } }
    const stage = stageOf(given)
    const plan = planOf(given, await look(given, stage))
    expect(plan.steps.find(({ id }) => id === 'ucp.install@m1')?.needs).toEqual(['ucp.certificates@m1'])
    expect((await play(plan, stage, { guardProbes: true })).run.outcome).toBe('done')
  })

  it('starts an engine that stands still, and nothing else', async () => {
    const { topology, estate } = await built()
    osOf(estate, 'w1').services['docker'] = { active: false, enabled: false }
    const stage = stageOf(topology, estate)
    const again = await play(planOf(topology, await look(topology, stage)), stage, {})
    expect(again.events.flatMap(event => (event.kind === 'op-started' ? [event.shown] : []))).toEqual([
      'systemctl enable --now docker',
    ])
    expect(again.run.outcome).toBe('done')
  })

  it.each(['m3', 'w1'])('can be undone for %s', async host => {
    const { topology, plan, estate } = await built()
    const step = plan.steps.find(({ id }) => id === `ucp.join@${host}`)
    if (!step?.undo) throw new Error('nothing undoes the join')
    const back: Step = { ...step, ...step.undo, id: `undo@${host}`, needs: [], requires: [] }
    const undo: Plan = { ...plan, steps: [back] }
    const done = await play(undo, stageOf(topology, estate), { guardProbes: true })
    expect(done.run.outcome).toBe('done')
    const facts = await look(topology, stageOf(topology, done.estate))
    expect(facts.get(factKey({ fact: 'docker.swarm', host }))).toMatchObject({ state: 'inactive' })
    expect(facts.get(factKey({ fact: 'docker.nodes', host: 'm1' }))).toHaveLength(4)
  })

  it('shows in the status what is there', async () => {
    const { topology, estate } = await built()
    const rows = async () => {
      const facts = await look(topology, stageOf(topology, estate))
      return products
        .flatMap(product => product.status(topology, facts))
        .filter(({ state }) => state !== 'ok')
    }
    expect(await rows()).toEqual([])
    const host = estate.hosts['m3']
    if (host) host.up = false
    expect((await rows()).map(({ host, item, state }) => `${item} ${host ?? ''}: ${state}`)).toEqual([
      'Docker Engine m3: unknown',
      'UCP manager m3: unknown',
    ])
  })
})
