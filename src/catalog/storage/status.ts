import { holds } from '../../plan/check.ts'
import { type Facts, factKey } from '../../plan/fact.ts'
import type { Topology } from '../../playbook/topology.ts'
import { shown } from '../os/text.ts'
import type { StatusRow } from '../product.ts'
import { marksRef, seesMarks } from './facts.ts'
import { directTarget, replicaHosts } from './target.ts'

/** One line a replica host: does it see everybody's marker? */
export function status(topology: Topology, facts: Facts): readonly StatusRow[] {
  const { storage } = topology
  if (storage.kind === 'local')
    return [{ item: 'storage', state: 'ok', detail: 'local: each replica its own disk' }]
  const target = directTarget(storage)
  const hosts = replicaHosts(topology)
  // An object store only the registry can reach: its health is part of each replica's own (§9.49).
  if (!target) return []
  return hosts.map(host => {
    const seen = facts.get(factKey(marksRef(topology, target, host)))
    const row = { item: 'storage', host }
    if (seen === undefined) return { ...row, state: 'unknown', detail: `${storage.kind}: could not tell` }
    if (holds(seesMarks(topology, target, host, hosts), facts)) {
      return {
        ...row,
        state: 'ok',
        detail: `${storage.kind}: sees the markers of all ${hosts.length} replica hosts`,
      }
    }
    if (typeof seen === 'object' && seen !== null && 'unreadable' in seen) {
      return { ...row, state: 'degraded', detail: `${storage.kind}: ${shown(seen.unreadable)}` }
    }
    return { ...row, state: 'absent', detail: `${storage.kind}: not yet proved to be shared` }
  })
}
