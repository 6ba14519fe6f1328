import { contradicts, holds, matches } from './check.ts'
import { type Facts, factKey } from './fact.ts'
import type { Quorum } from './step.ts'

/** How many members a group has, how many are up, and how many of those it can lose before its majority is gone. */
export interface Margin {
  readonly up: number
  readonly members: number
  /** Negative: the majority is lost already. 0 with 0 members: the group does not exist yet. */
  readonly spare: number
}

const NONE: ReadonlySet<string> = new Set()

/**
 * Counts a group. A voter whose membership could not be told counts as a member that is down.
 * `guessed` are the keys of facts that nobody has seen and that are only expected in part: what such a fact does not mention
 * could not be told.
 */
export function tally(quorum: Quorum, facts: Facts, guessed = NONE): Margin {
  let members = 0
  let up = 0
  for (const voter of quorum.voters) {
    const key = factKey(voter.member)
    const seen = facts.get(key)
    const known = seen !== undefined
    if (guessed.has(key) ? contradicts(voter.member.is, seen) : known && !matches(voter.member.is, seen))
      continue
    members += 1
    if (known && holds(voter.up, facts)) up += 1
  }
  return { up, members, spare: members === 0 ? 0 : up - (Math.floor(members / 2) + 1) }
}

/**
 * Counts a group as if everybody who could not be asked were up: below 0 spare its majority is lost for sure, and not only for want
 * of an answer.
 */
export function atBest(quorum: Quorum, facts: Facts): Margin {
  let members = 0
  let up = 0
  for (const voter of quorum.voters) {
    const seen = facts.get(factKey(voter.member))
    if (seen !== undefined && !matches(voter.member.is, seen)) continue
    members += 1
    if (!facts.has(factKey(voter.up)) || holds(voter.up, facts)) up += 1
  }
  return { up, members, spare: members === 0 ? 0 : up - (Math.floor(members / 2) + 1) }
}

/** Every group of a plan by name. */
export function margins(
  quorums: readonly Quorum[],
  facts: Facts,
  guessed = NONE,
): { readonly [quorum: string]: Margin } {
  return Object.fromEntries(quorums.map(quorum => [quorum.name, tally(quorum, facts, guessed)]))
}
