import { beforeAll, describe, expect, it } from 'vitest'
import { engineIsUp, hasQuorum, nodeOf, swarmOf } from '../../../src/catalog/docker/estate.ts'
import { products } from '../../../src/catalog/index.ts'
import { osOf } from '../../../src/catalog/os/bareHost.ts'
import { fitting } from '../../../src/catalog/recover/index.ts'
import { siteLoss } from '../../../src/catalog/recover/siteLoss.ts'
import { siteRejoin } from '../../../src/catalog/recover/siteRejoin.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { play } from '../../../src/twin/rehearse.ts'
import { type Built, built, errors, recovered } from './onTwin.ts'

/** A site goes, the other one goes on, the site comes back: the public drill of a three-manager cluster, 2 + 1. */

const site = ['m1', 'm2', 'd1', 'd2', 'w1']
let cluster: Built
/** As the recovery leaves it, the site still off. */
let halved: Estate
beforeAll(async () => {
  cluster = await built('dtr-ha')
  const estate = structuredClone(cluster.stage.estate)
  for (const host of site) Object.assign(estate.hosts[host] ?? {}, { up: false })
  const { run, seen, estate: after } = await recovered(cluster, estate, siteLoss, site)
  expect(errors(seen)).toEqual([])
  expect(run.outcome).toBe('done')
  halved = after
})

const engine = (estate: Estate, host: string, active: boolean): void => {
  const unit = osOf(estate, host).services['docker']
  if (unit) unit.active = active
}
const powered = (engines: boolean): Estate => {
  const estate = structuredClone(halved)
  for (const host of site) {
    Object.assign(estate.hosts[host] ?? {}, { up: true })
    engine(estate, host, engines)
  }
  return estate
}

describe('a site that comes back', () => {
  it.each([
    { what: 'with its engines off', engines: false },
    { what: 'with everything running', engines: true },
  ])(
    '$what: managers one at a time, cleared; workers; replicas; then apply has nothing to do',
    async ({ engines }) => {
      const estate = powered(engines)
      const seen = await cluster.look(estate, siteRejoin.products([]))
      expect(errors(seen)).toEqual([])
      expect(
        fitting({ topology: cluster.topology, facts: seen.facts, lost: [] }).map(({ name }) => name),
      ).toEqual(['site-rejoin'])
      const kinds = seen.plan.steps
        .filter(step => ['ucp.rejoin', 'dtr.join'].includes(step.kind))
        .map(({ kind, host }) => `${kind}@${host}`)
      expect(kinds).toEqual(['ucp.rejoin@m1', 'ucp.rejoin@m2', 'dtr.join@d1', 'dtr.join@d2'])
      const { run, estate: after } = await recovered(cluster, estate, siteRejoin)
      expect(run.outcome).toBe('done')
      const again = await cluster.look(after, products)
      expect(errors(again)).toEqual([])
      expect(preview(again.plan, again.facts).filter(one => one.will !== 'hold')).toEqual([])
    },
  )

  it('has no two old managers at once from its first step on', async () => {
    const estate = powered(true)
    // The danger is there: two of three old managers have a majority of the group as it was.
    const old = swarmOf(estate, 'm1')
    expect(old && hasQuorum(estate, old.swarm)).toBe(true)
    const seen = await cluster.look(estate, siteRejoin.products([]))
    expect(seen.findings.map(({ code, message }) => `${code} ${message}`)).toContainEqual(
      expect.stringMatching(/^RB0865 m1, m2 run at once/),
    )
    const { plan } = seen
    let cleared = 0
    const live = structuredClone(estate)
    let first = false
    await play(
      plan,
      { ...cluster.stage, estate: live },
      {
        heard: (host, line) => {
          if (line.argv.includes('runbook-docker-halt') && host === 'm2') first = true
          // What follows is sent only after the halt has ended.
          if (first && line.argv.includes('runbook-ucp-clear')) cleared += 1
        },
      },
    )
    expect(first).toBe(true)
    expect(cleared).toBeGreaterThan(1)
    const rejoin = plan.steps.find(step => step.id === 'ucp.rejoin@m1')
    expect(rejoin?.run[0]).toMatchObject({ on: 'm2' })
    expect(plan.steps.find(step => step.id === 'ucp.rejoin@m2')?.needs).toEqual(['ucp.rejoin@m1'])
    expect(plan.steps.filter(step => step.kind === 'docker.start').map(({ host }) => host)).not.toContain(
      'm2',
    )
  })

  it('leaves workers their place, so that they come back by themselves', () => {
    expect(nodeOf(halved, 'w1')?.node.role).toBe('worker')
    expect(engineIsUp(halved, 'w1')).toBe(false)
  })
})
