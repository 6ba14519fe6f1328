import { finder } from '../plan/finder.ts'
import type { Finding } from '../plan/finding.ts'
import type { HostName } from '../plan/step.ts'
import { isPublicRepository, publicRepository } from './images.ts'
import type { Kind } from './local-file.ts'
import { pages } from './pages.ts'
import type { Path } from './placed.ts'
import { replicaIds } from './replica-ids.ts'
import type { Certificates, Playbook } from './schema.gen.ts'
import type {
  CertificateSpec,
  DockerSpec,
  DtrSpec,
  LoadBalancerSpec,
  LocalFile,
  UcpSpec,
} from './topology.ts'

const find = finder(pages)

/** Hosts by what they are: 'manager', 'worker', 'dtr', 'loadBalancer', and roles of the playbook's own. */
export type Roles = { readonly [role: string]: readonly HostName[] }
/** Pins a file beside the playbook; a file that cannot be had is a finding. */
export type Pin = (file: string, kind: Kind, path: Path) => LocalFile

/** Which engine, on which hosts: every member, or all hosts of a playbook of own steps. */
export function resolveDocker({ hosts, ucp, dtr, docker }: Playbook, roles: Roles, pin: Pin): DockerSpec {
  const members = unique([...(roles['manager'] ?? []), ...(roles['worker'] ?? []), ...(roles['dtr'] ?? [])])
  if (docker === undefined) return { version: '', hosts: [] }
  const { install } = docker
  return {
    version: docker.version,
    hosts: ucp === undefined && dtr === undefined ? Object.keys(hosts).sort() : members,
    ...(install !== undefined && {
      install: {
        manager: install.manager,
        packages: install.packages,
        ...(install.source !== undefined && { source: install.source }),
        ...(install.key !== undefined && {
          key: pin(install.key, 'public key', ['docker', 'install', 'key']),
        }),
      },
    }),
  }
}

/** UCP as meant, with the names that its certificate must hold. Absent: the playbook has none. */
export function resolveUcp(
  { hosts, ucp }: Playbook,
  roles: Roles,
  balancer: LoadBalancerSpec | undefined,
  pin: Pin,
  findings: Finding[],
): UcpSpec | undefined {
  if (ucp === undefined) return undefined
  const repository = repositoryFor('ucp', ucp, findings)
  const managers = roles['manager'] ?? []
  return {
    version: ucp.version,
    repository,
    image: `${repository}/ucp:${ucp.version}`,
    managers,
    workers: roles['worker'] ?? [],
    adminUsername: ucp.adminUsername ?? 'admin',
    adminPassword: { secret: ucp.adminPassword },
    sans: unique([
      ...(balancer?.ucp === undefined ? [] : [balancer.ucp.name]),
      ...managers.flatMap(name => [name, hosts[name]?.address ?? name]),
      ...(ucp.sans ?? []),
    ]),
    controllerPort: ucp.controllerPort ?? 443,
    ...(ucp.config !== undefined && { config: ucp.config }),
    ...(ucp.upgrade !== undefined && { upgrade: ucp.upgrade }),
    podCidr: ucp.podCidr ?? '192.168.0.0/16',
    ...(ucp.license !== undefined && { license: pin(ucp.license, 'license', ['ucp', 'license']) }),
    ...(ucp.certificates !== undefined && {
      certificates: resolveCertificates(ucp.certificates, ['ucp', 'certificates'], pin),
    }),
    extraFlags: ucp.extraFlags ?? [],
  }
}

/** The registry as meant: an id for each replica, and the name that clients know it by. Absent: the playbook has none. */
export function resolveDtr(
  { name, dtr, hosts }: Playbook,
  balancer: LoadBalancerSpec | undefined,
  pin: Pin,
  findings: Finding[],
): DtrSpec | undefined {
  if (dtr === undefined) return undefined
  const repository = repositoryFor('dtr', dtr, findings)
  const ids = replicaIds(name, dtr.replicas)
  dtr.replicas.forEach(({ id, host }, i) => {
    const before = dtr.replicas.findIndex(other => other.id === id)
    if (id !== undefined && before < i)
      findings.push(
        find(
          'RB0207',
          ['dtr', 'replicas', i, 'id'],
          `replica id ${id} of '${host}' is that of '${dtr.replicas[before]?.host ?? ''}' too`,
          'give each replica its own, or none: ids are then derived',
        ),
      )
  })
  const replicas = dtr.replicas.map(replica => ({
    host: replica.host,
    id: replica.id ?? ids.get(replica.host) ?? '',
    httpPort: replica.httpPort ?? 80,
    httpsPort: replica.httpsPort ?? 443,
  }))
  const [first] = replicas
  const [clientName, clientPort] =
    balancer?.dtr === undefined
      ? [hosts[first?.host ?? '']?.address ?? '', first?.httpsPort ?? 443]
      : [balancer.dtr.name, balancer.dtr.port]
  if (dtr.externalUrl === undefined && balancer?.dtr === undefined) {
    const several = replicas.length > 1
    findings.push(
      find(
        several ? 'RB0607' : 'RB0608',
        ['dtr'],
        several
          ? 'several replicas, and nothing says under which name clients reach them'
          : `no 'externalUrl': the certificate will be for ${clientName}`,
        "add 'externalUrl: https://NAME', or a 'loadBalancer' with a 'dtr' name",
      ),
    )
  }
  return {
    version: dtr.version,
    repository,
    image: `${repository}/dtr:${dtr.version}`,
    replicas,
    externalUrl: dtr.externalUrl ?? `https://${clientName}${clientPort === 443 ? '' : `:${clientPort}`}`,
    ...(dtr.certificates !== undefined && {
      certificates: resolveCertificates(dtr.certificates, ['dtr', 'certificates'], pin),
    }),
    extraFlags: dtr.extraFlags ?? [],
  }
}

function repositoryFor(
  product: 'ucp' | 'dtr',
  section: { readonly version: string; readonly repository?: string },
  findings: Finding[],
): string {
  const { version, repository } = section
  const rule = publicRepository(product, version)
  if (repository === undefined) return rule
  if (isPublicRepository(repository) && repository.replace(/^(index\.)?docker\.io\//, '') !== rule) {
    findings.push(
      find(
        'RB0404',
        [product, 'repository'],
        `'${repository}' does not hold ${product}:${version}`,
        `${product} ${version} is in '${rule}'; delete 'repository' to go by the rule`,
      ),
    )
  }
  return repository
}

function resolveCertificates(from: Certificates, path: Path, pin: Pin): CertificateSpec {
  return {
    ca: pin(from.ca, 'certificate', [...path, 'ca']),
    cert: pin(from.cert, 'certificate', [...path, 'cert']),
    key: { secret: from.key },
  }
}

/** Each once, in the order of their first places. */
export function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)]
}
