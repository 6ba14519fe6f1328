import type { Exit } from '../../plan/fact.ts'
import type { Estate, MutableJson } from '../../twin/estate.ts'
import { exit } from '../os/model.ts'
import { twinUcp } from '../ucp/estate.ts'
import { createHash } from 'node:crypto'
import {
  type TwinDtr,
  hasMajority,
  hostSeconds,
  isRunning,
  pingOf,
  replicaOn,
  reportedMs,
  textOf,
  stamp,
  twinDtr,
} from './state.ts'

/** curl's own words when nobody listens. */
export function nobodyListens(port: number): Exit {
  return exit(
    7,
    '',
    `curl: (7) Failed to connect to 127.0.0.1 port ${port} after 0 ms: Couldn't connect to server\n`,
  )
}

/** The login in curl configuration is the administrator's. */
export function isAdmin(estate: Estate, config: string): boolean {
  const ucp = twinUcp(estate)
  const login = /^user = (".*")$/m.exec(config)?.[1]
  if (!ucp || login === undefined) return false
  const [name, ...rest] = (JSON.parse(login) as string).split(':')
  const sum = createHash('sha256').update(rest.join(':')).digest('hex')
  return name === ucp.adminUsername && sum === ucp.adminPasswordSha256
}

/** One request of an administrator to the replica on this host: body and status; undefined when nobody listens. */
export function request(
  estate: Estate,
  host: string,
  port: number,
  config: string,
  method: string,
  path: string,
): { readonly code: number; readonly body: string } | undefined {
  const dtr = twinDtr(estate)
  const ping = pingOf(estate, host, port)
  if (!dtr || !ping) return undefined
  if (ping.code === 500)
    return {
      code: 500,
      body: '{"errors":[{"code":"INTERNAL_ERROR","message":"An internal server error occurred."}]}',
    }
  if (!isAdmin(estate, config))
    return { code: 401, body: '{"errors":[{"code":"UNAUTHORIZED","message":"Invalid credentials"}]}' }
  if (method === 'GET' && path === '/api/v0/meta/cluster_status')
    return { code: 200, body: clusterStatus(estate, dtr) }
  if (method === 'GET' && path === '/api/v0/meta/settings')
    return { code: 200, body: settings(dtr, replicaOn(estate, host, port) ?? '') }
  if (method === 'GET' && path === '/api/v0/admin/settings/registry')
    return { code: 200, body: JSON.stringify({ storage: storageSection(dtr) }) }
  if (method === 'GET' && path.startsWith('/api/v0/repositories?')) {
    return { code: 200, body: JSON.stringify({ repositories: dtr.repositories.map(name => ({ name })) }) }
  }
  if (method === 'PUT' && path === '/api/v0/admin/settings/registry/simple')
    return setStorage(dtr, bodyOf(config))
  return { code: 404, body: '{"errors":[{"code":"NOT_FOUND"}]}' }
}

/** `data = "…"` of curl configuration. */
export function bodyOf(config: string): string {
  const data = /^data = (".*")$/m.exec(config)?.[1]
  return data === undefined ? '' : (JSON.parse(data) as string)
}

