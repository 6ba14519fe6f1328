import { describe, expect, it } from 'vitest'
import { listed, noneListed, raft } from '../../../src/catalog/docker/refound.ts'
import { data, works } from '../../../src/catalog/dtr/lossFacts.ts'
import { etcd } from '../../../src/catalog/ucp/repair.ts'
import type { Exit } from '../../../src/plan/fact.ts'

const exit = (code: number, stdout = '', stderr = ''): Exit => ({ code, stdout, stderr })

describe('what recoveries ask', () => {
  it('dtr.works: by writes, not by how members call themselves; a refused login is no answer', () => {
    const tables = (writes: boolean): object => ({
      server_status: [{ name: 'dtr_rethinkdb_0123456789ab', network: { connected_to: {} } }],
      table_status: [{ status: { all_replicas_ready: true, ready_for_writes: writes } }],
    })
    const told = (document: object): Exit => exit(0, `1700000000\n${JSON.stringify(document)}\n200\n`)
    const unwell = { '0123456789ab': 'storage is not reachable' }
    const ask = (of: Exit) => works.parse(of, undefined)
    expect(ask(told({ replica_health: unwell, rethink_system_tables: tables(true) }))).toEqual({
      works: true,
    })
    expect(ask(told({ replica_health: unwell, rethink_system_tables: tables(false) }))).toEqual({
      works: false,
    })
    expect(ask(exit(0, '1700000000\n{"errors":[]}\n500\n'))).toEqual({ works: false })
    expect(ask(exit(7))).toEqual({ works: false })
    expect(ask(exit(0, '1700000000\n{"errors":[]}\n401\n'))).toBeUndefined()
    expect(ask(exit(28))).toBeUndefined()
  })

  it('dtr.data: the minute of the last write, none, or no answer', () => {
    const ask = (of: Exit) => data.parse(of, undefined)
    expect(ask(exit(0, 'written=1700000059\nend=1\n'))).toEqual({ writtenSeconds: 1_700_000_040 })
    expect(ask(exit(0, 'none=1\nend=1\n'))).toBeNull()
    expect(ask(exit(0, 'written=1700000059\n'))).toBeUndefined()
    expect(ask(exit(1, '', 'cannot look into /var/lib/docker/volumes'))).toBeUndefined()
    expect(ask(exit(127, '', 'sh: 1: docker: not found'))).toBeNull()
  })

  it('docker.raft: how eager managers are, none without a leader', () => {
    const info = (swarm: object): Exit => exit(0, JSON.stringify(swarm))
    const manager = { NodeID: 'a', LocalNodeState: 'active', ControlAvailable: true, Error: '' }
    const cluster = (SnapshotInterval: number) => ({
      Cluster: { ID: 'c', Spec: { Raft: { SnapshotInterval } } },
    })
    expect(raft.parse(info({ ...manager, ...cluster(10_000) }), undefined)).toEqual({ eager: false })
    expect(raft.parse(info({ ...manager, ...cluster(1) }), undefined)).toEqual({ eager: true })
    expect(raft.parse(info({ ...manager, Error: 'no leader' }), undefined)).toBeNull()
    expect(raft.parse(info({ LocalNodeState: 'inactive' }), undefined)).toBeNull()
    expect(raft.parse(info(manager), undefined)).toBeUndefined()
    expect(raft.parse(exit(1, '', 'Cannot connect to the Docker daemon'), undefined)).toBeUndefined()
  })

  it('docker.listed: names by the whole name', () => {
    const line = (Hostname: string): string =>
      JSON.stringify({
        ID: `id-${Hostname}`,
        Hostname,
        Status: 'Down',
        ManagerStatus: '',
        Availability: 'Active',
      })
    const list = exit(0, ['m1', 'm11', 'x.m1'].map(line).join('\n'))
    const { args } = noneListed('m3', ['m1', 'x.m1'])
    expect(listed.parse(list, args)).toEqual({ count: 2 })
    expect(listed.parse(list, noneListed('m3', ['m2', 'xym1']).args)).toEqual({ count: 0 })
    expect(listed.parse(exit(1, '', 'The swarm does not have a leader.'), args)).toBeUndefined()
  })

  it('ucp.etcd: by the last word of its own tool, none where it does not run', () => {
    const ask = (of: Exit) => etcd.parse(of, undefined)
    expect(ask(exit(0, 'member 8e9e is healthy: got healthy result\ncluster is healthy\n'))).toEqual({
      healthy: true,
    })
    expect(ask(exit(5, 'member 8e9e is unhealthy\ncluster is unhealthy\n'))).toEqual({ healthy: false })
    expect(ask(exit(1, 'cluster may be unhealthy: failed to list members\n'))).toEqual({ healthy: false })
    expect(ask(exit(1, '', 'Error: No such container: ucp-kv'))).toBeNull()
    expect(ask(exit(1, '', 'Error response from daemon: Container 1a is not running'))).toBeNull()
    expect(ask(exit(1, '', 'Cannot connect to the Docker daemon'))).toBeUndefined()
  })
})
