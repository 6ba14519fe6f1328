import { matches } from '../../../plan/check.ts'
import { type Facts, factKey } from '../../../plan/fact.ts'
import type { Check, Step } from '../../../plan/step.ts'
import type { ReplicaSpec } from '../../../playbook/topology.ts'
import type { Play } from '../../product.ts'
import type { Run } from '../commands.ts'
import { atVersion } from '../hops.ts'
import { type Intent, intentOf } from '../intent.ts'
import {
  type Wanted,
  askHelper,
  askMark,
  donorOf,
  managerOf,
  replicaIsUp,
  replicaRuns,
  stateOf,
  wantedOf,
} from '../questions.ts'
import { first } from './first.ts'
import { join } from './join.ts'
import { objectStorage } from './objectStorage.ts'
import { ports, reconfigure } from './reconfigure.ts'
import { clear } from './clear.ts'
import { returning } from '../returning.ts'
import { start } from './start.ts'
import { destroy, remove } from './takeAway.ts'
import { upgrade } from './upgrade.ts'
import { whole } from './whole.ts'

/**
 * From the registry that is there to the one that is declared, never two bootstrappers at a time, each step through its health gate:
 * what has stopped comes back; what is broken goes, always before anything joins (split brain); the first replica all others join
 * through, its object storage while the registry is still empty, the joins; then the members that left the playbook go, so that the
 * margin never drops for a move; then versions, settings, and the whole.
 * Facts choose the means: which donor, which version's bootstrapper, which of these there is anything to do for.
 */
export const converge: Play = context => {
  const wanted = wantedOf(context.topology)
  if (!wanted) return []
  const made = makings(wanted, context.facts)
  const { intent, donor } = made
  const steps: Step[] = []
  const add = (more: readonly Step[]): void => {
    steps.push(...more)
  }
  const needs = () => {
    const last = steps.at(-1)
    return last ? [last.id] : context.after
  }
  const isGoing = (id: string): boolean => intent.broken.some(one => one.id === id)
  const comesBack = (id: string): boolean => wanted.dtr.replicas.some(one => one.id === id)
  // Stopped members come back before anything else: a join wants every member healthy.
  // One that runs and is not well is started too, which waits for it and changes nothing else.
  const unwell = (id: string): boolean =>
    intent.census.members.some(one => one.id === id && one.state === 'failed')
  const stopped = wanted.dtr.replicas.filter(one => {
    const state = stateOf(one, context.facts)
    const { database, strays } = intent.census
    // What the database does not know is none of its members, however it looks on its host.
    if (isGoing(one.id) || strays.some(stray => stray.id === one.id)) return false
    if (intent.moved.some(moved => moved.id === one.id)) return false
    // What an interrupted run of ours left is cleared and made anew, not started.
    const ours = matches({ ours: true }, context.facts.get(factKey(askMark(one))))
    if (ours && !intent.census.members.some(seen => seen.id === one.id)) return false
    return state === 'stopped' || (state === 'running' && (unwell(one.id) || database === 'refused'))
  })
  for (const host of Object.keys(wanted.topology.hosts).sort())
    if (matches({ left: true }, context.facts.get(factKey(askHelper({ host })))))
      add([clear(made, { host }, needs())])
  stopped.forEach((replica, i) => {
    add([start(made, replica, needs(), i === stopped.length - 1 ? stopped : [])])
  })
  for (const make of ports(made)) add([make(needs())])
  const staying = new Set(intent.census.members.map(one => one.id))
  for (const one of [...intent.broken, ...intent.inTheWay]) {
    staying.delete(one.id)
    add([remove(made, one, [...staying].sort(), needs(), comesBack(one.id))])
  }
  for (const one of intent.strays) add([destroy(made, one, needs())])
  // Another donor than the first replica is one that facts know to be a member: whatever becomes of it, it is not installed.
  if (donor !== wanted.dtr.replicas[0] && !stopped.includes(donor)) add([start(made, donor, needs())])
  else if (!stopped.includes(donor)) add([first(made, needs())])
  if (!intent.migrates) add(objectStorage(made, needs()))
  for (const replica of wanted.dtr.replicas) {
    const isMoved = intent.moved.some(moved => moved.id === replica.id)
    if (replica !== donor && !stopped.includes(replica) && !isMoved)
      add([join(made, replica, needs(), isGoing(replica.id))])
    staying.add(replica.id)
  }
  for (const one of intent.leavers) {
    staying.delete(one.id)
    add([remove(made, one, [...staying].sort(), needs())])
  }
  add(upgrade(made, needs()))
  for (const make of reconfigure(made)) add([make(needs())])
  return [...steps.map(step => returning(step, wanted, context.facts)), whole(made, needs())]
}

/** What every step of this procedure is made from. */
export interface Making extends Wanted {
  /** The playbook's own wish; `dtr` is of the version that runs until an upgrade has changed it. */
  readonly wanted: Wanted
  readonly intent: Intent
  readonly facts: Facts
  readonly run: Run
  readonly donor: ReplicaSpec
  /** Every other replica of the playbook. */
  readonly others: readonly ReplicaSpec[]
}

/** @param through the replica that others join through; absent: one that facts know to be healthy */
export function makings(wanted: Wanted, facts: Facts, through?: ReplicaSpec): Making {
  const intent = intentOf(wanted, facts)
  const goes = new Set(intent.broken.map(one => one.id))
  const donor = through ?? donorOf(wanted, facts, goes)
  const others = wanted.dtr.replicas.filter(one => one !== donor)
  // A bootstrapper has the version of its cluster; what cannot be reached by upgrades is refused by a finding.
  const version = intent.way?.kind === 'hops' ? (intent.census.version ?? '') : wanted.dtr.version
  const dtr = atVersion(wanted.dtr, version)
  const run = { ...wanted, dtr, manager: managerOf(wanted, facts) }
  return { ...wanted, dtr, wanted, intent, facts, donor, others, run }
}

/** The replica is up. Where an upgrade is to come its version is only the least it has: what a step promises must last. */
export function replicaGoal(making: Making, replica: ReplicaSpec): readonly Check[] {
  const { way, census } = making.intent
  if (way?.kind !== 'hops' || way.versions.length === 0) return replicaIsUp(making, replica)
  const own = census.members.find(one => one.id === replica.id)?.version
  return replicaRuns(making, replica, own === undefined || own === '' ? making.dtr.version : own)
}
