import { balancerLoss } from './balancerLoss.ts'
import { managerLoss } from './managerLoss.ts'
import type { Recipe } from './recipe.ts'
import { nodeLoss, replicaLoss } from './registryMembers.ts'

/** Every recipe there is, the smallest loss first. */
export const recipes: readonly Recipe[] = [balancerLoss, replicaLoss, nodeLoss, managerLoss]

/** The recipe of that name; undefined when there is none. */
export function recipeNamed(name: string): Recipe | undefined {
  return recipes.find(one => one.name === name)
}
