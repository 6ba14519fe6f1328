import type { Json } from '../../plan/step.ts'
import { isObject, member, parseJson } from '../os/text.ts'

/**
 * A self-report older than this counts as stale (inferred: replicas report a few times a minute; the tool itself complains
 * with "Replica reported health too long ago").
 */
export const FRESH_SECONDS = 180

/** One member as the database knows it. */
export interface Member {
  /** Its last report says OK. */
  readonly ok: boolean
  /** That report is not older than FRESH_SECONDS by the clock of the host that was asked, nor from its future. */
  readonly fresh: boolean
  readonly readonly: boolean
  /** Its database server is among those that the one that was asked sees now. */
  readonly present: boolean
}

/**
 * What one replica says of the whole cluster. Nothing in it changes by itself while all is well.
 * `whole`: every member ok and fresh, every table ready, everybody connected, no issue.
 */
export interface Cluster {
  readonly members: { readonly [id: string]: Member }
  readonly ids: readonly string[]
  readonly count: number
  readonly healthy: number
  readonly even: boolean
  readonly tablesReady: boolean
  readonly writable: boolean
  readonly connected: boolean
  readonly issues: readonly string[]
  readonly whole: boolean
}

/**
 * Reads the output of `clusterScript`: seconds since 1970, the document, the status code.
 * A status other than 200 is an answer too: `{code}`. Undefined for anything cut short or not understood.
 */
export function readClusterStatus(stdout: string): Json | undefined {
  const found = /^(\d{9,})\n([\s\S]*)\n(\d{3})\n?$/.exec(stdout)
  if (found?.[1] === undefined || found[2] === undefined || found[3] === undefined) return undefined
  if (found[3] !== '200') return { code: Number(found[3]) }
  const document = parseJson(found[2])
  const health = member(document, 'replica_health')
  if (!isObject(health)) return undefined
  return cluster(document, health, Number(found[1])) as unknown as Json
}

/**
 * How long ago each member last reported itself, by the clock of the host that was asked: `{id: {ageSeconds, says}}`; `ageSeconds` null for a
 * member without a readable time. A status other than 200 is no answer, nor is anything cut short.
 */
export function readReports(stdout: string): Json | undefined {
  const found = /^(\d{9,})\n([\s\S]*)\n200\n?$/.exec(stdout)
  const document = found?.[2] === undefined ? undefined : parseJson(found[2])
  const health = member(document, 'replica_health')
  if (!isObject(health)) return undefined
  const stamps = member(document, 'replica_timestamp')
  return Object.fromEntries(
    Object.keys(health)
      .sort()
      .map(id => {
        const stamp = member(stamps, id)
        const atMs = typeof stamp === 'string' ? Date.parse(stamp) : Number.NaN
        const ageSeconds = Number.isNaN(atMs) ? null : Math.round(Number(found?.[1]) - atMs / 1000)
        return [id, { ageSeconds, says: health[id] ?? '' }]
      }),
  )
}

function cluster(
  document: Json | undefined,
  health: { readonly [id: string]: Json },
  nowSeconds: number,
): Cluster {
  const stamps = member(document, 'replica_timestamp')
  const readonly = member(document, 'replica_readonly')
  const tables = member(document, 'rethink_system_tables')
  const ids = Object.keys(health).sort()
  const servers = list(member(tables, 'server_status'))
  const names = new Set(servers.map(one => member(one, 'name')))
  const members = Object.fromEntries(
    ids.map(id => {
      const seen: Member = {
        ok: health[id] === 'OK',
        fresh: isFresh(member(stamps, id), nowSeconds),
        readonly: member(readonly, id) === true,
        present: names.has(`dtr_rethinkdb_${id}`),
      }
      return [id, seen]
    }),
  )
  const healthy = Object.values(members).filter(one => one.ok && one.fresh).length
  const statuses = list(member(tables, 'table_status')).map(one => member(one, 'status'))
  // No table at all is no answer, and no answer is never "ready".
  const tablesReady = statuses.length > 0 && statuses.every(one => member(one, 'all_replicas_ready') === true)
  const writable = statuses.length > 0 && statuses.every(one => member(one, 'ready_for_writes') === true)
  // A server that is gone is missing from the list, so the number counts as well as what those present say.
  const connected =
    servers.length >= ids.length &&
    servers.every(one =>
      Object.values(objectOf(member(member(one, 'network'), 'connected_to'))).every(value => value === true),
    )
  // The guide's sample has it at the top, the schema among the tables: read both, say each once.
  const issues = [
    ...new Set(
      [...list(member(document, 'current_issues')), ...list(member(tables, 'current_issues'))].map(issueText),
    ),
  ]
  const whole = ids.length > 0 && healthy === ids.length && tablesReady && connected && issues.length === 0
  return {
    members,
    ids,
    count: ids.length,
    healthy,
    even: ids.length % 2 === 0,
    tablesReady,
    writable,
    connected,
    issues,
    whole,
  }
}

function isFresh(stamp: Json | undefined, nowSeconds: number): boolean {
  const atMs = typeof stamp === 'string' ? Date.parse(stamp) : Number.NaN
  return Math.abs(nowSeconds - atMs / 1000) <= FRESH_SECONDS
}

function issueText(issue: Json): string {
  const text = member(issue, 'description') ?? member(issue, 'type')
  return typeof text === 'string' ? text.replaceAll(/\s+/g, ' ') : 'an issue without a description'
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : []
}

function objectOf(value: Json | undefined): { readonly [key: string]: Json } {
  return isObject(value) ? value : {}
}
