import { matches } from '../../plan/check.ts'
import { type Facts, factKey } from '../../plan/fact.ts'
import type { Check, FactRef, HostName, Json } from '../../plan/step.ts'
import type { DtrSpec, ReplicaSpec, Topology, UcpSpec } from '../../playbook/topology.ts'
import { member } from '../os/text.ts'

/** A topology that wants a registry: rules have refused a registry without UCP (RB0310). */
export interface Wanted {
  readonly topology: Topology
  readonly ucp: UcpSpec
  readonly dtr: DtrSpec
}

/** The topology as one that wants a registry on a UCP, or undefined. */
export function wantedOf(topology: Topology): Wanted | undefined {
  const { ucp, dtr } = topology
  return ucp && dtr && dtr.replicas.length > 0 ? { topology, ucp, dtr } : undefined
}

/** Whatever parts of replicas a host carries. */
export function partsOn(host: HostName): FactRef {
  return { fact: 'dtr.replica', host }
}

/** One member as `through` tells it. */
export function askMember({ ucp }: Wanted, through: ReplicaSpec, id: string): FactRef {
  return {
    fact: 'dtr.member',
    host: through.host,
    args: { ...(admin(ucp, through) as { readonly [name: string]: Json }), id },
  }
}

export function askMark({ host, id }: ReplicaSpec): FactRef {
  return { fact: 'dtr.mark', host, args: { id } }
}

/** Whether an id is a member that is not well, as `through` tells it. */
export function isNotUnwell(wanted: Wanted, through: ReplicaSpec, id: string): Check {
  return { ...askMember(wanted, through, id), fact: 'dtr.unwell', is: { unwell: false } }
}

export function askReplica({ host }: ReplicaSpec): FactRef {
  return { fact: 'dtr.replica', host }
}

export function askHelper({ host }: Pick<ReplicaSpec, 'host'>): FactRef {
  return { fact: 'dtr.helper', host }
}

export function askPing({ host, httpsPort }: ReplicaSpec): FactRef {
  return { fact: 'dtr.ping', host, args: { port: httpsPort } }
}

export function askCluster({ ucp }: Wanted, replica: ReplicaSpec): FactRef {
  return { fact: 'dtr.cluster', host: replica.host, args: admin(ucp, replica) }
}

export function askSettings({ ucp }: Wanted, replica: ReplicaSpec): FactRef {
  return { fact: 'dtr.settings', host: replica.host, args: admin(ucp, replica) }
}

export function askReports({ ucp }: Wanted, replica: ReplicaSpec): FactRef {
  return { fact: 'dtr.reports', host: replica.host, args: admin(ucp, replica) }
}

export function askWebCertificate({ host, httpsPort }: ReplicaSpec): FactRef {
  return { fact: 'dtr.webcertificate', host, args: { port: httpsPort } }
}

function admin(ucp: UcpSpec, { httpsPort }: ReplicaSpec): Json {
  return { port: httpsPort, username: ucp.adminUsername, password: { ...ucp.adminPassword } }
}

/** The replica runs on its host, answers, and reports itself well to the database: what install and join are for. */
export function replicaIsUp(wanted: Wanted, replica: ReplicaSpec): readonly Check[] {
  const { id } = replica
  return [
    { ...askReplica(replica), is: { [id]: { running: true, version: wanted.dtr.version } } },
    { ...askPing(replica), is: { code: 200, healthy: true } },
    { ...askCluster(wanted, replica), is: { members: { [id]: { ok: true, fresh: true } } } },
  ]
}

/**
 * As `replicaIsUp`, of a version or any later one: what a step before an upgrade may promise, since it still holds when the upgrade is done.
 */
export function replicaRuns(wanted: Wanted, replica: ReplicaSpec, version: string): readonly Check[] {
  const { id, host } = replica
  return [
    { ...askReplica(replica), is: { [id]: { running: true } } },
    { fact: 'dtr.reached', host, args: { id, atLeast: version }, is: { reached: true } },
    { ...askPing(replica), is: { code: 200, healthy: true } },
    { ...askCluster(wanted, replica), is: { members: { [id]: { ok: true, fresh: true } } } },
  ]
}

/** As `replica` sees it: these members and no others, all of them well. */
export function clusterIsWhole(wanted: Wanted, replica: ReplicaSpec, ids?: readonly string[]): Check {
  const is: Json = ids === undefined ? { whole: true } : { whole: true, ids: [...ids].sort() }
  return { ...askCluster(wanted, replica), is }
}

/** What facts say of one planned replica. 'unknown' when they do not say. */
export function stateOf(replica: ReplicaSpec, facts: Facts): 'absent' | 'stopped' | 'running' | 'unknown' {
  const seen = facts.get(factKey(askReplica(replica)))
  if (seen === undefined) return 'unknown'
  const own = member(seen, replica.id)
  if (own === undefined) return 'absent'
  if (matches({ running: true }, own)) return 'running'
  // Volumes alone are no replica that could be started.
  return matches({ containers: 0 }, own) ? 'absent' : 'stopped'
}

/** The replica through which others join and which is asked for the whole: the first that facts know to be healthy, else the first. */
export function donorOf(wanted: Wanted, facts: Facts, going: ReadonlySet<string> = new Set()): ReplicaSpec {
  const staying = wanted.dtr.replicas.filter(one => !going.has(one.id))
  const replicas = staying.length > 0 ? staying : wanted.dtr.replicas
  const answering = replicas.filter(one => matches({ code: 200 }, facts.get(factKey(askPing(one)))))
  // A stray answers too, and knows nothing of the others.
  const isMember = (one: ReplicaSpec): boolean =>
    answering.some(other =>
      matches({ members: { [one.id]: { ok: true } } }, facts.get(factKey(askCluster(wanted, other)))),
    )
  const healthy = answering.find(isMember) ?? answering[0]
  const donor = healthy ?? replicas[0]
  if (!donor) throw new Error('a registry without replicas')
  return donor
}

/** The manager whose own address bootstrappers use: the first that facts know to be healthy, else the first. */
export function managerOf({ ucp }: Wanted, facts: Facts): string {
  const healthy = ucp.managers.find(host =>
    matches(
      { healthy: true },
      facts.get(factKey({ fact: 'ucp.ping', host, args: { port: ucp.controllerPort } })),
    ),
  )
  return healthy ?? ucp.managers[0] ?? ''
}
