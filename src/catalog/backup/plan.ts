import { type Facts, factKey } from '../../plan/fact.ts'
import type { HostName } from '../../plan/step.ts'
import type { BackupSpec, ReplicaSpec, Topology, UcpSpec } from '../../playbook/topology.ts'
import { swarmSays } from '../docker/preflight.ts'
import { censusOf } from '../dtr/census.ts'
import { type Wanted, wantedOf } from '../dtr/questions.ts'
import { member } from '../os/text.ts'
import { founder } from '../ucp/cluster.ts'
import type { BackupSet, PartName } from './set.ts'

/** What a backup of a cluster is made from: who is asked for what, and what the set will say of itself. */
export interface Making {
  readonly topology: Topology
  readonly facts: Facts
  readonly spec: BackupSpec
  readonly ucp: UcpSpec
  readonly registry?: Wanted & { readonly replica: ReplicaSpec; readonly version: string }
  /** The manager that is asked for the papers and UCP's archive. */
  readonly manager: HostName
  /** The manager whose engine stops. */
  readonly swarmHost: HostName
  readonly set: BackupSet
  /** Folder of the set on every host. */
  readonly folder: string
}

/** Undefined: the playbook has no UCP, or says nothing on backups. */
export function makingOf(topology: Topology, facts: Facts, name: string): Making | undefined {
  const { ucp, backup: spec } = topology
  if (!ucp || !spec) return undefined
  const manager = founder(ucp, facts)
  const swarmHost = spec.swarmHost ?? followerOf(ucp, manager, facts)
  const registry = registryOf(topology, facts)
  const running = member(facts.get(factKey({ fact: 'ucp.node', host: manager })), 'version')
  const engine = member(
    facts.get(factKey({ fact: 'docker.engine', host: swarmHost, args: { wanted: topology.docker.version } })),
    'version',
  )
  const clusterId = swarmSays(facts, manager, 'clusterId')
  const { images } = spec
  const parts: readonly PartName[] = [
    'papers',
    'swarm',
    'ucp',
    ...(registry ? (['dtr'] as const) : []),
    ...(registry && images?.kind === 'copy' ? (['images'] as const) : []),
  ]
  const set: BackupSet = {
    format: 'runbook.backup/1',
    set: name,
    cluster: topology.name,
    parts,
    versions: {
      engine: typeof engine === 'string' ? engine : '',
      ucp: typeof running === 'string' ? running : '',
      dtr: registry?.version ?? '',
    },
    swarm: {
      host: swarmHost,
      address: topology.hosts[swarmHost]?.address ?? '',
      clusterId: typeof clusterId === 'string' ? clusterId : '',
    },
    ucp: { encrypted: spec.passphrase !== undefined },
    ...(registry && {
      dtr: {
        host: registry.replica.host,
        replicaId: registry.replica.id,
        externalUrl: registry.dtr.externalUrl,
      },
    }),
    ...(registry && images && { images }),
  }
  return {
    topology,
    facts,
    spec,
    ucp,
    ...(registry && { registry }),
    manager,
    swarmHost,
    set,
    folder: `${spec.spool}/${name}`,
  }
}

/** The last manager that is not the leader: the manual takes none that leads [D: ee/admin/backup/back-up-swarm.md]. The only one, where there is no other. */
function followerOf(ucp: UcpSpec, manager: HostName, facts: Facts): HostName {
  const nodes = facts.get(factKey({ fact: 'docker.nodes', host: manager }))
  const leads = (host: HostName): boolean =>
    Array.isArray(nodes) &&
    nodes.some(one => member(one as never, 'hostname') === host && member(one as never, 'leader') === true)
  return ucp.managers.findLast(host => host !== manager && !leads(host)) ?? ucp.managers.at(-1) ?? manager
}

function registryOf(topology: Topology, facts: Facts): Making['registry'] {
  const wanted = wantedOf(topology)
  if (!wanted) return undefined
  const { replicaHost } = topology.backup ?? {}
  const replica = wanted.dtr.replicas.find(one => one.host === replicaHost) ?? wanted.dtr.replicas[0]
  if (!replica) return undefined
  return { ...wanted, replica, version: censusOf(wanted, facts).version ?? '' }
}
