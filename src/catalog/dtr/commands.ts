import type { Command, HostName, Value } from '../../plan/step.ts'
import type { DtrSpec, ReplicaSpec, Topology, UcpSpec } from '../../playbook/topology.ts'
import { caFrom } from '../ucp/facts.ts'
import { runScript } from './scripts.ts'

/** Every vendor command used here: where it is documented and for which versions. A test holds the builders against it. */
export const commands = [
  {
    name: 'install',
    form: 'docker run --rm -e UCP_USERNAME -e UCP_PASSWORD IMAGE install --ucp-url --ucp-ca --ucp-node --replica-id --dtr-external-url',
    source:
      '[D: reference/dtr/2.7/cli/install.md, reference/dtr/2.6/cli/install.md], [M: msr/2.9/cli-ref/install]; template §11.1',
    versions: '2.6 to 2.10',
  },
  {
    name: 'join',
    form: 'docker run --rm -e UCP_USERNAME -e UCP_PASSWORD IMAGE join --ucp-url --ucp-ca --ucp-node --existing-replica-id --replica-id',
    source: '[D: reference/dtr/2.7/cli/join.md], [M: msr/2.9/cli-ref/join]; template §11.1',
    versions: '2.6 to 2.10',
  },
  {
    name: 'remove',
    form: 'docker run --rm -e UCP_USERNAME -e UCP_PASSWORD IMAGE remove --ucp-url --ucp-ca --existing-replica-id --replica-ids',
    source: '[D: reference/dtr/2.7/cli/remove.md], [M: msr/2.9/cli-ref/remove]; template §11.1',
    versions: '2.6 to 2.10',
  },
  {
    name: 'destroy',
    form: 'docker run --rm -e UCP_USERNAME -e UCP_PASSWORD IMAGE destroy --ucp-url --ucp-ca --replica-id',
    source: '[D: reference/dtr/2.7/cli/destroy.md], [L]',
    versions: '2.6 to 2.10',
  },
  {
    name: 'upgrade',
    form: 'docker run --rm -e UCP_USERNAME -e UCP_PASSWORD IMAGE upgrade --ucp-url --ucp-ca --existing-replica-id',
    source: '[D: reference/dtr/2.7/cli/upgrade.md, ee/dtr/admin/upgrade.md]',
    versions: '2.6 to 2.10',
  },
  {
    name: 'reconfigure',
    form: 'docker run --rm -e UCP_USERNAME -e UCP_PASSWORD IMAGE reconfigure --ucp-url --ucp-ca --existing-replica-id [--dtr-external-url] [--dtr-ca --dtr-cert] [--replica-http-port --replica-https-port] [--nfs-storage-url|--dtr-storage-volume --storage-migrated]',
    source: '[D: reference/dtr/2.7/cli/reconfigure.md], [O]',
    versions: '2.6 to 2.10; --storage-migrated from 2.6.4',
  },
  {
    name: 'emergency-repair',
    form: 'docker run --rm -e UCP_USERNAME -e UCP_PASSWORD IMAGE emergency-repair --ucp-url --ucp-ca --existing-replica-id --yes',
    source:
      '[D: reference/dtr/2.7/cli/emergency-repair.md, ee/dtr/admin/disaster-recovery/repair-a-cluster.md]; template §11.1. No capture of its output was found: what it did is read from the registry. Never with --prune, which deletes the volumes of the others',
    versions: '2.6 to 2.10',
  },
  {
    name: 'ping',
    form: 'GET /_ping',
    source: '[D: ee/dtr/admin/configure/use-a-load-balancer.md]',
    versions: '2.3 and later',
  },
  {
    name: 'cluster_status',
    form: 'GET /api/v0/meta/cluster_status (basic authentication, administrator)',
    source: '[D: ee/dtr/admin/monitor-and-troubleshoot/index.md, API of DTR 2.7], [C]',
    versions: '2.6 to 2.10',
  },
  {
    name: 'settings',
    form: 'GET /api/v0/meta/settings',
    source: '[D: API of DTR 2.7], [C]',
    versions: '2.6 to 2.10',
  },
  {
    name: 'storage',
    form: 'PUT /api/v0/admin/settings/registry/simple while the registry is empty',
    source: '[S: several public install scripts]',
    versions: '2.2 to 2.5 seen; later unconfirmed, so what GET then says decides',
  },
  { name: 'ca', form: 'GET /ca', source: '[G]', versions: '2.x' },
  {
    name: 'repository',
    form: 'GET, POST /api/v0/repositories/NAMESPACE {name, shortDescription, visibility}',
    source: '[S: public push scripts]',
    versions: '2.x',
  },
] as const

/** Suggested limit of one install or join (inferred, §11.2): seen are 100 to 183 s without pulls. */
export const RUN_LIMIT_SECONDS = 1800

/** Where UCP answers a bootstrapper: one manager's own address. Through a balancer runs broke with 504 [KB, H]. */
export function ucpUrl(topology: Topology, ucp: UcpSpec, manager: HostName): string {
  const address = topology.hosts[manager]?.address ?? manager
  const host = address.includes(':') ? `[${address}]` : address
  return `https://${host}${ucp.controllerPort === 443 ? '' : `:${ucp.controllerPort}`}`
}

