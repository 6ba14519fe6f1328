import type { Step } from '../../../plan/step.ts'
import type { ReplicaSpec } from '../../../playbook/topology.ts'
import type { Context, Play } from '../../product.ts'
import type { Run } from '../commands.ts'
import { type Wanted, donorOf, managerOf, stateOf, wantedOf } from '../questions.ts'
import { first } from './first.ts'
import { join } from './join.ts'
import { objectStorage } from './objectStorage.ts'
import { start } from './start.ts'
import { whole } from './whole.ts'

/**
 * One replica after the other, each through its health gate, and never two bootstrappers at a time: first the replica all
 * others join through, its object storage while the registry is still empty, the joins, at last the cluster as a whole.
 * Facts choose the means: a replica that is there and stopped is started, never installed again.
 */
export const converge: Play = context => {
  const wanted = wantedOf(context.topology)
  if (!wanted) return []
  const made = makings(wanted, context)
  const steps: Step[] = []
  const add = (more: readonly Step[]): void => {
    steps.push(...more)
  }
  const needs = () => {
    const last = steps.at(-1)
    return last ? [last.id] : context.after
  }
  // Stopped members come back before anything else: a join wants every member healthy.
  const stopped = wanted.dtr.replicas.filter(one => stateOf(one, context.facts) === 'stopped')
  for (const replica of stopped) add([start(made, replica, needs())])
  const { donor } = made
  // Another donor than the first replica is one that facts know to be a member: whatever becomes of it, it is not installed.
  if (donor !== wanted.dtr.replicas[0] && !stopped.includes(donor)) add([start(made, donor, needs())])
  else if (!stopped.includes(donor)) add([first(made, needs())])
  add(objectStorage(made, needs()))
  for (const replica of wanted.dtr.replicas) {
    if (replica !== donor && !stopped.includes(replica)) add([join(made, replica, needs())])
  }
  return [...steps, whole(made, needs())]
}

/** What every step of this procedure is made from. */
export interface Making extends Wanted {
  readonly run: Run
  readonly donor: ReplicaSpec
  /** Every other replica of the playbook. */
  readonly others: readonly ReplicaSpec[]
}

function makings(wanted: Wanted, { facts }: Context): Making {
  const donor = donorOf(wanted, facts)
  const others = wanted.dtr.replicas.filter(one => one !== donor)
  return { ...wanted, donor, others, run: { ...wanted, manager: managerOf(wanted, facts) } }
}
