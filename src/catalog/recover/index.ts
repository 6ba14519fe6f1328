import { balancerLoss } from './balancerLoss.ts'
import { majorityLoss } from './majorityLoss.ts'
import { managerLoss } from './managerLoss.ts'
import { quorumLoss } from './quorumLoss.ts'
import type { Recipe, Scene } from './recipe.ts'
import { nodeLoss, replicaLoss } from './registryMembers.ts'
import { siteLoss } from './siteLoss.ts'
import { siteRejoin } from './siteRejoin.ts'
import { storageLoss } from './storageLoss.ts'
import { managersTotalLoss, registryTotalLoss } from './totalLoss.ts'

/** Every recipe there is, the smallest loss first. */
export const recipes: readonly Recipe[] = [
  balancerLoss,
  storageLoss,
  replicaLoss,
  nodeLoss,
  majorityLoss,
  registryTotalLoss,
  managerLoss,
  quorumLoss,
  managersTotalLoss,
  siteLoss,
  siteRejoin,
]

/** The recipe of that name; undefined when there is none. */
export function recipeNamed(name: string): Recipe | undefined {
  return recipes.find(one => one.name === name)
}

/**
 * What the hosts point to: the recipes that nothing speaks against, without those whose work another one of them does too. A warning is no
 * objection.
 */
export function fitting(scene: Scene): readonly Recipe[] {
  const fit = recipes.filter(
    one => one.restores !== true && one.applies(scene).every(({ severity }) => severity !== 'error'),
  )
  return fit.filter(one => !fit.some(other => other.includes?.includes(one.name)))
}
