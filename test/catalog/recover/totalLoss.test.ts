import { beforeAll, expect, it } from 'vitest'
import { engineState } from '../../../src/catalog/docker/estate.ts'
import { bareEstate } from '../../../src/catalog/os/bareHost.ts'
import { fitting } from '../../../src/catalog/recover/index.ts'
import { managersTotalLoss, registryTotalLoss } from '../../../src/catalog/recover/totalLoss.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { type Built, built, errors } from './onTwin.ts'

/** What needs a backup says so, and only when nothing less will do. The restore itself is tested with the backups. */

let cluster: Built
beforeAll(async () => {
  cluster = await built('dtr-ha')
})

const wiped = (hosts: readonly string[], volumesToo: boolean): Estate => {
  const estate = structuredClone(cluster.stage.estate)
  for (const host of hosts) {
    const { containers, volumes } = engineState(estate, host)
    for (const kind of volumesToo ? [containers, volumes] : [containers])
      for (const name of Object.keys(kind)) if (name.startsWith('dtr-')) Reflect.deleteProperty(kind, name)
  }
  return estate
}

it('of the registry: when no host holds a database any more; the hosts alone point to nothing', async () => {
  const seen = await cluster.look(wiped(['d1', 'd2', 'd3'], true), registryTotalLoss.products([]))
  expect(errors(seen)).toEqual(['RB0866 dtr-total-loss restores a backup'])
  expect(seen.plan.steps).toEqual([])
  expect(fitting({ topology: cluster.topology, facts: seen.facts, lost: [] })).toEqual([])
})

it('of the registry: not while a disk still holds one', async () => {
  const seen = await cluster.look(wiped(['d1', 'd2', 'd3'], false), registryTotalLoss.products([]))
  expect(errors(seen)).toContainEqual(expect.stringMatching(/^RB0862 .*d1, d2, d3 hold the database/))
})

it('of the managers: when none is left, not while one stands', async () => {
  const estate = structuredClone(cluster.stage.estate)
  const bare = bareEstate(cluster.topology)
  const machines = (...hosts: readonly string[]): void => {
    for (const host of hosts) Object.assign(estate.hosts, { [host]: structuredClone(bare.hosts[host]) })
  }
  machines('m1', 'm2')
  expect(errors(await cluster.look(estate, managersTotalLoss.products([])))).toContainEqual(
    expect.stringMatching(/^RB0862 .*m3 still is a manager/),
  )
  machines('m3')
  expect(errors(await cluster.look(estate, managersTotalLoss.products([])))).toEqual([
    'RB0866 ucp-total-loss restores a backup',
  ])
})
