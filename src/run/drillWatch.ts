import { factKey } from '../plan/fact.ts'
import type { AbortRule, Drill, Service } from '../plan/drill.ts'
import { margins } from '../plan/quorum.ts'
import { unique } from '../plan/refs.ts'
import type { HostName, Quorum } from '../plan/step.ts'
import type { DrillEvent } from './drillEvent.ts'
import { observe } from './observe.ts'
import type { Sessions, World } from './world.ts'

export interface Groups {
  readonly [name: string]: { readonly up: number; readonly members: number }
}

/** What is known right now of services and groups, and for how long something has been wrong. */
export interface Watch {
  /** Looks at all groups anew. A group of which nothing could be told stays as it was. */
  readonly look: () => Promise<Groups>
  readonly groups: () => Groups
  /** Takes note of an event: canaries' tries, faults. */
  readonly note: (event: DrillEvent, nowMs: number) => void
  /** So many good tries of every service in a row. */
  readonly servicesAreGood: () => boolean
  readonly groupsAreFull: () => boolean
  readonly groupsHaveMajority: () => boolean
  /** A rule that has been broken for long enough; undefined: none. */
  readonly broken: (nowMs: number) => AbortRule | undefined
  /** What was seen to be wrong since the first fault, in words; undefined: nothing. */
  readonly trouble: () => string | undefined
}

export interface WatchPlace {
  readonly drill: Drill
  readonly quorums: readonly Quorum[]
  readonly world: World
  readonly sessions: Sessions
  readonly record: (event: DrillEvent) => void
  /** Faults that are on, by id, with their hosts. */
  readonly faults: () => readonly { readonly fault: string; readonly host: HostName }[]
  /** The groups as they were before the first fault, where the drill is gone on with. */
  readonly before?: Groups
}

/** Fact that tells the faults of a host: `{id: {state, by}}`. */
const FAULTS = 'drill.faults'

export function createWatch(place: WatchPlace): Watch {
  const { drill, quorums, world, sessions, record, faults } = place
  const refs = unique(quorums.flatMap(one => one.voters.flatMap(voter => [voter.member, voter.up])))
  let known: Groups = {}
  let baseline = place.before
  const inARow = new Map<Service, number>()
  const failing = new Map<Service, number>()
  const since = new Map<AbortRule, number>()
  let struck = false
  let trouble: string | undefined
  const wanted = (Object.keys(drill.canaries.everySeconds) as Service[]).filter(
    service => drill.canaries.everySeconds[service] !== undefined,
  )
  const isBroken = (rule: AbortRule): boolean => {
    if (rule.canary !== undefined) return failing.has(rule.canary)
    const group = known[rule.quorum ?? '']
    return group !== undefined && group.up < (rule.below ?? 1)
  }
  return {
    async look() {
      const on = faults()
      const asked = [...refs, ...[...new Set(on.map(one => one.host))].map(host => ({ fact: FAULTS, host }))]
      const { facts } = await observe(asked, world, sessions)
      // Nobody answered: then nothing is known, which is not the same as nobody being up.
      if (refs.some(ref => facts.has(factKey(ref)))) {
        known = Object.fromEntries(
          Object.entries(margins(quorums, facts)).map(([name, { up, members }]) => [name, { up, members }]),
        )
        baseline ??= known
        record({ kind: 'quorums', groups: known })
      }
      for (const { fault, host } of on) {
        const seen = facts.get(factKey({ fact: FAULTS, host })) as
          { readonly [id: string]: { readonly state: string; readonly by?: string } } | null | undefined
        const mine = seen?.[fault]
        if (mine?.state === 'undone')
          record({ kind: 'fault', fault, host, state: 'undone', by: mine.by === 'timer' ? 'timer' : 'stop' })
      }
      return known
    },
    groups: () => known,
    note(event, nowMs) {
      if (event.kind === 'fault' && event.state === 'on') struck = true
      if (event.kind === 'canary' && event.ok !== null) {
        inARow.set(event.service, event.ok ? (inARow.get(event.service) ?? 0) + 1 : 0)
        if (event.ok) failing.delete(event.service)
        else if (!failing.has(event.service)) failing.set(event.service, nowMs)
        if (!event.ok && struck) trouble ??= `${event.service} fails: ${event.detail ?? 'no reason given'}`
      }
      if (event.kind === 'quorums' && struck)
        for (const [name, { up, members }] of Object.entries(event.groups))
          if (up < members) trouble ??= `${name}: ${up} of ${members} are up`
      for (const rule of drill.abortWhen) {
        if (!isBroken(rule)) since.delete(rule)
        else if (!since.has(rule)) since.set(rule, nowMs)
      }
    },
    servicesAreGood: () =>
      wanted.every(
        service => (inARow.get(service) ?? 0) >= (service === 'pull' ? drill.canaries.goodRun : 1),
      ),
    groupsAreFull: () => {
      // A member that was removed is missing, although the group that is left is whole.
      const all = Object.entries(baseline ?? {})
      return all.length > 0 && all.every(([name, { members }]) => (known[name]?.up ?? 0) >= members)
    },
    groupsHaveMajority: () => {
      const all = Object.values(known)
      return all.length > 0 && all.every(({ up, members }) => up > members / 2)
    },
    broken: nowMs =>
      drill.abortWhen.find(rule => {
        const from = since.get(rule)
        return struck && from !== undefined && nowMs - from >= rule.forSeconds * 1000
      }),
    trouble: () => trouble,
  }
}

/** A rule in words. */
export function ruleWords(rule: AbortRule): string {
  const what =
    rule.canary === undefined
      ? `fewer than ${rule.below ?? 1} of ${rule.quorum ?? ''} are up`
      : `${rule.canary} fails`
  return `${what} for ${rule.forSeconds} s`
}