/** In the shape of the API of DTR 2.7 [D], see test/fixtures/dtr/cluster_status.json. */
function clusterStatus(estate: Estate, dtr: TwinDtr): string {
  const ids = Object.keys(dtr.members)
  const up = ids.filter(id => isRunning(estate, id, dtr.members[id]?.host ?? ''))
  const down = ids.filter(id => !up.includes(id))
  const health = (id: string): string => {
    const last = reportedMs(estate, dtr, id)
    if (last === undefined) return `Replica reported health too long ago: ${stamp(0)}`
    // A cache: what a dead replica last said of itself stands there until somebody finds it too old.
    return estate.clockMs - last > 240_000 ? `Replica reported health too long ago: ${stamp(last)}` : 'OK'
  }
  const servers = up.map(id => ({
    id: `00000000-0000-0000-0000-${id}`,
    name: `dtr_rethinkdb_${id}`,
    network: {
      canonical_addresses: [{ host: `dtr-rethinkdb-${id}.dtr-ol`, port: 29015 }],
      cluster_port: 29015,
      connected_to: Object.fromEntries(
        up.filter(other => other !== id).map(other => [`dtr_rethinkdb_${other}`, true]),
      ),
      hostname: id,
      http_admin_port: '<no http admin>',
      reql_port: 28015,
    },
  }))
  const ready = down.length === 0
  const tables = ['properties', 'repositories', 'tags', 'manifests', 'blobs'].map(name => ({
    db: 'dtr2',
    name,
    status: {
      all_replicas_ready: ready,
      ready_for_outdated_reads: true,
      ready_for_reads: true,
      ready_for_writes: hasMajority(estate, dtr),
    },
    shards: [
      {
        primary_replicas: [`dtr_rethinkdb_${up[0] ?? ''}`],
        replicas: ids.map(id => ({
          server: `dtr_rethinkdb_${id}`,
          state: up.includes(id) ? 'ready' : 'disconnected',
        })),
      },
    ],
  }))
  const issues = ready
    ? []
    : [
        {
          critical: false,
          description: `... some replicas are not ready. The following servers are not reachable: ${down.map(id => `dtr_rethinkdb_${id}`).join(', ')}`,
          type: 'table_availability',
        },
      ]
  return JSON.stringify({
    rethink_system_tables: {
      cluster_config: [{ heartbeat_timeout_secs: 10, id: 'heartbeat' }],
      current_issues: issues,
      db_config: ['notaryserver', 'dtr2', 'jobrunner', 'notarysigner'].map(name => ({ id: name, name })),
      server_status: servers,
      table_status: tables,
    },
    replica_health: Object.fromEntries(ids.map(id => [id, health(id)])),
    replica_timestamp: Object.fromEntries(ids.map(id => [id, stamp(reportedMs(estate, dtr, id) ?? 0)])),
    replica_readonly: Object.fromEntries(ids.map(id => [id, false])),
    gc_lock_holder: '',
  })
}

function settings(dtr: TwinDtr, id: string): string {
  const url = /^nfs:\/\/([^/]+)(\/.*)$/.exec(textOf(dtr.storage['url']))
  return JSON.stringify({
    dtrHost: dtr.externalHost,
    sso: true,
    createRepositoryOnPush: false,
    replicaID: id,
    replicaSettings: Object.fromEntries(
      Object.entries(dtr.members).map(([key, one]) => [
        key,
        { HTTPPort: one.httpPort, HTTPSPort: one.httpsPort, node: one.host },
      ]),
    ),
    webTLSCert: dtr.webCertificate ?? '',
    storageVolume: dtr.storage.kind === 'path' ? dtr.storage['path'] : '',
    nfsHost: url?.[1] ?? '',
    nfsPath: url?.[2] ?? '',
    readOnlyRegistry: false,
  })
}

function storageSection(dtr: TwinDtr): object {
  const { kind, ...rest } = dtr.storage
  const common = { delete: { enabled: true }, maintenance: { readonly: { enabled: false } } }
  return ['local', 'path', 'nfs'].includes(kind)
    ? { ...common, filesystem: { rootdirectory: '/storage' } }
    : { ...common, [kind]: rest }
}

function setStorage(dtr: TwinDtr, body: string): { readonly code: number; readonly body: string } {
  const sent = JSON.parse(body) as { storage?: { [name: string]: { [key: string]: MutableJson } } }
  const kind = ['s3', 'azure', 'gcs', 'swift'].find(name => sent.storage?.[name] !== undefined)
  if (kind === undefined) return { code: 400, body: '{"errors":[{"code":"INVALID_SETTINGS"}]}' }
  // From 2.6 on a change of storage without keep_metadata starts an empty metadata store [D: release notes].
  dtr.tags = {}
  dtr.storage = { ...sent.storage?.[kind], kind }
  return { code: 202, body: '' }
}

/** The first lines of `clusterScript`. */
export function secondsLine(estate: Estate, host: string): string {
  return `${hostSeconds(estate, host)}\n`
}
