import { canonical, digest } from './canonical.ts'
import { showOp } from './show.ts'
import type { Digest, Op, Plan, Step, StepId } from './step.ts'

/** One step that is in both plans and not the same. */
export interface ChangedStep {
  readonly step: StepId
  /** Names of the members that differ, sorted: 'run', 'goal', 'needs', 'risk', ... */
  readonly members: readonly string[]
  /** What is run, as it is shown, where that differs: in one plan only. */
  readonly commands: { readonly removed: readonly string[]; readonly added: readonly string[] }
}

/** How one plan differs from another, by step id. Order says nothing: an inserted step renumbers nobody. */
export interface PlanDifference {
  readonly from: Digest
  readonly to: Digest
  readonly added: readonly StepId[]
  readonly removed: readonly StepId[]
  readonly changed: readonly ChangedStep[]
  readonly unchanged: number
  /** Beside the steps: 'playbook', 'facts', 'hosts', 'quorums', 'name'. */
  readonly inputs: readonly string[]
}

/** Compares two plans. Pure and complete: plans without a difference here have the same digest. */
export function difference(before: Plan, after: Plan): PlanDifference {
  const old = new Map(before.steps.map(step => [step.id, step]))
  const now = new Map(after.steps.map(step => [step.id, step]))
  const common = after.steps.flatMap(step => {
    const was = old.get(step.id)
    return was === undefined ? [] : [{ was, step }]
  })
  const changed = common.filter(({ was, step }) => canonical(was) !== canonical(step))
  return {
    from: digest(before),
    to: digest(after),
    added: after.steps.filter(step => !old.has(step.id)).map(step => step.id),
    removed: before.steps.filter(step => !now.has(step.id)).map(step => step.id),
    changed: changed.map(({ was, step }) => changedStep(was, step)),
    unchanged: common.length - changed.length,
    inputs: inputs(before, after),
  }
}

/** Whether nothing at all differs. */
export function isSame(between: PlanDifference): boolean {
  return between.from === between.to
}

function changedStep(was: Step, step: Step): ChangedStep {
  const [a, b] = [members(was), members(step)]
  const names = [...new Set([...a.keys(), ...b.keys()])].filter(name => a.get(name) !== b.get(name)).sort()
  const [before, after] = [was.run.map(shown), step.run.map(shown)]
  return {
    step: step.id,
    members: names,
    commands: {
      removed: before.filter(command => !after.includes(command)),
      added: after.filter(command => !before.includes(command)),
    },
  }
}

/** A file's content is part of what is run, and too long to show: its digest stands for it. */
function shown(op: Op): string {
  const text = showOp(op)
  return 'write' in op ? `${text} sha256:${digest([op.content]).slice(0, 12)}` : text
}

function members(step: Step): ReadonlyMap<string, string> {
  return new Map(Object.entries(step).map(([name, value]) => [name, canonical([value])]))
}

function inputs(before: Plan, after: Plan): readonly string[] {
  const order = (plan: Plan): string => canonical(plan.steps.map(step => step.id).filter(id => both.has(id)))
  const ids = new Set(before.steps.map(step => step.id))
  const both = new Set(after.steps.map(step => step.id).filter(id => ids.has(id)))
  return [
    ...(before.name === after.name ? [] : ['name']),
    ...(before.from.playbook === after.from.playbook ? [] : ['playbook']),
    ...(before.from.facts === after.from.facts ? [] : ['facts']),
    ...(canonical(before.hosts) === canonical(after.hosts) ? [] : ['hosts']),
    ...(canonical(before.quorums) === canonical(after.quorums) ? [] : ['quorums']),
    ...(order(before) === order(after) ? [] : ['order']),
  ]
}
