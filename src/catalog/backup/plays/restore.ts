import type { Check, Op, Step, StepId, Store } from '../../../plan/step.ts'
import type { ReplicaSpec, Topology, UcpSpec } from '../../../playbook/topology.ts'
import { FATAL_LINE } from '../../docker/api.ts'
import { engineRuns } from '../../docker/engine.ts'
import { dockerRun } from '../../dtr/commands.ts'
import { managerOf, wantedOf } from '../../dtr/questions.ts'
import { runScript } from '../../dtr/scripts.ts'
import { plain } from '../../os/steps.ts'
import type { Context } from '../../product.ts'
import { managerChecks } from '../../ucp/cluster.ts'
import { BOOTSTRAPPER, onSocket } from '../../ucp/commands.ts'
import { CLEAR, FED, RESTORE_IMAGES, RESTORE_SWARM, UNLOCK_KEY } from '../scripts.ts'
import { type BackupSet, type PartName, fileOf } from '../set.ts'

/** A set as it lies in its store, proven. */
export interface Found {
  readonly set: BackupSet
  readonly store: Store
  /** Digest of each part, as its record has it. */
  readonly sha256: { readonly [part in PartName]?: string }
  /** UCP's own archive is encrypted with it. */
  readonly passphrase?: { readonly secret: string }
  /** Folder of the hosts where archives lie on their way. */
  readonly spool: string
}

const LONG_SECONDS = 12 * 3600

function folderOf({ spool, set }: Found): string {
  return `${spool}/restore-${set.set}`
}

function fetch(found: Found, part: PartName): Op {
  const file = fileOf(part)
  return {
    fetch: `${found.set.set}/${file}`,
    to: `${folderOf(found)}/${file}`,
    mode: '0600',
    sha256: found.sha256[part] ?? '',
    store: found.store,
    timeoutSeconds: LONG_SECONDS,
    ...(part === 'ucp' && found.passphrase !== undefined && { passphrase: found.passphrase }),
  }
}

/**
 * The swarm from its archive, on the host and address that it was taken from, with the same engine [D: ee/admin/restore/restore-swarm.md]. It is then its
 * only manager; what it remembers of others is cleared before UCP comes.
 */
export function restoreSwarm(topology: Topology, found: Found, needs: readonly StepId[]): Step {
  const { host, address, clusterId } = found.set.swarm
  const folder = folderOf(found)
  return {
    ...plain,
    id: `restore.swarm@${host}`,
    kind: 'restore.swarm',
    title: `Restore the swarm of set ${found.set.set} on ${host}, its only manager for now`,
    section: 'Restore',
    host,
    needs,
    requires: [engineRuns(topology.docker, host), { fact: 'ucp.node', host, is: null }],
    run: [
      fetch(found, 'papers'),
      { exec: { argv: ['sh', '-c', UNLOCK_KEY, 'runbook-restore-key', folder] }, timeoutSeconds: 60 },
      fetch(found, 'swarm'),
      {
        exec: { argv: ['sh', '-c', RESTORE_SWARM, 'runbook-restore-swarm', folder, address] },
        timeoutSeconds: 900,
      },
    ],
    goal: [
      {
        fact: 'docker.swarm',
        host,
        is: { state: 'active', manager: true, quorum: true, ...(clusterId !== '' && { clusterId }) },
      },
    ],
    withinSeconds: 120,
    risk: 'irreversible',
    takes: { p50Seconds: 60, p90Seconds: 300 },
  }
}

/**
 * UCP from its archive, where none of it is left. The passphrase never reaches the host: the archive is opened on its way there.
 * [D: reference/ucp/3.2/cli/restore.md, ee/admin/restore/restore-ucp.md]
 */
export function restoreUcp(topology: Topology, ucp: UcpSpec, found: Found, needs: readonly StepId[]): Step {
  const { host } = found.set.swarm
  const folder = folderOf(found)
  return {
    ...plain,
    id: `restore.ucp@${host}`,
    kind: 'restore.ucp',
    title: `Restore UCP ${ucp.version} of set ${found.set.set} on ${host}`,
    section: 'Restore',
    host,
    needs,
    requires: [
      engineRuns(topology.docker, host),
      { fact: 'docker.swarm', host, is: { state: 'active', manager: true, quorum: true } },
      { fact: 'docker.container', host, args: { name: BOOTSTRAPPER }, is: null },
    ],
    run: [
      { exec: { argv: ['sh', '-c', CLEAR, 'runbook-restore-clear'] }, timeoutSeconds: 900 },
      fetch(found, 'ucp'),
      {
        exec: {
          argv: [
            ...['sh', '-c', FED, 'runbook-restore-ucp', `${folder}/${fileOf('ucp')}`],
            ...onSocket(['-i', '--log-driver', 'none']),
            ...[ucp.image, 'restore'],
          ],
        },
        timeoutSeconds: 3600,
        failsOn: FATAL_LINE,
      },
    ],
    goal: managerChecks(ucp, host, host),
    withinSeconds: 900,
    risk: 'irreversible',
    takes: { p50Seconds: 180, p90Seconds: 900 },
  }
}

