import type { Estate, MutableJson } from '../../twin/estate.ts'
import { containerOn, engineIsUp, engineState, hostCalled } from '../docker/estate.ts'
import { osOf } from '../os/bareHost.ts'
import { storageHost, storeOf } from '../storage/state.ts'

/** A member of the twin's registry as its database knows it. */
export interface TwinMember {
  host: string
  httpPort: number
  httpsPort: number
  /** Virtual time from which it is a member. */
  joinedMs: number
  /** Virtual time at which it stopped, when somebody stopped it: the age of its last self-report. */
  stoppedMs?: number
  /** What it has mounted is of a storage that went away; a restart mounts it anew. */
  staleMount?: boolean
  /** Virtual time of the last write that reached its database; absent: while it ran, see `writtenMs`. */
  wroteMs?: number
}

/** What the twin keeps of the registry as a whole, at `estate.shared.dtr`. Absent: not installed. Containers and volumes are the engine's. */
export interface TwinDtr {
  version: string
  image: string
  externalHost: string
  /** PEM text of the web certificate that somebody gave it; absent: its own. */
  webCertificate?: string
  /** When that certificate ends, as openssl prints it; absent: in 2031. */
  certificateEnds?: string
  /** Members by replica id; a member without containers is a ghost. */
  members: { [id: string]: TwinMember }
  /** Settings of the storage driver as they were set, `local` until then. */
  storage: { kind: string } & { [key: string]: MutableJson }
  repositories: string[]
  /** `repository:tag` → digest and the stores that hold its blobs; `pushedMs`, where somebody counts what is lost: when it was pushed. */
  tags: { [tag: string]: { digest: string; stores: string[]; pushedMs?: number } }
  ca: string
}

/** Self-reports are written this often. */
export const REPORT_EVERY_MS = 30_000
/** A replica answers this long after its containers have started. */
export const SETTLES_MS = 20_000
/** When estates begin: the twin's clocks say so (2024-01-01). */
const BEGAN_MS = 1_704_067_200_000

/** The registry; undefined when it is not installed. Effects may change it in place. */
export function twinDtr(estate: Estate): TwinDtr | undefined {
  return estate.shared['dtr'] as unknown as TwinDtr | undefined
}

/** The database and the front of a replica run on its host. */
export function isRunning(estate: Estate, id: string, host: string): boolean {
  // One that a drill has cut off from the others takes no part.
  if (!engineIsUp(estate, host) || estate.hosts[host]?.state['cutOff'] === true) return false
  return ['rethinkdb', 'nginx', 'api', 'registry'].every(name => {
    const found = containerOn(estate, host, `dtr-${name}-${id}`)
    return found !== undefined && found.exitCode === null && found.startsMs <= estate.clockMs
  })
}

/** More than half of what the database counts as members runs. */
export function hasMajority(estate: Estate, dtr: TwinDtr): boolean {
  const members = Object.entries(dtr.members)
  return members.filter(([id, { host }]) => isRunning(estate, id, host)).length > members.length / 2
}

/** Virtual time at which the replica has settled; undefined when it does not run. */
export function settledMs(estate: Estate, id: string, host: string): number | undefined {
  const started = containerOn(estate, host, `dtr-nginx-${id}`)?.startsMs
  return started === undefined || !isRunning(estate, id, host) ? undefined : started + SETTLES_MS
}

/** How `/_ping` on a port of a host answers; undefined: nothing listens. */
export function pingOf(
  estate: Estate,
  host: string,
  port: number,
): { readonly code: number; readonly error: string } | undefined {
  const dtr = twinDtr(estate)
  const found = replicaOn(estate, host, port)
  if (!dtr || !found) return undefined
  if (!hasMajority(estate, dtr)) return { code: 500, error: 'an internal server error occurred' }
  const settled = settledMs(estate, found, host)
  if (settled === undefined || settled > estate.clockMs)
    return { code: 503, error: 'metadata: rethinkdb is not ready' }
  if (dtr.members[found]?.staleMount === true || !reachesStorage(estate, dtr, host))
    return { code: 503, error: 'storage: registry is not reachable' }
  return { code: 200, error: '' }
}

/** The id of the replica that listens on a port of a host. */
export function replicaOn(estate: Estate, host: string, port: number): string | undefined {
  const dtr = twinDtr(estate)
  const entry = Object.entries(dtr?.members ?? {}).find(
    ([, one]) => one.host === host && one.httpsPort === port,
  )
  return entry && isRunning(estate, entry[0], host) ? entry[0] : undefined
}

/** Name of the store a replica's blobs lie in: equal names are one store. */
export function storeName(estate: Estate, dtr: TwinDtr, id: string): string {
  const host = dtr.members[id]?.host ?? ''
  const { kind } = dtr.storage
  const own = storageHost(estate, host).ownDisk ? `@${host}` : ''
  if (kind === 'local') return `local:${id}`
  if (kind === 'nfs') return `${textOf(dtr.storage['url'])}${own}`
  if (kind === 'path') return `path:${textOf(dtr.storage['path'])}${own}`
  return `${kind}:${textOf(dtr.storage['bucket'] ?? dtr.storage['container'])}`
}

function reachesStorage(estate: Estate, dtr: TwinDtr, host: string): boolean {
  if (dtr.storage.kind === 'local') return true
  if (storageHost(estate, host).cutOff) return false
  return dtr.storage.kind !== 'nfs' || storeOf(estate, textOf(dtr.storage['url'])).down !== true
}

/** When a member last reported about itself, in virtual time; undefined: never, or nobody knows any more. */
export function reportedMs(estate: Estate, dtr: TwinDtr, id: string): number | undefined {
  const known = dtr.members[id]
  if (!known) return undefined
  const settled = settledMs(estate, id, known.host)
  const last =
    Math.floor((settled === undefined ? (known.stoppedMs ?? 0) : estate.clockMs) / REPORT_EVERY_MS) *
    REPORT_EVERY_MS
  if (settled === undefined) return known.stoppedMs === undefined ? undefined : last
  return last >= settled ? last : settled <= estate.clockMs ? settled : undefined
}

/** Virtual time as the twin's clocks print it. */
export function stamp(ms: number): string {
  return new Date(BEGAN_MS + ms).toISOString()
}

/** What `date -u +%s` says on a host. */
export function hostSeconds(estate: Estate, host: string): number {
  return Math.floor((BEGAN_MS + estate.clockMs + osOf(estate, host).skewMs) / 1000)
}

/** Stops or kills a replica: its containers end, and its last self-report grows old. For tests and drills. */
export function stopReplica(estate: Estate, id: string): void {
  const known = twinDtr(estate)?.members[id]
  if (!known) throw new Error(`no replica ${id}`)
  known.stoppedMs = estate.clockMs
  for (const [name, one] of Object.entries(engineState(estate, known.host).containers))
    if (name.endsWith(`-${id}`)) one.exitCode = 137
}

/** The host that a node name of the swarm means. */
export function hostOfNode(estate: Estate, nodeName: string): string | undefined {
  return hostCalled(estate, nodeName)
}

/** A text of plain data; nothing for anything else. */
export function textOf(value: MutableJson | undefined): string {
  return typeof value === 'string' ? value : ''
}
