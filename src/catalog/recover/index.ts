import { balancerLoss } from './balancerLoss.ts'
import { majorityLoss } from './majorityLoss.ts'
import { managerLoss } from './managerLoss.ts'
import { quorumLoss } from './quorumLoss.ts'
import type { Recipe, Scene } from './recipe.ts'
import { nodeLoss, replicaLoss } from './registryMembers.ts'

/** Every recipe there is, the smallest loss first. */
export const recipes: readonly Recipe[] = [
  balancerLoss,
  replicaLoss,
  nodeLoss,
  majorityLoss,
  managerLoss,
  quorumLoss,
]

/** The recipe of that name; undefined when there is none. */
export function recipeNamed(name: string): Recipe | undefined {
  return recipes.find(one => one.name === name)
}

/** The recipes that nothing speaks against: what the hosts point to. A warning is no objection. */
export function fitting(scene: Scene): readonly Recipe[] {
  return recipes.filter(one => one.applies(scene).every(({ severity }) => severity !== 'error'))
}
