import type { Command, HostName, Op, Value } from '../../plan/step.ts'
import type { Topology, UcpSpec } from '../../playbook/topology.ts'
import { atLeast } from '../../plan/version.ts'
import { FATAL_LINE } from '../docker/api.ts'
import { CERTIFICATE_PUT, CONFIG_GET, CONFIG_SET, LICENSE_PUT, RELEASE } from './scripts.ts'

/** Every vendor command used here: where it is documented and for which versions. A test holds the builders against it. */
export const COMMANDS = [
  {
    name: 'install',
    form: 'docker container run --rm --name ucp -v /var/run/docker.sock:/var/run/docker.sock IMAGE install …',
    source: '[D: reference/ucp/3.2/cli/install.md, reference/ucp/3.1/cli/install.md]; template §11.1',
    versions: '3.1 and later 3.x; Mirantis keeps flags and names [M: mke/3.8/cli-ref]',
  },
  {
    name: 'upgrade',
    form: 'docker container run --rm --name ucp -v /var/run/docker.sock:/var/run/docker.sock NEW_IMAGE upgrade --id SWARM …',
    source:
      '[D: reference/ucp/3.2/cli/upgrade.md], [L] for the id. The manual gives --admin-username and --admin-password without their variables; those of install are used, so that no password is an argument: unconfirmed for upgrade',
    versions: '3.0 and later 3.x; 3.3 and later want a recent backup, or --force-recent-backup',
  },
  {
    name: 'release',
    form: 'docker node update --label-rm com.docker.ucp.upgrade-hold NODE',
    source: '[D: reference/ucp/3.2/cli/upgrade.md, ee/ucp/admin/install/upgrade.md]',
    versions: 'after upgrade --manual-worker-upgrade; 3.1 and later',
  },
  {
    name: 'uninstall-ucp',
    form: 'docker container run --rm --name ucp -v /var/run/docker.sock:/var/run/docker.sock IMAGE uninstall-ucp --id SWARM --purge-config',
    source: '[D: reference/ucp/3.2/cli/uninstall-ucp.md], [L]',
    versions: '3.1 and later 3.x',
  },
  {
    name: 'join',
    form: 'docker swarm join, as POST /swarm/join on the engine of the new node so that the token is no argument',
    source: '[D: engine/swarm/admin_guide.md]; engine API [G]',
    versions: 'all engines with swarm mode',
  },
  {
    name: 'ping',
    form: 'GET /_ping, never HEAD (404)',
    source: '[D: ee/ucp/admin/monitor-and-troubleshoot/index.md]',
    versions: '2.x and later',
  },
  {
    name: 'login',
    form: 'POST /auth/login {username, password} answers auth_token',
    source: '[D: ee/ucp/user-access/cli.md]',
    versions: '2.x and later',
  },
  {
    name: 'config-toml',
    form: 'GET and PUT /api/ucp/config-toml',
    source: '[D: ee/ucp/admin/configure/ucp-configuration-file.md]',
    versions: '3.1 and later',
  },
  {
    name: 'license',
    form: 'POST /api/config/license {auto_refresh, license_config}',
    source: '[S: two public install scripts]; not in the manual: unconfirmed for 3.x',
    versions: '2.x; 3.x unconfirmed. A licence given to install does not need it',
  },
  {
    name: 'certificates',
    form: 'ca.pem, cert.pem, key.pem in volume ucp-controller-server-certs before install --external-server-cert',
    source: '[D: ee/ucp/admin/configure/use-your-own-tls-certificates.md], [L]',
    versions: '3.x',
  },
] as const

/** Name of the bootstrapper's container: fixed by the product, so it is also its lock. */
export const BOOTSTRAPPER = 'ucp'
/** Where the licence lies on the first manager while UCP is installed. */
export const LICENSE_PATH = '/etc/runbook/docker_subscription.lic'
/** Volume that holds the controllers' own certificate. */
export const CERTIFICATE_VOLUME = 'ucp-controller-server-certs'

/** `ucp install` on the first manager. Name and password of the administrator go by environment. */
export function installCommand(topology: Topology, ucp: UcpSpec, host: HostName): Command {
  const license = ucp.license ? ['--volume', `${LICENSE_PATH}:/config/docker_subscription.lic`] : []
  return {
    argv: [
      'docker',
      'container',
      'run',
      '--rm',
      '--name',
      BOOTSTRAPPER,
      '--env',
      'UCP_ADMIN_USER',
      '--env',
      'UCP_ADMIN_PASSWORD',
      '--volume',
      '/var/run/docker.sock:/var/run/docker.sock',
      ...license,
      ucp.image,
      'install',
      '--host-address',
      topology.hosts[host]?.address ?? host,
      ...ucp.sans.flatMap(san => ['--san', san]),
      '--controller-port',
      String(ucp.controllerPort),
      '--pod-cidr',
      ucp.podCidr,
      ...(ucp.certificates ? ['--external-server-cert'] : []),
      ...ucp.extraFlags,
    ],
    env: { UCP_ADMIN_USER: ucp.adminUsername, UCP_ADMIN_PASSWORD: ucp.adminPassword },
  }
}

