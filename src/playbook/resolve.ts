import { finder } from '../plan/finder.ts'
import type { Finding } from '../plan/finding.ts'
import type { Host, HostName } from '../plan/step.ts'
import { type Kind, pinFile, type ReadLocal } from './local-file.ts'
import { pages } from './pages.ts'
import type { Path } from './placed.ts'
import { checkReferences } from './references.ts'
import { resolveBackup } from './resolve-backup.ts'
import { resolveBalancer, resolveStorage } from './resolve-outside.ts'
import { resolveDocker, resolveDtr, resolveUcp, type Roles, unique } from './resolve-products.ts'
import { resolveSteps } from './resolve-steps.ts'
import type { Playbook, SshDefaults } from './schema.gen.ts'
import type { LocalFile, SshSpec, Topology } from './topology.ts'

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
