import { createHash } from 'node:crypto'
import type { HostName } from '../plan/step.ts'

/**
 * The id of every replica: the playbook's own, or 12 hex digits from the playbook's name and the host's. Depends on
 * neither time nor order, and no two hosts get the same.
 */
export function replicaIds(
  playbook: string,
  replicas: readonly { readonly host: HostName; readonly id?: string }[],
): ReadonlyMap<HostName, string> {
  const ids = new Map<HostName, string>()
  const taken = new Set<string>()
  for (const { host, id } of replicas) {
    if (id === undefined) continue
    ids.set(host, id)
    taken.add(id)
  }
  for (const host of [...new Set(replicas.map(replica => replica.host))].sort()) {
    if (ids.has(host)) continue
    for (let attempt = 0; ; attempt++) {
      const id = createHash('sha256').update(`${playbook}\0${host}\0${attempt}`).digest('hex').slice(0, 12)
      if (taken.has(id)) continue
      ids.set(host, id)
      taken.add(id)
      break
    }
  }
  return ids
}
