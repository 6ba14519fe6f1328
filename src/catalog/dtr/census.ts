import { matches } from '../../plan/check.ts'
import { type Facts, factKey } from '../../plan/fact.ts'
import type { HostName, Json } from '../../plan/step.ts'
import { compareVersions } from '../../plan/version.ts'
import type { ReplicaSpec } from '../../playbook/topology.ts'
import { isObject, member } from '../os/text.ts'
import { type Wanted, askCluster, askPing, askSettings, partsOn } from './questions.ts'

/**
 * How one member of the registry does.
 * - healthy: it reported itself well and lately, and nothing seen on its host speaks against it
 * - stopped: its containers are on its host and do not all run
 * - ghost: its host was looked at and nothing of it is there
 * - failed: none of these; its host is gone, or it runs and is not well
 */
export type MemberState = 'healthy' | 'stopped' | 'ghost' | 'failed'

/** A member as the database knows it. */
export interface SeenMember {
  readonly id: string
  readonly state: MemberState
  /** Undefined: nothing that was asked says where it is. */
  readonly host: HostName | undefined
  /** As its containers say; '' when they could not be asked. */
  readonly version: string
  readonly httpPort: number | undefined
  readonly httpsPort: number | undefined
}

/** Parts of a replica on a host that the database does not know. */
export interface Stray {
  readonly id: string
  readonly host: HostName
}

/** What all facts together say of the registry. */
export interface Census {
  /** 'told': the database named its members. 'refused': somebody answers and does not name them. 'silent': nobody answers. */
  readonly database: 'told' | 'refused' | 'silent'
  /** The replica that told. */
  readonly witness: ReplicaSpec | undefined
  /** By id. */
  readonly members: readonly SeenMember[]
  /** Only when the database told: otherwise nobody knows what is none of its members. */
  readonly strays: readonly Stray[]
  /** Every id of which a host carries containers, with what runs there; also when nobody answers. */
  readonly carried: readonly (Stray & { readonly running: boolean; readonly containers: number })[]
  /** Writes are possible and no issue is open, as the witness tells it. */
  readonly tablesReady: boolean
  readonly connected: boolean
  readonly issues: number
  /** The oldest version among the members' containers; undefined when there are none. */
  readonly version: string | undefined
  /** They differ: an upgrade stopped half way. */
  readonly mixed: boolean
}

/** Puts together what every host said. Pure. */
export function censusOf(wanted: Wanted, facts: Facts): Census {
  const { topology, dtr } = wanted
  const carried = Object.keys(topology.hosts)
    .sort()
    .flatMap(host => {
      const parts = facts.get(factKey(partsOn(host)))
      return Object.entries(isObject(parts) ? parts : {}).map(([id, part]) => ({
        id,
        host,
        running: matches({ running: true }, part),
        containers: Number(member(part, 'containers') ?? 0),
        version: text(member(part, 'version')),
      }))
    })
  const told = (one: ReplicaSpec): Json | undefined => facts.get(factKey(askCluster(wanted, one)))
  const witnesses = dtr.replicas.filter(one => isObject(member(told(one), 'members')))
  const witness =
    witnesses.find(one => matches({ code: 200 }, facts.get(factKey(askPing(one))))) ?? witnesses[0]
  const seen = witness && told(witness)
  const settings = witness && facts.get(factKey(askSettings(wanted, witness)))
  const known = member(seen, 'members')
  const members = Object.entries(isObject(known) ? known : {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, said]): SeenMember => {
      const own = carried.find(one => one.id === id)
      const placed = member(member(settings, 'replicas'), id)
      const planned = dtr.replicas.find(one => one.id === id)
      const host = own?.host ?? planned?.host ?? (text(member(placed, 'node')) || undefined)
      const looked = host !== undefined && facts.has(factKey(partsOn(host)))
      const well = matches({ ok: true, fresh: true, present: true }, said)
      const state: MemberState =
        own === undefined || own.containers === 0
          ? looked
            ? 'ghost'
            : well
              ? 'healthy'
              : 'failed'
          : own.running
            ? well
              ? 'healthy'
              : 'failed'
            : 'stopped'
      const port = (name: string): number | undefined => {
        const value = member(placed, name)
        return typeof value === 'number' ? value : undefined
      }
      return {
        id,
        state,
        host,
        version: own?.version ?? '',
        httpPort: port('httpPort'),
        httpsPort: port('httpsPort'),
      }
    })
  const ids = new Set(members.map(one => one.id))
  const issues = member(seen, 'issues')
  // What has stopped has a version too; parts that no database knows say nothing of the registry's.
  const versions = carried
    .filter(one => one.version !== '' && (!witness || ids.has(one.id)))
    .map(one => one.version)
  return {
    database: witness
      ? 'told'
      : dtr.replicas.some(one => typeof member(told(one), 'code') === 'number')
        ? 'refused'
        : 'silent',
    witness,
    members,
    strays: witness ? carried.filter(one => !ids.has(one.id)).map(({ id, host }) => ({ id, host })) : [],
    carried: carried.map(({ id, host, running, containers }) => ({ id, host, running, containers })),
    tablesReady: member(seen, 'tablesReady') === true,
    connected: member(seen, 'connected') === true,
    issues: Array.isArray(issues) ? issues.length : 0,
    version: versions.sort(compareVersions)[0],
    mixed: new Set(versions).size > 1,
  }
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
