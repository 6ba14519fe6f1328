import { finder } from '../plan/finder.ts'
import type { Finding } from '../plan/finding.ts'
import type { Host, HostName } from '../plan/step.ts'
import { isPublicRepository, publicRepository } from './images.ts'
import { type Kind, pinFile, type ReadLocal } from './local-file.ts'
import { pages } from './pages.ts'
import type { Path } from './placed.ts'
import { checkReferences } from './references.ts'
import { replicaIds } from './replica-ids.ts'
import { resolveBackup } from './resolve-backup.ts'
import { resolveBalancer, resolveStorage } from './resolve-outside.ts'
import { resolveSteps } from './resolve-steps.ts'
import type { Certificates, Playbook, SshDefaults } from './schema.gen.ts'
import type {
  CertificateSpec,
  DockerSpec,
  DtrSpec,
  LoadBalancerSpec,
  LocalFile,
  SshSpec,
  Topology,
  UcpSpec,
} from './topology.ts'

const find = finder(pages)

/**
 * The playbook as meant. Pure but for `read`, which pins the files beside the playbook. The order of hosts in `hosts`
 * means nothing and changes nothing. With errors among the findings the topology is only good for finding more of them.
 */
export function resolve(
  playbook: Playbook,
  read: ReadLocal,
): { readonly topology: Topology; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [...checkReferences(playbook, find)]
  const pin = (file: string, kind: Kind, path: Path): LocalFile => {
    const { pinned, findings: found } = pinFile(file, kind, path, read, find)
    findings.push(...found)
    return pinned
  }
  const ssh = playbook.ssh ?? {}
  const loadBalancer =
    playbook.loadBalancer === undefined ? undefined : resolveBalancer(playbook.loadBalancer)
  const roles = rolesOf(playbook)
  const ucp = resolveUcp(playbook, roles, loadBalancer, pin, findings)
  const dtr = resolveDtr(playbook, loadBalancer, pin, findings)
  const { vars, steps, absent } = playbook
  const pinText = (file: string, path: Path): LocalFile => pin(file, 'text', path)
  const topology: Topology = {
    name: playbook.name,
    hosts: Object.fromEntries(
      Object.keys(playbook.hosts)
        .sort()
        .map(name => [name, resolveHost(name, playbook, ssh, roles, findings)]),
    ),
    roles,
    ssh: resolveSsh(playbook, ssh),
    docker: resolveDocker(playbook, roles, pin),
    ...(ucp !== undefined && { ucp }),
    ...(dtr !== undefined && { dtr }),
    storage: resolveStorage(playbook.storage ?? { kind: 'local' }, find, findings),
    ...(loadBalancer !== undefined && { loadBalancer }),
    ...(playbook.backup !== undefined && { backup: resolveBackup(playbook.backup) }),
    ...(absent !== undefined && {
      absent: { replicas: absent.replicas ?? [], nodes: absent.nodes ?? [] },
    }),
    ...(playbook.accept !== undefined && { accepts: playbook.accept }),
    ...(vars !== undefined && { vars }),
    ...(steps !== undefined && { steps: resolveSteps(playbook, roles, read, pinText, find, findings) }),
  }
  return { topology, findings }
}

type Roles = { readonly [role: string]: readonly HostName[] }
type Pin = (file: string, kind: Kind, path: Path) => LocalFile

function rolesOf({ hosts, ucp, dtr, loadBalancer }: Playbook): Roles {
  const replicas = unique((dtr?.replicas ?? []).map(({ host }) => host))
  const managers = unique(ucp?.managers ?? [])
  const roles: { [role: string]: HostName[] } = {
    manager: managers,
    // A replica on a manager is refused by a rule; it must not join twice meanwhile.
    worker:
      ucp === undefined
        ? []
        : unique([...(ucp.workers ?? []), ...replicas]).filter(host => !managers.includes(host)),
    dtr: replicas,
    loadBalancer:
      loadBalancer === undefined || loadBalancer.kind === 'external' ? [] : unique(loadBalancer.hosts),
  }
  const own = Object.entries(hosts).flatMap(([name, host]) =>
    (host.roles ?? []).map(role => ({ name, role })),
  )
  for (const role of unique(own.map(one => one.role)).sort()) {
    roles[role] ??= unique(own.filter(one => one.role === role).map(one => one.name)).sort()
  }
  return roles
}

function resolveSsh(playbook: Playbook, ssh: SshDefaults): SshSpec {
  const open = Object.entries(playbook.hosts)
    .map(([name, host]) => {
      const said = { ...ssh, ...host }
      return [name, (['user', 'port'] as const).filter(key => said[key] === undefined)] as const
    })
    .filter(([, left]) => left.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    transport: ssh.transport ?? 'ssh2',
    ...(ssh.knownHosts !== undefined && { knownHostsFiles: ssh.knownHosts }),
    ...(ssh.hostKeys !== undefined && { hostKeys: ssh.hostKeys }),
    connectTimeoutSeconds: ssh.connectTimeoutSeconds ?? 15,
    ...(ssh.passphrase !== undefined && { passphrase: { secret: ssh.passphrase } }),
    ...(open.length > 0 && { open: Object.fromEntries(open) }),
  }
}

function resolveHost(
  name: HostName,
  playbook: Playbook,
  ssh: SshDefaults,
  roles: Roles,
  findings: Finding[],
): Host {
  const host = playbook.hosts[name] ?? { address: '' }
  const password = host.password ?? ssh.password
  const identityFile = host.identityFile ?? ssh.identityFile
  const mode = host.sudo ?? ssh.sudo ?? 'none'
  const sudoPassword = host.sudoPassword ?? host.password ?? ssh.sudoPassword ?? ssh.password
  if (mode === 'password' && sudoPassword === undefined) {
    const path = host.sudo === undefined ? ['ssh', 'sudo'] : ['hosts', name, 'sudo']
    findings.push(
      find(
        'RB0208',
        path,
        `sudo asks for a password on '${name}', and the playbook names none`,
        "add 'sudoPassword: env:NAME' to 'ssh' or to the host",
      ),
    )
  }
  return {
    name,
    address: host.address,
    port: host.port ?? ssh.port ?? 22,
    user: host.user ?? ssh.user ?? 'root',
    roles: Object.keys(roles).filter(role => roles[role]?.includes(name)),
    ...(host.site !== undefined && { site: host.site }),
    ...(host.jump !== undefined && { jump: host.jump }),
    ...(identityFile !== undefined && { identityFile }),
    ...(password !== undefined && { password: { secret: password } }),
    sudo:
      mode === 'none'
        ? 'no'
        : mode === 'nopasswd' || sudoPassword === undefined
          ? 'nopasswd'
          : { secret: sudoPassword },
  }
}

function resolveDocker({ hosts, ucp, dtr, docker }: Playbook, roles: Roles, pin: Pin): DockerSpec {
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

function resolveUcp(
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

function resolveDtr(
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

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)]
}