/**
 * `ucp upgrade` with the new image on a manager: all nodes, or with waves the managers only, which labels the workers to be held back. From
 * 3.3 on it wants a recent backup of its own, or to be told that there is another [M: containers/v3.0 mke-cli-upgrade]. Name and password go by environment; whether `upgrade` reads them is unconfirmed.
 */
export function upgradeCommand(ucp: UcpSpec, host: HostName): Command {
  return {
    argv: [
      ...onSocket(['--env', 'UCP_ADMIN_USER', '--env', 'UCP_ADMIN_PASSWORD']),
      ucp.image,
      'upgrade',
      '--id',
      swarmId(host),
      ...(ucp.upgrade?.workersAtOnce === undefined ? [] : ['--manual-worker-upgrade']),
      ...(ucp.upgrade?.forceRecentBackup === true && atLeast(ucp.version, '3.3.0')
        ? ['--force-recent-backup']
        : []),
    ],
    env: { UCP_ADMIN_USER: ucp.adminUsername, UCP_ADMIN_PASSWORD: ucp.adminPassword },
  }
}

/** `uninstall-ucp` of the version that runs, once for all nodes, the swarm's configs of UCP with it. */
export function uninstallCommand(image: string, host: HostName): Command {
  return { argv: [...onSocket([]), image, 'uninstall-ucp', '--id', swarmId(host), '--purge-config'] }
}

/** The bootstrapper with the engine's socket and its fixed name, which is its lock; image and command follow. */
export function onSocket(more: readonly string[]): readonly string[] {
  const socket = '/var/run/docker.sock:/var/run/docker.sock'
  return ['docker', 'container', 'run', '--rm', '--name', BOOTSTRAPPER, ...more, '--volume', socket]
}

/** Lets a worker that an upgrade holds back come after: asked on a manager. Nothing to do for one that is not held. */
export function releaseCommand(worker: HostName): Command {
  return { argv: ['sh', '-c', RELEASE, 'runbook-ucp-release', worker] }
}

/** UCP's instance id is the swarm's id [L]. */
export function swarmId(host: HostName): Value {
  return { fact: { fact: 'docker.swarm', host }, pick: 'clusterId' }
}

/** A run of the bootstrapper. First runs pull images, so it may take an hour [§11.2]. */
export function bootstrap(command: Command): Op {
  return { exec: command, timeoutSeconds: 3600, failsOn: FATAL_LINE }
}

/** Login of the administrator as one line of JSON, for a script's standard input. */
export function loginBody(who: { readonly username: string; readonly password: Value }): Value {
  return { join: [`{"username":${JSON.stringify(who.username)},"password":`, { json: who.password }, '}'] }
}

/** Prints one section of UCP's configuration, as `section.key = value` lines are in TOML. Nothing else of it leaves the host. */
export function configGet(
  port: number,
  section: string,
  who: { readonly username: string; readonly password: Value },
): Command {
  return {
    argv: ['sh', '-c', CONFIG_GET, 'runbook-ucp-config-get', String(port), section],
    stdin: loginBody(who),
  }
}

/** Sets one key of UCP's configuration and leaves the rest of the document as it is. `value` is TOML (`true`, `"text"`). */
export function configSet(
  port: number,
  key: { readonly section: string; readonly key: string; readonly value: string },
  ucp: UcpSpec,
): Command {
  return {
    argv: ['sh', '-c', CONFIG_SET, 'runbook-ucp-config-set', String(port), key.section, key.key, key.value],
    stdin: loginBody({ username: ucp.adminUsername, password: ucp.adminPassword }),
  }
}

/** Gives a licence to a UCP that runs. */
export function licensePut(
  ucp: UcpSpec,
  license: { readonly file: string; readonly sha256: string },
): Command {
  const login = loginBody({ username: ucp.adminUsername, password: ucp.adminPassword })
  return {
    argv: ['sh', '-c', LICENSE_PUT, 'runbook-ucp-license-put', String(ucp.controllerPort)],
    stdin: { join: [login, '\n', license] },
  }
}

/** Puts one PEM file into the certificate volume, readable by root only. */
export function certificatePut(name: 'ca.pem' | 'cert.pem' | 'key.pem', content: Value): Command {
  return { argv: ['sh', '-c', CERTIFICATE_PUT, 'runbook-ucp-certificate-put', name], stdin: content }
}
