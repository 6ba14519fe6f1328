import { describe, expect, it } from 'vitest'
import { findings } from '../../../src/catalog/compile.ts'
import { preview } from '../../../src/plan/preview.ts'
import { play, rehearse } from '../../../src/twin/rehearse.ts'
import { LICENSE, PASSWORD, look, planOf, products, stageOf } from './onTwin.ts'
import { platform } from './topology.ts'

describe('the platform on the twin', () => {
  it('comes up from bare hosts in the order of the manual', async () => {
    const topology = platform()
    const stage = stageOf(topology)
    const plan = planOf(topology, await look(topology, stage))
    const done = await play(plan, stage, { guardProbes: true })
    expect(
      [...done.run.steps].filter(([, step]) => step.failure).map(([id, step]) => [id, step.failure]),
    ).toEqual([])
    expect(done.run.outcome).toBe('done')
    const ended = done.events.flatMap(event => (event.kind === 'step-done' ? [event.step] : []))
    const order = [
      'docker.engine@m1',
      'ucp.install@m1',
      'ucp.join@m2',
      'ucp.join@m3',
      'ucp.join@w1',
      'ucp.license@m1',
      'ucp.scheduling@m1',
    ]
    expect([...order].sort((a, b) => ended.indexOf(a) - ended.indexOf(b))).toEqual(order)
  })

  it('a second apply finds every goal holding and nothing to say', async () => {
    const topology = platform()
    const stage = stageOf(topology)
    const first = await play(planOf(topology, await look(topology, stage)), stage, {})
    const again = stageOf(topology, first.estate)
    const facts = await look(topology, again)
    const plan = planOf(topology, facts)
    expect(preview(plan, facts).filter(({ will }) => will !== 'hold')).toEqual([])
    expect(findings(topology, products, facts).filter(({ severity }) => severity === 'error')).toEqual([])
    const second = await play(plan, again, { guardProbes: true })
    expect(second.events.filter(({ kind }) => kind === 'op-started')).toEqual([])
    const { ucp } = Object.fromEntries(
      products.map(product => [product.name, product.status(topology, facts)]),
    )
    expect(ucp?.filter(({ state }) => state !== 'ok')).toEqual([])
  })

  it('keeps password, licence and tokens out of plan, events and argument lists', async () => {
    const topology = platform()
    const stage = stageOf(topology)
    const plan = planOf(topology, await look(topology, stage))
    const done = await play(plan, stage, {})
    const seen = JSON.stringify([plan, done.events, done.argv])
    expect(seen).not.toContain(PASSWORD)
    expect(seen).not.toContain(LICENSE.slice(2, 20))
    expect(seen).not.toContain('SWMTKN')
  })

  // Every call is swept by `npm run sweep`; here each ninth.
  it('survives single faults, and preview promises what comes', { timeout: 30_000 }, async () => {
    const topology = platform()
    const stage = stageOf(topology)
    const plan = planOf(topology, await look(topology, stage))
    const report = await rehearse(plan, stage, ({ at }) => at % 9 === 0)
    expect(report.unfaithful).toEqual([])
    expect(report.unplanned).toEqual([])
    expect(report.stuck).toEqual([])
    expect(report.diverged).toEqual([])
    expect(report.cases).toBeGreaterThan(30)
  })
})