/**
 * The registry's metadata, as one replica under the id it was archived from [D: ee/dtr/admin/disaster-recovery/restore-from-backup.md], in place of the
 * step that would install it: what that requires, and what it promises, is the same.
 */
export function restoreDtr({ topology, facts }: Context, found: Found, install: Step): Step {
  const wanted = wantedOf(topology)
  const replica = wanted?.dtr.replicas.find(one => one.host === install.host)
  if (!wanted || !replica) return install
  const run = { ...wanted, manager: managerOf(wanted, facts) }
  const command = dockerRun(
    run,
    'restore',
    [
      '--ucp-node',
      { fact: { fact: 'os.machine', host: replica.host }, pick: 'hostname' },
      '--replica-id',
      replica.id,
      '--dtr-external-url',
      wanted.dtr.externalUrl,
      '--replica-http-port',
      String(replica.httpPort),
      '--replica-https-port',
      String(replica.httpsPort),
      ...storageFlags(topology),
    ],
    undefined,
    ['-i', '--log-driver', 'none'],
  )
  const file = `${folderOf(found)}/${fileOf('dtr')}`
  const isRun = (op: Op): boolean => 'exec' in op && op.exec.argv.includes('install')
  const at = install.run.findIndex(isRun)
  const exec: Op = {
    exec: {
      ...command,
      argv: [
        ...['sh', '-c', runScript, 'runbook-dtr-restore', replica.id],
        ...['sh', '-c', FED, 'runbook-restore-dtr', file],
        ...command.argv,
      ],
    },
    timeoutSeconds: LONG_SECONDS,
    failsOn: FATAL_LINE,
  }
  return {
    ...install,
    id: `restore.dtr@${replica.host}`,
    kind: 'restore.dtr',
    title: `Restore the registry's metadata of set ${found.set.set} as replica ${replica.id} on ${replica.host}`,
    run: [...install.run.slice(0, at), fetch(found, 'dtr'), exec, ...install.run.slice(at + 1)],
    risk: 'irreversible',
    takes: { p50Seconds: 180, p90Seconds: 1800 },
  }
}

/** The images, where the set has them: behind the metadata, since only then is the replica's volume there. */
export function restoreImages(
  topology: Topology,
  found: Found,
  replica: ReplicaSpec,
  needs: readonly StepId[],
): readonly Step[] {
  const { images } = found.set
  const folder = folderOf(found)
  const done: Check = {
    fact: 'backup.part',
    host: replica.host,
    args: { folder, file: 'images.restored' },
    is: { kept: true },
  }
  const common = {
    ...plain,
    section: 'Restore',
    needs,
    requires: [],
    withinSeconds: 10,
    takes: { p50Seconds: 600, p90Seconds: 7200 },
  } as const
  if (images?.kind === 'copy') {
    const place = topology.storage.kind === 'path' ? topology.storage.path : ''
    return [
      {
        ...common,
        id: `restore.images@${replica.host}`,
        kind: 'restore.images',
        title: `Put the images of set ${found.set.set} back where ${replica.host} has them`,
        host: replica.host,
        goal: [done],
        run: [
          fetch(found, 'images'),
          {
            exec: { argv: ['sh', '-c', RESTORE_IMAGES, 'runbook-restore-images', folder, replica.id, place] },
            timeoutSeconds: LONG_SECONDS,
          },
        ],
      },
    ]
  }
  if (images?.kind !== 'snapshot') return []
  const { host, restore } = images
  return [
    {
      ...common,
      id: `restore.snapshot@${host}`,
      kind: 'restore.snapshot',
      title: `Bring the snapshot ${found.set.set} of the images back`,
      host,
      goal: [{ ...done, host }],
      run: [
        {
          exec: { argv: restore.map(word => word.replaceAll('{set}', found.set.set)) },
          timeoutSeconds: LONG_SECONDS,
        },
        {
          exec: {
            argv: [
              'sh',
              '-c',
              'mkdir -p "$1" && : >"$1/images.restored.kept"',
              'runbook-restore-mark',
              folder,
            ],
          },
          timeoutSeconds: 60,
        },
      ],
      inDoubt: 'ask',
    },
  ]
}

/** Exactly one is mandatory [D: restore.md]. Object stores have none: what the archive says of them holds. */
function storageFlags({ storage }: Topology): readonly string[] {
  if (storage.kind === 'path') return ['--dtr-storage-volume', storage.path]
  if (storage.kind !== 'nfs') return ['--dtr-use-default-storage']
  const options = storage.options === undefined ? [] : ['--nfs-options', storage.options]
  return ['--nfs-storage-url', storage.url, ...options]
}
