import { type Facts, factKey } from '../../plan/fact.ts'
import type { ReplicaSpec } from '../../playbook/topology.ts'
import { askData } from '../dtr/lossFacts.ts'
import { askReplica, stateOf, type Wanted } from '../dtr/questions.ts'
import { isObject, member } from '../os/text.ts'

/** A replica of the playbook whose host carries its database. */
export interface Survivor {
  readonly replica: ReplicaSpec
  /** When its database was last written, in seconds since 1970 by the minute; undefined: could not be told. */
  readonly writtenSeconds: number | undefined
  readonly running: boolean
}

/**
 * Who could be kept, best first: the newest data; where that is equal to the minute or could not be told, one that runs; then the order
 * of the playbook. The members' own reports would tell better (§8.6), but a registry without its majority does not give them.
 */
export function survivors({ dtr }: Wanted, facts: Facts): readonly Survivor[] {
  const found = dtr.replicas.flatMap((replica): readonly Survivor[] => {
    const carried = member(facts.get(factKey(askReplica(replica))), replica.id)
    const data = facts.get(factKey(askData(replica)))
    // A host that carries volumes of it and no database holds nothing that could be kept.
    if (!isObject(carried) || data === null) return []
    const written = member(data, 'writtenSeconds')
    return [
      {
        replica,
        writtenSeconds: typeof written === 'number' ? written : undefined,
        running: stateOf(replica, facts) === 'running',
      },
    ]
  })
  return [...found].sort(
    (a, b) => (b.writtenSeconds ?? 0) - (a.writtenSeconds ?? 0) || Number(b.running) - Number(a.running),
  )
}

/** The best of them was chosen for want of anything better: another one is as new to the minute, or nobody knows how new one is. */
export function isTie([first, second]: readonly Survivor[]): boolean {
  if (!first || !second) return false
  return first.writtenSeconds === undefined || first.writtenSeconds === second.writtenSeconds
}
