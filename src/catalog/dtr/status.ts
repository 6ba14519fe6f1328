import { type Facts, factKey } from '../../plan/fact.ts'
import type { Topology } from '../../playbook/topology.ts'
import { isObject, member, shown } from '../os/text.ts'
import type { StatusRow } from '../product.ts'
import { FRESH_SECONDS } from './clusterStatus.ts'
import {
  askCluster,
  askPing,
  askReplica,
  askReports,
  askWebCertificate,
  donorOf,
  type Wanted,
  wantedOf,
} from './questions.ts'

/** One line a replica, one for the database as a whole. */
export function status(topology: Topology, facts: Facts): readonly StatusRow[] {
  const wanted = wantedOf(topology)
  if (!wanted) return []
  const rows: StatusRow[] = wanted.dtr.replicas.map((replica): StatusRow => {
    const row = { item: `DTR replica ${replica.id}`, host: replica.host }
    const seen = facts.get(factKey(askReplica(replica)))
    if (seen === undefined) return { ...row, state: 'unknown', detail: 'could not tell' }
    const own = member(seen, replica.id)
    if (own === undefined)
      return {
        ...row,
        state: 'absent',
        detail: seen === null ? 'not installed' : 'another replica is on this host',
      }
    const version = shown(member(own, 'version'))
    if (member(own, 'running') !== true) {
      return {
        ...row,
        state: 'degraded',
        detail: `${version}: ${shown(member(own, 'up'))} of ${shown(member(own, 'containers'))} containers up`,
      }
    }
    const ping = facts.get(factKey(askPing(replica)))
    if (ping === undefined)
      return { ...row, state: 'unknown', detail: `${version}: nobody could ask its _ping` }
    const code = member(ping, 'code')
    return code === 200
      ? { ...row, state: 'ok', detail: `${version}${reportedAgo(wanted, replica.id, facts)}` }
      : {
          ...row,
          state: 'degraded',
          detail:
            `${version}: _ping ${ping === null ? 'refused' : shown(code)} ${shown(member(ping, 'error'))}`.trimEnd(),
        }
  })
  const donor = donorOf(wanted, facts)
  rows.push(...certificateRows(wanted, facts))
  const seen = facts.get(factKey(askCluster(wanted, donor)))
  const row = { item: 'DTR database' }
  if (seen === undefined) return [...rows, { ...row, state: 'unknown', detail: 'could not tell' }]
  if (!isObject(seen)) return [...rows, { ...row, state: 'absent', detail: 'no replica answers' }]
  if (seen.code !== undefined)
    return [...rows, { ...row, state: 'degraded', detail: `answers ${shown(seen.code)}` }]
  const issues = Array.isArray(seen.issues) && seen.issues.length > 0 ? `; ${seen.issues.join('; ')}` : ''
  const even = seen.even === true ? '; even number of members' : ''
  const detail = `${shown(seen.healthy)} of ${shown(seen.count)} members healthy${even}${issues}`
  return [...rows, { ...row, state: seen.whole === true && seen.even !== true ? 'ok' : 'degraded', detail }]
}

/** ', reported itself 12 s ago': what a member says of itself is worth no more than it is new (§9.12). */
function reportedAgo(wanted: Wanted, id: string, facts: Facts): string {
  const seen = member(facts.get(factKey(askReports(wanted, donorOf(wanted, facts)))), id)
  const age = member(seen, 'ageSeconds')
  if (typeof age !== 'number') return ''
  return `, reported itself ${Math.max(0, age)} s ago${age > FRESH_SECONDS ? ', which is too long' : ''}`
}

/** All replicas serve one certificate: one line, and one more for each that serves another one. */
function certificateRows(wanted: Wanted, facts: Facts): readonly StatusRow[] {
  const ends = new Map<string, string>()
  for (const replica of wanted.dtr.replicas) {
    const endsAt = member(facts.get(factKey(askWebCertificate(replica))), 'expires')
    if (typeof endsAt === 'string' && !ends.has(endsAt)) ends.set(endsAt, replica.host)
  }
  return [...ends].map(([endsAt, host]) => ({
    item: 'DTR certificate',
    host,
    state: 'ok',
    detail: `ends ${endsAt.slice(0, 10)}`,
    endsAt,
  }))
}
