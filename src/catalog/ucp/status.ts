import type { Facts } from '../../plan/fact.ts'
import { factKey } from '../../plan/fact.ts'
import type { HostName, Json } from '../../plan/step.ts'
import type { Topology, UcpSpec } from '../../playbook/topology.ts'
import { member, shown } from '../os/text.ts'
import type { StatusRow } from '../product.ts'
import { founder, isLicensed } from './cluster.ts'
import { askPing, askWebCertificate, license } from './facts.ts'

/** One row a manager, a worker, and the licence. */
export function status(topology: Topology, facts: Facts): readonly StatusRow[] {
  const { ucp } = topology
  if (!ucp) return []
  const through = founder(ucp, facts)
  return [
    ...ucp.managers.map(host => managerRow(ucp, host, facts)),
    ...ucp.workers.map(host => workerRow(ucp, host, through, facts)),
    ...ucp.managers.flatMap(host => certificateRow(ucp, host, facts)),
    ...(ucp.license ? [licenseRow(through, facts)] : []),
  ]
}

function managerRow(ucp: UcpSpec, host: HostName, facts: Facts): StatusRow {
  const item = 'UCP manager'
  const node = facts.get(factKey({ fact: 'ucp.node', host }))
  const ping = facts.get(factKey(askPing(ucp, host)))
  const version = member(node, 'version')
  if (node === undefined) return { item, host, state: 'unknown', detail: 'could not be told' }
  if (typeof version !== 'string') return { item, host, state: 'absent', detail: 'UCP is not installed' }
  if (ping === undefined)
    return { item, host, state: 'unknown', detail: `${version}, health could not be told` }
  if (ping === null)
    return { item, host, state: 'degraded', detail: `${version}, does not listen on ${ucp.controllerPort}` }
  if (member(ping, 'healthy') !== true)
    return {
      item,
      host,
      state: 'degraded',
      detail: `${version}, /_ping answers ${shown(member(ping, 'status'))}`,
    }
  return version === ucp.version
    ? { item, host, state: 'ok', detail: `${version}, healthy` }
    : { item, host, state: 'degraded', detail: `${version}, wanted ${ucp.version}` }
}

function workerRow(ucp: UcpSpec, host: HostName, through: HostName, facts: Facts): StatusRow {
  const item = 'UCP worker'
  const seen = nodeOf(facts.get(factKey({ fact: 'docker.nodes', host: through })), host)
  const version = member(facts.get(factKey({ fact: 'ucp.node', host })), 'version')
  if (seen === undefined) return { item, host, state: 'unknown', detail: 'could not be told' }
  if (seen === null) return { item, host, state: 'absent', detail: 'not in the swarm' }
  const state = shown(member(seen, 'state'))
  const availability = shown(member(seen, 'availability'))
  if (state !== 'ready') return { item, host, state: 'degraded', detail: state }
  if (typeof version !== 'string') return { item, host, state: 'degraded', detail: 'ready, without UCP' }
  const detail = `${version}, ready${availability === 'active' ? '' : `, ${availability}`}`
  return {
    item,
    host,
    state: version === ucp.version && availability === 'active' ? 'ok' : 'degraded',
    detail,
  }
}

/** The node's entry in the list of all; null when it is not in it, undefined without a list. The one that is ready wins. */
function nodeOf(list: Json | undefined, host: HostName): Json | undefined {
  if (!Array.isArray(list)) return list === null ? null : undefined
  const same = (list as readonly Json[]).filter(node => member(node, 'hostname') === host)
  return same.find(node => member(node, 'state') === 'ready') ?? same[0] ?? null
}

function licenseRow(through: HostName, facts: Facts): StatusRow {
  const item = 'UCP licence'
  const seen = facts.get(factKey(isLicensed(through)))
  if (seen === undefined) return { item, state: 'unknown', detail: 'could not be told' }
  if (seen === null) return { item, state: 'absent', detail: 'none is stored in the swarm' }
  const endsAt = member(facts.get(factKey({ fact: license.name, host: through })), 'expires')
  return typeof endsAt === 'string'
    ? { item, state: 'ok', detail: `ends ${endsAt.slice(0, 10)}`, endsAt }
    : { item, state: 'ok', detail: 'stored in the swarm; when it ends could not be told' }
}

/** When a manager's web certificate ends. No clock here: the reader knows what day it is. None where it could not be told. */
function certificateRow(ucp: UcpSpec, host: HostName, facts: Facts): readonly StatusRow[] {
  const seen = facts.get(factKey(askWebCertificate(ucp, host)))
  const expires = member(seen, 'expires')
  const missing = member(seen, 'missing')
  if (typeof expires !== 'string') return []
  const lacks = Array.isArray(missing) && missing.length > 0
  const detail = `ends ${expires.slice(0, 10)}${lacks ? `, lacks ${missing.join(', ')}` : ''}`
  return [{ item: 'UCP certificate', host, state: lacks ? 'degraded' : 'ok', detail, endsAt: expires }]
}
