import type { Fence, KeepAct, LeaseAct, LeaseSeen } from '../hosts/custody.ts'
import type { Custody, EstateHost } from './estate.ts'

/** What a host keeps about who may change it. */
export function custodyOf(host: EstateHost): Custody {
  host.custody ??= { leases: [], audit: [], kept: {} }
  return host.custody
}

/** True while the newest lease on the host is the one of this fence. */
export function isOurs(host: EstateHost, fence: Fence): boolean {
  const leases = host.custody?.leases ?? []
  const newest = leases.at(-1)
  return leases.length === fence.epoch && newest?.nonce === fence.nonce && newest.ended === undefined
}

/** What `rb_lease` does on a real host. `uptimeSeconds` below the last beat: the host was started anew. */
export function actOnLease(custody: Custody, act: LeaseAct, uptimeSeconds: number): LeaseSeen {
  const { leases, audit } = custody
  const newest = leases.at(-1)
  const isFree = newest === undefined || newest.ended !== undefined
  if (act.verb === 'take') {
    if (isFree || act.over === leases.length) {
      leases.push({ nonce: act.nonce, record: act.record, beatSeconds: uptimeSeconds })
      if (act.audit !== '') audit.push(act.audit)
    }
  } else if (act.verb !== 'look' && !isFree && act.epoch === leases.length) {
    if (act.verb === 'beat') newest.beatSeconds = uptimeSeconds
    else {
      newest.ended = act.record
      if (act.audit !== '') audit.push(act.audit)
    }
  }
  const now = leases.at(-1)
  const ageSeconds = uptimeSeconds - (now?.beatSeconds ?? uptimeSeconds)
  return {
    epoch: leases.length,
    nonce: now?.nonce ?? '',
    ageSeconds: ageSeconds < 0 ? undefined : ageSeconds,
    record: now?.record ?? '',
    ...(now?.ended !== undefined && { ended: now.ended }),
  }
}

/** What `rb_keep` does on a real host. */
export function actOnKept({ kept }: Custody, act: KeepAct): Uint8Array | undefined {
  if (act.verb === 'list') {
    const runs = Object.keys(kept).flatMap(path => /^([^/]+)\/plan\.json$/.exec(path)?.[1] ?? [])
    return Buffer.from(runs.map(run => `${run}\n`).join(''))
  }
  if (act.verb === 'get') {
    const content = kept[act.path]
    return content === undefined
      ? undefined
      : Buffer.from(content.slice(act.offset, act.offset + 1_000_000), 'latin1')
  }
  if (act.verb === 'new') {
    kept[act.path] = ''
    return new Uint8Array()
  }
  const before = kept[act.path] ?? ''
  kept[act.path] = before.length === act.offset ? before + Buffer.from(act.bytes).toString('latin1') : before
  return Buffer.from(`${String(kept[act.path]?.length ?? 0)}\n`)
}
