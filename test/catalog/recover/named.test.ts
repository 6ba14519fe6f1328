import { beforeAll, describe, expect, it } from 'vitest'
import { intentOf } from '../../../src/catalog/dtr/intent.ts'
import { forbidden } from '../../../src/catalog/dtr/outlook.ts'
import { wantedOf } from '../../../src/catalog/dtr/questions.ts'
import { products } from '../../../src/catalog/index.ts'
import { bareEstate } from '../../../src/catalog/os/bareHost.ts'
import { fitting, recipeNamed, recipes } from '../../../src/catalog/recover/index.ts'
import type { Recipe } from '../../../src/catalog/recover/recipe.ts'
import { preview } from '../../../src/plan/preview.ts'
import { losses } from './losses.ts'
import { type Built, built, errors, recovered } from './onTwin.ts'

/** Each loss with the recipe for it, on the twin. Every single fault of each is in the sweep. */

let cluster: Built
beforeAll(async () => {
  cluster = await built('dtr-ha')
})

const named = (name: string): Recipe => {
  const found = recipeNamed(name)
  if (!found) throw new Error(`no recipe ${name}`)
  return found
}

describe('recipes', () => {
  it.each(losses.filter(({ after }) => after === undefined))(
    '$what: $recipe and nothing else',
    async ({ recipe, lost = [], change, does }) => {
      const estate = structuredClone(cluster.stage.estate)
      change(estate, bareEstate(cluster.topology))
      const { seen, run, estate: after } = await recovered(cluster, estate, named(recipe), lost)
      expect(errors(seen)).toEqual([])
      const will = new Set(
        preview(seen.plan, seen.facts).flatMap(one => (one.will === 'hold' ? [] : [one.step])),
      )
      expect(
        seen.plan.steps.filter(step => will.has(step.id)).map(({ kind, host }) => `${kind}@${host}`),
      ).toEqual(does)
      expect(run.outcome).toBe('done')
      // Each of its operations is allowed by the table of §11.4 at its place in the plan.
      const wanted = wantedOf(cluster.topology)
      expect(wanted && forbidden(seen.plan.steps, intentOf(wanted, seen.facts), seen.facts)).toEqual([])
      // Of all recipes it is the only one that the hosts point to.
      const scene = { topology: cluster.topology, facts: seen.facts, lost }
      expect(fitting(scene).map(({ name }) => name)).toEqual([recipe])
      // What it leaves is what apply would have left: nothing is to be done but for hosts that are gone.
      const again = await cluster.look(after, products, lost)
      expect(errors(again)).toEqual([])
      expect(preview(again.plan, again.facts).filter(one => one.will !== 'hold')).toEqual([])
    },
  )

  it('says of a whole cluster that it is none of them', async () => {
    for (const recipe of recipes) {
      const seen = await cluster.look(cluster.stage.estate, recipe.products([]))
      expect(errors(seen).length, recipe.name).toBeGreaterThan(0)
      expect(errors(seen).join('\n')).toContain('RB0862')
    }
  })
})
