import { products } from '../../catalog/index.ts'
import { faultSteps, undoStep } from '../../catalog/drill/faults.ts'
import { recipeNamed } from '../../catalog/recover/index.ts'
import type { Drill, Phase } from '../../plan/drill.ts'
import { asked } from '../../plan/refs.ts'
import type { HostName, Plan, Step } from '../../plan/step.ts'
import type { PhasePlan } from '../../run/drillStage.ts'
import type { Sessions, World } from '../../run/world.ts'
import { leaveOut } from '../leaveOut.ts'
import type { Good } from '../load.ts'
import { survey } from '../survey.ts'

/** The products of a recipe; those of an apply where it is the playbook that is made true. */
export function productsOf(recipe: string, lost: readonly HostName[]) {
  return recipeNamed(recipe)?.products(lost) ?? products
}

/** An empty plan of this playbook, to put steps into. */
function planWith({ topology, digest }: Good, name: string, steps: readonly Step[]): Plan {
  return {
    format: 'runbook.plan/1',
    name: `${topology.name}: ${name}`,
    from: { playbook: digest, facts: digest },
    hosts: topology.hosts,
    // A fault takes members away on purpose: no quorum holds it back.
    quorums: [],
    steps,
  }
}

/** Undoes faults, and nothing else. */
export function undoPlanOf(
  good: Good,
  faults: readonly { readonly fault: string; readonly host: HostName }[],
  by: string,
): Plan {
  const steps = faults.map(({ fault, host }) => undoStep(host, fault, by))
  return planWith(good, 'undo the faults', steps)
}

/**
 * The plan of a phase for what is there now. A fault's is the same whatever is there; a recovery's is that of its recipe, as `runbook
 * recover` makes it.
 * @throws Error when hosts that are needed cannot be asked, or the recipe says that it is for something else
 */
export async function phasePlan(
  good: Good,
  drill: Drill,
  drillId: string,
  phase: Phase,
  world: World,
  sessions: Sessions,
): Promise<PhasePlan> {
  const { topology, digest } = good
  if (phase.kind === 'fault') {
    const steps = faultSteps(phase.faults, topology, drillId, phase.id)
    const plan = planWith(good, `${drill.name}, ${phase.id}`, steps)
    const faults = steps.map(({ id, host, goal }) => ({ step: id, host, fault: faultOf(goal[0]?.is) }))
    return { plan, observed: { facts: new Map(), refs: asked(plan) }, faults }
  }
  if (phase.kind !== 'recover' && phase.kind !== 'failback')
    throw new Error(`the phase ${phase.id} has no plan`)
  const lost = phase.hosts
  const of = productsOf(phase.recipe, lost)
  const seen = leaveOut(await survey(topology, digest, of, world, sessions, lost), lost)
  const silent = [...seen.unreachable.keys()].filter(host => !lost.includes(host))
  if (silent.length > 0)
    throw new Error(
      `${silent.join(', ')} cannot be asked; hosts that are gone stand at 'on' of the phase ${phase.id}`,
    )
  const errors = seen.findings.filter(finding => finding.severity === 'error')
  if (errors.length > 0)
    throw new Error(
      `the recipe ${phase.recipe} says no: ${errors.map(one => `${one.code} ${one.message}`).join('; ')}`,
    )
  return { plan: seen.plan, observed: { facts: seen.facts, refs: seen.refs }, faults: [] }
}

function faultOf(is: unknown): string {
  return typeof is === 'object' && is !== null ? (Object.keys(is)[0] ?? '') : ''
}