/** What install and join need beside the replica itself. */
export interface Run {
  readonly topology: Topology
  readonly ucp: UcpSpec
  readonly dtr: DtrSpec
  readonly manager: HostName
}

/** Creates a registry of one replica on its own host. */
export function installCommand(run: Run, replica: ReplicaSpec): Command {
  const { dtr, topology } = run
  const { certificates } = dtr
  const certificate: readonly Value[] = certificates
    ? ['--dtr-ca', certificates.ca, '--dtr-cert', certificates.cert]
    : []
  return bootstrapper(run, replica, 'install', [
    '--dtr-external-url',
    dtr.externalUrl,
    ...ports(replica),
    ...storageFlags(topology),
    ...certificate,
    ...dtr.extraFlags,
  ])
}

/** Adds a replica through the database of a healthy one. Storage and settings are inherited. */
export function joinCommand(run: Run, replica: ReplicaSpec, donor: ReplicaSpec): Command {
  return bootstrapper(run, replica, 'join', ['--existing-replica-id', donor.id, ...ports(replica)])
}

/** Takes one member out of the database and clears its node, through `donor`, which is another one [D: remove.md]. */
export function removeCommand(run: Run, donor: ReplicaSpec, id: string): Command {
  return dockerRun(run, 'remove', ['--existing-replica-id', donor.id, '--replica-ids', id])
}

/** Deletes containers and volumes of one id without telling any database [D: destroy.md]. */
export function destroyCommand(run: Run, id: string): Command {
  return dockerRun(run, 'destroy', ['--replica-id', id])
}

/** Replaces all replicas, one after the other, by those of the image's version [D: upgrade.md]. */
export function upgradeCommand(run: Run, donor: ReplicaSpec): Command {
  return dockerRun(run, 'upgrade', ['--existing-replica-id', donor.id])
}

/** Changes settings of the registry, or of the one replica that is named. With `key` the certificate's key goes along. */
export function reconfigureCommand(
  run: Run,
  replica: ReplicaSpec,
  flags: readonly Value[],
  key?: { readonly secret: string },
): Command {
  return dockerRun(run, 'reconfigure', ['--existing-replica-id', replica.id, ...flags], key)
}

/** Keeps one replica with its data and drops all others; their volumes stay, since there is no `--prune` [D: emergency-repair.md]. */
export function repairCommand(run: Run, survivor: ReplicaSpec): Command {
  return dockerRun(run, 'emergency-repair', ['--existing-replica-id', survivor.id, '--yes'])
}

/** Verbs that make a replica on its own host, where the script clears what an interrupted run of ours left. */
function bootstrapper(
  run: Run,
  replica: ReplicaSpec,
  verb: 'install' | 'join',
  flags: readonly Value[],
): Command {
  const key = verb === 'install' ? run.dtr.certificates?.key : undefined
  const target = ['--ucp-node', nodeName(replica.host), '--replica-id', replica.id]
  const command = dockerRun(run, verb, [...target, ...flags], key)
  const script = ['sh', '-c', runScript, `runbook-dtr-${verb}`, replica.id]
  return { ...command, argv: [...script, ...command.argv] }
}

/**
 * Login and the certificate's key go by environment. The key's variable was renamed in print with the product: both are set, the tool reads
 * its own (unconfirmed which).
 */
export function dockerRun(
  { topology, ucp, dtr, manager }: Run,
  verb: string,
  flags: readonly Value[],
  key?: { readonly secret: string },
  /** For docker itself: '-i', '--log-driver none'. */
  more: readonly string[] = [],
): Command {
  const env = {
    UCP_USERNAME: ucp.adminUsername,
    UCP_PASSWORD: ucp.adminPassword,
    ...(key ? { DTR_KEY: key, MSR_KEY: key } : {}),
  }
  return {
    argv: [
      'docker',
      'run',
      '--rm',
      ...more,
      ...Object.keys(env).flatMap(name => ['-e', name]),
      dtr.image,
      verb,
      '--ucp-url',
      ucpUrl(topology, ucp, manager),
      '--ucp-ca',
      caFrom(ucp, manager),
      ...flags,
    ],
    env,
  }
}

/** The name in `docker node ls` is what the host calls itself, and the tool accepts nothing else [I: moby/moby#23414]. */
function nodeName(host: HostName): Value {
  return { fact: { fact: 'os.machine', host }, pick: 'hostname' }
}

function ports({ httpPort, httpsPort }: ReplicaSpec): readonly string[] {
  return ['--replica-http-port', String(httpPort), '--replica-https-port', String(httpsPort)]
}

/** Object stores have no flags: they are set over the API while the registry is empty. */
function storageFlags({ storage }: Topology): readonly string[] {
  if (storage.kind === 'path') return ['--dtr-storage-volume', storage.path]
  if (storage.kind !== 'nfs') return []
  return [
    '--nfs-storage-url',
    storage.url,
    ...(storage.options === undefined ? [] : ['--nfs-options', storage.options]),
  ]
}
