import type { Census, SeenMember } from './census.ts'

/** One word for the registry as a whole [§5.3 of the sheet, inferred from the health endpoints]. */
export type Verdict = 'none' | 'healthy' | 'degraded' | 'lost' | 'ghost' | 'unknown'

/** The verdict with what it was reached from. */
export interface Diagnosis {
  readonly verdict: Verdict
  /** The number of members is even: no loss more than with one fewer, and it can split in half. */
  readonly even: boolean
  readonly ghosts: readonly string[]
  readonly strays: readonly string[]
  readonly failed: readonly string[]
  readonly stopped: readonly string[]
  readonly healthy: readonly string[]
}

/** What can be done to a registry. */
export type Operation =
  | 'install'
  | 'start'
  | 'join'
  | 'remove-healthy'
  | 'remove-failed'
  | 'destroy'
  | 'reconfigure'
  | 'upgrade'
  | 'backup'
  | 'emergency-repair'
  | 'restore'

/**
 * What is allowed under which verdict [§11.4, inferred from §5 and §8]. `start` brings stopped containers back, which is the first aid of
 * §8.6 and changes no membership. `destroy` here means parts of an id that the database does not know.
 */
export const allowed: { readonly [verdict in Verdict]: readonly Operation[] } = {
  none: ['install', 'start', 'destroy', 'restore'],
  healthy: ['start', 'join', 'remove-healthy', 'destroy', 'reconfigure', 'backup', 'upgrade'],
  degraded: ['start', 'remove-failed', 'destroy', 'backup'],
  lost: ['start', 'emergency-repair'],
  ghost: ['start', 'remove-failed', 'destroy', 'backup'],
  unknown: ['start'],
}

/** What a person does about a verdict that does not allow what is wanted. Sections of the vendor sheet. */
export const recipes: { readonly [verdict in Verdict]: string } = {
  none: 'nothing is installed: install first',
  healthy: 'all is well',
  degraded:
    'a member is not well: bring its host back, or let `runbook recover dtr-replica-loss` (its host answers) or dtr-node-loss (it does not) start it, or take it out and join it anew',
  lost: 'the majority is lost: bring nodes back (engine, network, disk); when they are gone for good, `runbook recover dtr-majority-loss`: emergency-repair from the best survivor, then join',
  ghost:
    'a member of which nothing is left: remove its id through a healthy replica, then join (apply, or `runbook recover dtr-replica-loss`)',
  unknown:
    'the registry does not say who its members are: see `runbook status`, check its hosts and the login',
}

/** The verdict over what was seen. Pure. */
export function diagnose(census: Census): Diagnosis {
  const ids = (state: SeenMember['state']): readonly string[] =>
    census.members.filter(one => one.state === state).map(one => one.id)
  const parts = {
    even: census.members.length > 0 && census.members.length % 2 === 0,
    ghosts: ids('ghost'),
    strays: census.strays.map(one => one.id),
    failed: ids('failed'),
    stopped: ids('stopped'),
    healthy: ids('healthy'),
  }
  return { verdict: verdictOf(census, parts.healthy.length), ...parts }
}

function verdictOf(census: Census, healthy: number): Verdict {
  const { database, members, carried } = census
  if (database === 'refused') return 'lost'
  if (database === 'silent') return carried.some(one => one.containers > 0) ? 'unknown' : 'none'
  return wordFor(members.length, healthy, members.filter(one => one.state === 'ghost').length)
}

/** The word for a number of members, of which some are healthy and some are ghosts. */
export function wordFor(members: number, healthy: number, ghosts: number): Verdict {
  if (members === 0) return 'none'
  if (healthy < Math.floor(members / 2) + 1) return 'lost'
  if (ghosts > 0) return 'ghost'
  return healthy === members ? 'healthy' : 'degraded'
}
