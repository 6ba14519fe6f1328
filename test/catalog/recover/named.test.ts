import { beforeAll, describe, expect, it } from 'vitest'
import { engineState } from '../../../src/catalog/docker/estate.ts'
import { stopReplica, twinDtr } from '../../../src/catalog/dtr/state.ts'
import { products } from '../../../src/catalog/index.ts'
import { keepBalancer, peekBalancer } from '../../../src/catalog/loadBalancer/state.ts'
import { bareEstate, osOf } from '../../../src/catalog/os/bareHost.ts'
import { recipeNamed, recipes } from '../../../src/catalog/recover/index.ts'
import type { Recipe } from '../../../src/catalog/recover/recipe.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { type Built, built, errors, recovered } from './onTwin.ts'

/** The recipes that are apply's own plan, held to one loss. */

let cluster: Built
beforeAll(async () => {
  cluster = await built('dtr-ha')
})

const memberOn = (estate: Estate, host: string): string =>
  Object.entries(twinDtr(estate)?.members ?? {}).find(([, one]) => one.host === host)?.[0] ?? ''
const wipe = (estate: Estate, host: string): void => {
  const engine = engineState(estate, host)
  for (const kind of [engine.containers, engine.volumes])
    for (const name of Object.keys(kind)) if (name.startsWith('dtr-')) Reflect.deleteProperty(kind, name)
}
const off = (estate: Estate, host: string): void => {
  const found = estate.hosts[host]
  if (found) found.up = false
}
const rebuilt = (estate: Estate, host: string): void => {
  const fresh = bareEstate(cluster.topology).hosts[host]
  if (fresh) estate.hosts[host] = fresh
}
const named = (name: string): Recipe => {
  const found = recipeNamed(name)
  if (!found) throw new Error(`no recipe ${name}`)
  return found
}

interface Case {
  readonly what: string
  readonly recipe: string
  readonly lost?: readonly string[]
  readonly change: (estate: Estate) => void
  /** Kinds and hosts of what runs, in order. */
  readonly does: readonly string[]
}

const cases: readonly Case[] = [
  {
    what: 'a replica that stopped',
    recipe: 'dtr-replica-loss',
    change: estate => {
      stopReplica(estate, memberOn(estate, 'd2'))
    },
    does: ['dtr.start@d2', 'dtr.whole@d1'],
  },
  {
    what: 'a replica of which nothing is left',
    recipe: 'dtr-replica-loss',
    change: estate => {
      wipe(estate, 'd2')
    },
    does: ['dtr.remove@d1', 'dtr.join@d2', 'dtr.whole@d1'],
  },
  {
    what: 'a registry host that is gone',
    recipe: 'dtr-node-loss',
    lost: ['d3'],
    change: estate => {
      off(estate, 'd3')
    },
    does: ['ucp.strike@m1', 'dtr.remove@d1', 'dtr.whole@d1'],
  },
  {
    what: 'a registry host on a new machine',
    recipe: 'dtr-node-loss',
    change: estate => {
      rebuilt(estate, 'd3')
    },
    does: [
      'docker.install@d3',
      'ucp.strike@m1',
      'ucp.joinWorker@d3',
      'storage.client@d3',
      'dtr.remove@d1',
      'dtr.join@d3',
      'dtr.whole@d1',
    ],
  },
  {
    what: 'a manager that is gone',
    recipe: 'ucp-manager-loss',
    lost: ['m3'],
    change: estate => {
      off(estate, 'm3')
    },
    does: ['ucp.demote@m1', 'ucp.strike@m1'],
  },
  {
    what: 'a manager whose engine stopped',
    recipe: 'ucp-manager-loss',
    change: estate => {
      const unit = osOf(estate, 'm3').services['docker']
      if (unit) unit.active = false
    },
    does: ['docker.start@m3', 'ucp.joinManager@m3'],
  },
  {
    what: 'a manager on a new machine',
    recipe: 'ucp-manager-loss',
    change: estate => {
      rebuilt(estate, 'm3')
    },
    does: ['docker.install@m3', 'ucp.demote@m1', 'ucp.strike@m1', 'ucp.joinManager@m3'],
  },
  {
    what: 'a balancer with a member out',
    recipe: 'lb-loss',
    change: estate => {
      const found = peekBalancer(estate, 'lb1')
      if (found) keepBalancer(estate, 'lb1', { ...found, admin: { 'dtr_https/d1': 'drain' } })
    },
    does: ['loadBalancer.configure@lb1'],
  },
  {
    what: 'a balancer on a new machine',
    recipe: 'lb-loss',
    change: estate => {
      rebuilt(estate, 'lb1')
    },
    does: ['loadBalancer.install@lb1', 'loadBalancer.configure@lb1'],
  },
]

describe('recipes that are parts of what apply does', () => {
  it.each(cases)('$what: $recipe and nothing else', async ({ recipe, lost = [], change, does }) => {
    const estate = structuredClone(cluster.stage.estate)
    change(estate)
    const { seen, run, estate: after } = await recovered(cluster, estate, named(recipe), lost)
    expect(errors(seen)).toEqual([])
    const will = new Set(
      preview(seen.plan, seen.facts).flatMap(one => (one.will === 'hold' ? [] : [one.step])),
    )
    expect(
      seen.plan.steps.filter(step => will.has(step.id)).map(({ kind, host }) => `${kind}@${host}`),
    ).toEqual(does)
    expect(run.outcome).toBe('done')
    // Of all recipes it is the only one that the hosts point to.
    const scene = { topology: cluster.topology, facts: seen.facts, lost }
    expect(recipes.filter(one => one.applies(scene).length === 0).map(({ name }) => name)).toEqual([recipe])
    // What it leaves is what apply would have left: nothing is to be done but for hosts that are gone.
    const again = await cluster.look(after, products, lost)
    expect(errors(again)).toEqual([])
    expect(preview(again.plan, again.facts).filter(one => one.will !== 'hold')).toEqual([])
  })

  it('says of a whole cluster that it is none of them', async () => {
    for (const recipe of recipes) {
      const seen = await cluster.look(cluster.stage.estate, recipe.products([]))
      expect(errors(seen).length, recipe.name).toBeGreaterThan(0)
      expect(errors(seen)[0]).toContain('RB0862')
    }
  })
})
