import type { Data, StoreStatus } from './data.ts'

const tables = [
  ...[
    'blobs',
    'blob_links',
    'client_tokens',
    'crons',
    'events',
    'manifests',
    'metrics',
    'namespace_team_access',
  ],
  ...[
    'properties',
    'pruning_policies',
    'repositories',
    'repository_team_access',
    'tags',
    'tuf_files',
    'user_settings',
    'webhooks',
  ],
]

const serverName = (id: string): string => `dtr_rethinkdb_${id}`

/** A replica's word on itself is called old after this long. */
const staleMs = 60_000

/** The answer of `GET /api/v0/meta/cluster_status` in the shape of docker-enterprise.md 5.2. */
export function clusterStatus(data: Data, store: StoreStatus): object {
  const ids = store.members.map(member => member.id)
  const issues = store.members
    .filter(member => !member.connected)
    .map(member => ({
      type: 'table_availability',
      critical: !store.quorum,
      description: `Server ${serverName(member.id)} is disconnected.`,
    }))
  return {
    replica_health: byId(ids, id => healthText(data.health[id])),
    replica_timestamp: byId(ids, id => data.health[id]?.at ?? '0001-01-01T00:00:00Z'),
    replica_readonly: byId(ids, () => data.settings.readOnlyRegistry),
    gc_lock_holder: '',
    current_issues: issues,
    rethink_system_tables: {
      cluster_config: [{ id: 'heartbeat', heartbeat_timeout_secs: 10 }],
      current_issues: issues,
      db_config: [{ id: 'dtr2', name: 'dtr2' }],
      server_status: store.members
        .filter(member => member.connected)
        .map(member => serverStatus(member.id, member.since, store)),
      stats: [],
      table_config: tables.map(name => tableConfig(name, store)),
      table_status: tables.map(name => tableStatus(name, store)),
    },
  }
}

const byId = <T>(ids: readonly string[], of: (id: string) => T): Readonly<Record<string, T>> =>
  Object.fromEntries(ids.map(id => [id, of(id)]))

function healthText(report: { readonly status: string; readonly at: string } | undefined): string {
  if (report === undefined) return 'Replica never reported health'
  return Date.now() - Date.parse(report.at) > staleMs
    ? `Replica reported health too long ago: ${report.at}`
    : report.status
}

function serverStatus(id: string, since: string, store: StoreStatus): object {
  const others = store.members.filter(member => member.id !== id)
  return {
    id,
    name: serverName(id),
    network: {
      canonical_addresses: [{ host: `dtr-rethinkdb-${id}.dtr-ol`, port: 29015 }],
      cluster_port: 29015,
      reql_port: 28015,
      connected_to: Object.fromEntries(others.map(member => [serverName(member.id), member.connected])),
      time_connected: since,
    },
    process: { cache_size_mb: 2000, time_started: since, version: 'stand-in of the runbook lab' },
  }
}

function tableConfig(name: string, store: StoreStatus): object {
  const replicas = store.members.map(member => serverName(member.id))
  const primary = replicas[0] ?? ''
  return {
    db: 'dtr2',
    name,
    write_acks: 'majority',
    durability: 'hard',
    shards: [{ primary_replica: primary, replicas, nonvoting_replicas: [] }],
  }
}

function tableStatus(name: string, store: StoreStatus): object {
  const leader = store.primary === undefined ? '' : serverName(store.primary)
  const every = store.members.every(member => member.state === 'ready')
  return {
    db: 'dtr2',
    name,
    raft_leader: leader,
    shards: [
      {
        primary_replicas: leader === '' ? [] : [leader],
        replicas: store.members.map(member => ({ server: serverName(member.id), state: member.state })),
      },
    ],
    status: {
      all_replicas_ready: every,
      ready_for_outdated_reads: true,
      ready_for_reads: store.quorum,
      ready_for_writes: store.quorum,
    },
  }
}
