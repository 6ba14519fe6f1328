import { type Facts, factKey } from '../../plan/fact.ts'
import type { FactRef } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { isObject } from '../os/text.ts'
import { sets } from './facts.ts'

/** The newest set that could be restored, and whether it counts. */
export type Freshness =
  /** Complete, verified, and younger than `backup.maxAgeHours`. */
  | { readonly is: 'fresh'; readonly set: string; readonly ageSeconds: number }
  /** The best there is is older than that. */
  | { readonly is: 'stale'; readonly set: string; readonly ageSeconds: number }
  /** There are sets, and none of them is complete and verified. */
  | { readonly is: 'unverified'; readonly set: string }
  | { readonly is: 'none' }
  /** No manager could say. */
  | { readonly is: 'unknown' }

/** A day, where the playbook says nothing on backups. */
const DEFAULT_SECONDS = 24 * 3600

/** What to ask so that `freshBackup` can tell: every manager, since each may have been away when a set was made. */
export function asksFresh(topology: Topology): readonly FactRef[] {
  return (topology.ucp?.managers ?? []).map(host => ({ fact: sets.name, host }))
}

/**
 * Whether what cannot be undone may be done: the newest complete and verified set by what the managers remember, and how old it is. Pure;
 * `facts` are the answers to `asksFresh`. A set counts for all that is in it: with a registry, only one that holds the registry's part.
 */
export function freshBackup(topology: Topology, facts: Facts): Freshness {
  const seen = asksFresh(topology).flatMap(ref => {
    const answer = facts.get(factKey(ref))
    return Array.isArray(answer) ? [answer as readonly unknown[]] : []
  })
  if (seen.length === 0) return { is: 'unknown' }
  const all = seen
    .flat()
    .flatMap(one => (isObject(one as never) ? [one as { readonly [key: string]: unknown }] : []))
    .sort((a, b) => Number(a['ageSeconds']) - Number(b['ageSeconds']))
  const [newest] = all
  if (newest === undefined) return { is: 'none' }
  const good = all.find(
    one =>
      one['complete'] === true &&
      one['verified'] === true &&
      (topology.dtr === undefined || (Array.isArray(one['parts']) && one['parts'].includes('dtr'))),
  )
  if (good === undefined) return { is: 'unverified', set: String(newest['set']) }
  const ageSeconds = Number(good['ageSeconds'])
  const limit = topology.backup?.maxAgeSeconds ?? DEFAULT_SECONDS
  return { is: ageSeconds <= limit ? 'fresh' : 'stale', set: String(good['set']), ageSeconds }
}
