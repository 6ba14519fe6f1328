import { holds } from './check.ts'
import { type Facts, factKey } from './fact.ts'
import type { RulePage } from './finding.ts'
import type { Check, HostName, Plan, Quorum, Step, StepId } from './step.ts'

/** Pages of what `--without` has to say. */
export const withoutPages: readonly RulePage[] = [
  {
    code: 'RB0860',
    severity: 'warning',
    title: 'Hosts are left out',
    why: 'Somebody chose to go on without these hosts (`--without`). They are not asked, not held and not changed, and no step that needs them is begun. Groups keep all their voters: one on a host that is left out counts as down. The plan, the journal and the report all name them.',
    fix: 'Run the same command without `--without` when they are back: what is left undone is done then.',
  },
  {
    code: 'RB0861',
    severity: 'error',
    title: 'Without these hosts a group could have no majority',
    why: 'Even with every other voter up, fewer than a majority would be left, and the plan would change the group all the same. A group without its majority stops serving, and a change to it at that moment can lose what it holds.',
    fix: 'Bring back enough of the hosts, or take those that are gone for good out of the playbook (`absent:`), which is a plan of its own.',
  },
]

/** A group that could not have its majority while these hosts are out, and the step that would change it all the same. */
export interface Endangered {
  readonly quorum: string
  /** At most so many of its voters can be up. */
  readonly up: number
  readonly voters: number
  readonly step: StepId
}

/** What of a plan can be done while some of its hosts are out. */
export interface Without {
  /** Its quorums and hosts are those of the whole; `without` says what is left undone and why. */
  readonly plan: Plan
  /** Not empty: the plan is to be refused. */
  readonly endangered: readonly Endangered[]
}

/**
 * The part of a plan that does not need the hosts named. Pure.
 *
 * A step needs a host when it runs there, asks it something, or its checks speak of it by name. A step that needs one that is left
 * out needs it too, but for two cases: what was to be reached is known to hold, or the same work goes on on
 * other hosts (one of several joins), where order alone made it wait.
 *
 * Groups keep all their voters: one that is out counts as down, as nobody can tell.
 */
export function goWithout(plan: Plan, out: readonly HostName[], facts: Facts): Without {
  if (out.length === 0) return { plan, endangered: [] }
  const names = new Set([...out, ...plan.quorums.flatMap(quorum => aliases(quorum, out))])
  const needs = (step: Step): string | undefined => {
    const host = [step.host, ...hostsOfOps(step)].find(one => out.includes(one))
    if (host !== undefined) return `runs on ${host}`
    const check = [...step.requires, ...step.goal, ...awaited(step)].find(one => speaksOf(one, names))
    if (check !== undefined) return `asks about ${nameIn(check, names) ?? ''} (${check.fact})`
    return undefined
  }
  const met = (step: Step): boolean => step.goal.length > 0 && step.goal.every(check => holds(check, facts))
  const reasons = new Map(plan.steps.map(step => [step.id, met(step) ? undefined : needs(step)]))
  const left = new Map<StepId, string>()
  /** Steps not in the plan that nobody has to wait for, and what they would have waited for. */
  const passed = new Map<StepId, readonly StepId[]>()
  const steps: Step[] = []
  for (const step of plan.steps) {
    const own = unique(step.needs.flatMap(need => passed.get(need) ?? [need]))
    const wanting = own.find(need => left.has(need))
    if (met(step) && out.includes(step.host)) {
      passed.set(step.id, own)
      continue
    }
    const reason =
      reasons.get(step.id) ?? (wanting === undefined || met(step) ? undefined : `needs ${wanting}`)
    if (reason === undefined) {
      steps.push({ ...step, needs: own.filter(need => !left.has(need)) })
      continue
    }
    left.set(step.id, reason)
    const others = plan.steps.some(
      other => stem(other) === stem(step) && other.id !== step.id && reasons.get(other.id) === undefined,
    )
    if (others && wanting === undefined) passed.set(step.id, own)
  }
  const byId = new Map(plan.steps.map(step => [step.id, step]))
  const undone = [...left].map(([id, why]) => ({ step: id, title: byId.get(id)?.title ?? id, why }))
  return {
    plan: { ...plan, without: { hosts: [...out].sort(), left: undone }, steps },
    endangered: plan.quorums.flatMap(quorum =>
      danger(
        quorum,
        steps.filter(step => !met(step)),
        out,
      ),
    ),
  }
}

/** 'web.join' of 'web.join@web-2': the kind may differ by what is known of a host, the id does not. */
function stem({ id }: Step): string {
  return id.split('@')[0] ?? id
}

/** What a group calls those of its voters that are out: a name that it gives to no other. */
function aliases({ voters }: Quorum, out: readonly HostName[]): readonly string[] {
  if (voters.length < 2) return []
  const keysOf = ({ is }: Check): readonly string[] =>
    typeof is === 'object' && is !== null && !Array.isArray(is) ? Object.keys(is) : []
  return voters
    .filter(voter => out.includes(voter.member.host))
    .flatMap(voter =>
      keysOf(voter.member).filter(key =>
        voters.every(other => other === voter || !keysOf(other.member).includes(key)),
      ),
    )
}

function danger(quorum: Quorum, steps: readonly Step[], out: readonly HostName[]): readonly Endangered[] {
  const voters = quorum.voters.length
  const up = quorum.voters.filter(
    ({ member, up: check }) => !out.includes(member.host) && !out.includes(check.host),
  ).length
  if (up === voters || up >= Math.floor(voters / 2) + 1) return []
  const keys = new Set(quorum.voters.flatMap(({ member, up: check }) => [factKey(member), factKey(check)]))
  const step = steps.find(one => [...one.goal, ...one.during].some(check => keys.has(factKey(check))))
  return step === undefined ? [] : [{ quorum: quorum.name, up, voters, step: step.id }]
}

function awaited(step: Step): readonly Check[] {
  return step.run.flatMap(op => ('await' in op ? op.await : []))
}

/** Hosts that a step's ops run on, or ask something of just before they run. */
function hostsOfOps(step: Step): readonly HostName[] {
  const hosts: HostName[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit)
    else if (typeof value === 'object' && value !== null) {
      if ('fact' in value && 'host' in value && typeof value.host === 'string') hosts.push(value.host)
      Object.values(value).forEach(visit)
    }
  }
  for (const op of step.run) {
    if ('await' in op || 'ask' in op) continue
    if (op.on !== undefined) hosts.push(op.on)
    visit(op)
  }
  return hosts
}

function speaksOf(check: Check, names: ReadonlySet<string>): boolean {
  return nameIn(check, names) !== undefined
}

function nameIn({ host, args, is }: Check, names: ReadonlySet<string>): string | undefined {
  const find = (value: unknown): string | undefined => {
    if (typeof value === 'string') return names.has(value) ? value : undefined
    if (typeof value !== 'object' || value === null) return undefined
    const keys = Array.isArray(value) ? [] : Object.keys(value)
    return [...keys, ...(Object.values(value) as unknown[])].map(find).find(name => name !== undefined)
  }
  return find([host, args, is])
}

function unique(ids: readonly StepId[]): readonly StepId[] {
  return [...new Set(ids)]
}
