import { createHash } from 'node:crypto'
import type { Exit } from '../../plan/fact.ts'
import type { Estate, Model, Pending } from '../../twin/estate.ts'
import {
  containersOn,
  engineIsUp,
  engineState,
  nodeOf,
  peekEngine,
  startSwarm,
  swarmOf,
  type TwinAgent,
  type TwinSwarm,
} from '../docker/estate.ts'
import { notFound } from '../docker/model.ts'
import { osOf } from '../os/bareHost.ts'
import { exit } from '../os/model.ts'
import { CERTIFICATE_VOLUME, LICENSE_PATH } from './commands.ts'
import { controllerOn, sectionOf, twinUcp, withSetting, type TwinUcp } from './estate.ts'
import { conflictText, installLog, logLine } from './logText.ts'

/** An install with images to hand takes about a minute [O: 50 to 60 s]. */
const INSTALL_TAKES_MS = 60_000

/** How the twin's UCP answers: its bootstrapper, its HTTP API on the manager itself, and our named scripts. */
export const model: Model = (line, host, estate) => {
  const [program, ...words] = line.argv
  const imageAt = words.findIndex(word => /(^|\/)ucp:\d/.test(word))
  if (program === 'docker' && imageAt > 0 && words.includes('run'))
    return bootstrapper(line, imageAt + 1, host, estate)
  const named = program === 'sh' && words[0] === '-c' ? (words[2] ?? '') : ''
  if (named === 'runbook-ucp-certificates') return certificates(estate, host)
  if (named === 'runbook-ucp-remains') {
    if (!engineIsUp(estate, host)) return notFound('docker')
    const { containers, volumes } = remainsOn(estate, host)
    return exit(0, `containers=${containers.length}\nvolumes=${volumes.length}\nend=1\n`)
  }
  if (named === 'runbook-ucp-sweep') return sweep(estate, host)
  if (named === 'runbook-ucp-certificate-put') {
    const volumes = engineState(estate, host).volumes
    const volume = (volumes[CERTIFICATE_VOLUME] ??= { driver: 'local', options: {}, files: {} })
    volume.files[words[3] ?? ''] = line.stdin ?? ''
    return exit(0)
  }
  if (named === 'runbook-ucp-webcertificate') {
    const found = controllerOn(estate, host)
    if (!found || String(found.ucp.controllerPort) !== words[3])
      return exit(4, '', 'nothing answers with a certificate\n')
    const label = nodeOf(estate, host)?.node.labels['com.docker.ucp.SANs'] ?? ''
    const names = [...found.ucp.sans, ...label.split(',').filter(name => name !== '')]
    const text = names.map(name => `${/^[\d.]+$/.test(name) ? 'IP Address' : 'DNS'}:${name}`).join(', ')
    return exit(0, `notAfter=Jan  1 00:00:00 2031 GMT\nnames=${text}\nend=1\n`)
  }
  if (named === 'runbook-ucp-license') return licence(estate, host)
  if (named.startsWith('runbook-ucp-')) return asAdmin(named, words.slice(3), line.stdin ?? '', host, estate)
  if (program === 'curl' && words.includes('runbook-ucp')) return http(words, host, estate)
  return undefined
}

function http(words: readonly string[], host: string, estate: Estate): Exit {
  if (!osOf(estate, host).curl) return notFound('curl')
  const url = new URL(words.at(-1) ?? '')
  const found = controllerOn(estate, host)
  if (!found || String(found.ucp.controllerPort) !== (url.port || '443')) return refused(url.port)
  const head = words.includes('--head') || words.includes('-I')
  if (url.pathname === '/_ping') return exit(0, head ? '404' : found.healthy ? '200' : '500')
  if (url.pathname === '/ca') return exit(0, found.ucp.ca)
  return exit(22, '', 'curl: (22) The requested URL returned error: 404\n')
}

function refused(port: string): Exit {
  return exit(7, '', `curl: (7) Failed to connect to 127.0.0.1 port ${port || '443'}: Connection refused\n`)
}

function asAdmin(
  named: string,
  parameters: readonly string[],
  stdin: string,
  host: string,
  estate: Estate,
): Exit | undefined {
  const [port = '', section = '', key = '', value = ''] = parameters
  const found = controllerOn(estate, host)
  if (!found || String(found.ucp.controllerPort) !== port) return refused(port)
  const [login = '', ...rest] = stdin.split('\n')
  const { username, password } = JSON.parse(login) as { username: string; password: string }
  if (username !== found.ucp.adminUsername || sha256(password) !== found.ucp.adminPasswordSha256) {
    return exit(22, '', 'UCP refused the login of its administrator\n')
  }
  if (named === 'runbook-ucp-config-get')
    return exit(0, [...sectionOf(found.ucp.toml, section), '# end\n'].join('\n'))
  if (!found.healthy) return exit(22, '', 'curl: (22) The requested URL returned error: 500\n')
  if (named === 'runbook-ucp-config-set') {
    found.ucp.toml = withSetting(found.ucp.toml, section, key, value)
    return exit(0)
  }
  if (named === 'runbook-ucp-license-put') {
    const swarm = swarmOf(estate, host)?.swarm
    if (swarm) swarm.configs['com.docker.license'] = rest.join('\n')
    return exit(0)
  }
  return undefined
}

function certificates(estate: Estate, host: string): Exit {
  if (!engineIsUp(estate, host)) return notFound('docker')
  const volume = peekEngine(estate, host).volumes[CERTIFICATE_VOLUME]
  if (!volume) return exit(1, '\n', `Error: No such volume: ${CERTIFICATE_VOLUME}\n`)
  const files = volume.files
  const lines = ['ca.pem', 'cert.pem'].flatMap(name =>
    files[name] === undefined ? [] : [`${name}=${sha256(files[name])}`],
  )
  return exit(0, [...lines, ...(files['key.pem'] ? ['key.pem=yes'] : []), 'end=1\n'].join('\n'))
}

function licence(estate: Estate, host: string): Exit {
  if (!engineIsUp(estate, host)) return notFound('docker')
  const here = nodeOf(estate, host)
  if (here?.node.role !== 'manager')
    return exit(1, '', 'Error response from daemon: This node is not a swarm manager.\n')
  const text = swarmOf(estate, host)?.swarm.configs['com.docker.license']
  if (text === undefined) return exit(0, 'none=1\nend=1\n')
  const signed = /^eyJ/.test(text) ? text : /"authorization": *"([^"]*)"/.exec(text)?.[1]
  return exit(0, `${signed === undefined ? '' : `signed=${signed}\n`}end=1\n`)
}

function remainsOn(
  estate: Estate,
  host: string,
): { readonly containers: string[]; readonly volumes: string[] } {
  return {
    containers: Object.keys(containersOn(estate, host)).filter(name => /^(ucp-|k8s_)/.test(name)),
    volumes: Object.keys(peekEngine(estate, host).volumes).filter(name => name.startsWith('ucp-')),
  }
}

function sweep(estate: Estate, host: string): Exit {
  if (!engineIsUp(estate, host)) return notFound('docker')
  if (swarmOf(estate, host)) return exit(1, '', 'this host is still in a swarm (active)\n')
  const { containers, volumes } = remainsOn(estate, host)
  const state = engineState(estate, host)
  for (const name of containers) Reflect.deleteProperty(state.containers, name)
  for (const name of volumes) Reflect.deleteProperty(state.volumes, name)
  return exit(0)
}

type Line = Parameters<Model>[0]

function bootstrapper(
  line: Line,
  commandAt: number,
  host: string,
  estate: Estate,
): Exit | Pending | undefined {
  const words = line.argv.slice(1)
  const image = words[commandAt - 1] ?? ''
  const command = words[commandAt]
  if (command === 'upgrade') return upgrade(line, commandAt, host, estate)
  if (command !== 'install') return undefined
  if (!words.includes('/var/run/docker.sock:/var/run/docker.sock')) {
    return fatal('unable to connect to the Docker engine: is /var/run/docker.sock mounted?')
  }
  const state = engineState(estate, host)
  if (state.containers['ucp']) return exit(125, '', conflictText())
  if (words.includes('--tty') || words.includes('-t') || words.includes('-it'))
    return exit(1, '', 'the input device is not a TTY\n')
  const flags = flagsOf(words.slice(commandAt + 1))
  const password = line.env['UCP_ADMIN_PASSWORD'] ?? ''
  if (password.length < 8) return fatal('Your admin password must be at least 8 characters long')
  if (twinUcp(estate)) return fatal('UCP is already installed on this cluster')
  if (
    flags.has('--external-server-cert') &&
    !peekEngine(estate, host).volumes[CERTIFICATE_VOLUME]?.files['key.pem']
  ) {
    return fatal(`unable to find the external server certificate in volume ${CERTIFICATE_VOLUME}`)
  }
  if (nodeOf(estate, host)?.node.role === 'worker')
    return fatal('this node is a worker of a swarm: UCP is installed on a manager')
  state.containers['ucp'] = { image, startsMs: estate.clockMs, healthyMs: null, exitCode: null, labels: {} }
  return { tookMs: INSTALL_TAKES_MS, finish: now => finishInstall(now, host, image, flags, line) }
}

function fatal(message: string): Exit {
  return exit(1, '', `${logLine('fatal', message)}\n`)
}

function flagsOf(words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const flags = new Map<string, string[]>()
  words.forEach((word, i) => {
    if (!word.startsWith('--')) return
    const [name = '', inline] = word.split('=')
    const next = words[i + 1]
    flags.set(name, [...(flags.get(name) ?? []), inline ?? (next?.startsWith('--') ? '' : (next ?? ''))])
  })
  return flags
}

function finishInstall(
  estate: Estate,
  host: string,
  image: string,
  flags: ReadonlyMap<string, readonly string[]>,
  line: Line,
): Exit {
  Reflect.deleteProperty(engineState(estate, host).containers, 'ucp')
  const address = flags.get('--host-address')?.[0] ?? osOf(estate, host).address
  const fresh = swarmOf(estate, host) === undefined
  const swarmId = swarmOf(estate, host)?.id ?? startSwarm(estate, host, address)
  const swarm = swarmOf(estate, host)?.swarm
  if (!swarm) return exit(1, '', `${logLine('fatal', 'the swarm is gone')}\n`)
  const [repository = '', version = ''] = image.split(':')
  const port = Number(flags.get('--controller-port')?.[0] ?? '443')
  const ucp: TwinUcp = {
    swarm: swarmId,
    version,
    repository,
    controllerPort: port,
    adminUsername: line.env['UCP_ADMIN_USER'] ?? 'admin',
    adminPasswordSha256: sha256(line.env['UCP_ADMIN_PASSWORD'] ?? ''),
    sans: [...(flags.get('--san') ?? [])],
    podCidr: flags.get('--pod-cidr')?.[0] ?? '192.168.0.0/16',
    toml: `[auth]\n  default_new_user_role = "restrictedcontrol"\n\n[scheduling_configuration]\n  default_node_orchestrator = "swarm"\n\n[cluster_config]\n  controller_port = ${port}\n`,
    ca: `-----BEGIN CERTIFICATE-----\n${Buffer.from(`UCP of ${swarmId}`).toString('base64')}\n-----END CERTIFICATE-----\n`,
  }
  estate.shared['ucp'] = ucp as unknown as NonNullable<Estate['shared'][string]>
  swarm.agents.push(...agents(repository.replace(/\/ucp$/, ''), version, estate.clockMs))
  swarm.configs['com.docker.ucp.config-1'] = ucp.toml
  const license = line.argv.some(word => word.endsWith(':/config/docker_subscription.lic'))
    ? estate.hosts[host]?.files[LICENSE_PATH]?.content
    : undefined
  if (license !== undefined) swarm.configs['com.docker.license'] = license
  // Who is there when UCP is installed gets it during the install, not minutes after.
  for (const node of Object.values(swarm.nodes))
    node.joinedMs = Math.min(node.joinedMs, estate.clockMs - INSTALL_TAKES_MS)
  for (const agent of swarm.agents) agent.sinceMs = estate.clockMs - INSTALL_TAKES_MS
  const nodes = Object.entries(swarm.nodes).map(([id, node]) => ({ id, hostname: node.hostname }))
  const log = installLog({
    version,
    address,
    port,
    username: ucp.adminUsername,
    nodes,
    newSwarm: fresh,
    licensed: license !== undefined,
    instance: swarmId,
  })
  return exit(0, '', log)
}

/** Containers of the agents, and when they come up after a node has joined: a new manager's controller takes minutes [§4.8]. */
function agents(repository: string, version: string, sinceMs: number): readonly TwinAgent[] {
  const container = (
    role: 'manager' | 'worker',
    name: string,
    afterMs: number,
    healthyAfterMs: number | null,
  ): TwinAgent => ({
    role,
    name,
    image: `${repository}/${imageOf(name)}:${version}`,
    afterMs,
    healthyAfterMs,
    sinceMs,
  })
  return [
    container('manager', 'ucp-proxy', 10_000, null),
    container('manager', 'ucp-kv', 20_000, 50_000),
    container('manager', 'ucp-auth-store', 20_000, 60_000),
    container('manager', 'ucp-auth-api', 30_000, null),
    container('manager', 'ucp-auth-worker', 30_000, null),
    container('manager', 'ucp-controller', 40_000, 60_000),
    container('manager', 'ucp-kubelet', 40_000, null),
    container('worker', 'ucp-proxy', 10_000, null),
    container('worker', 'ucp-kubelet', 15_000, null),
    container('worker', 'ucp-kube-proxy', 15_000, null),
  ]
}

function imageOf(container: string): string {
  if (container === 'ucp-kv') return 'ucp-etcd'
  if (container === 'ucp-auth-api' || container === 'ucp-auth-worker') return 'ucp-auth'
  return container === 'ucp-proxy' ? 'ucp-agent' : container
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** An upgrade of a small cluster; each node takes a while [O]. */
const UPGRADE_TAKES_MS = 240_000

function upgrade(line: Line, commandAt: number, host: string, estate: Estate): Exit | Pending {
  const words = line.argv.slice(1)
  const image = words[commandAt - 1] ?? ''
  const state = engineState(estate, host)
  if (state.containers['ucp']) return exit(125, '', conflictText())
  const ucp = twinUcp(estate)
  if (!ucp) return fatal('UCP is not installed on this cluster')
  if (nodeOf(estate, host)?.node.role !== 'manager') return fatal('this command must be run on a manager')
  if (flagsOf(words.slice(commandAt + 1)).get('--id')?.[0] !== ucp.swarm)
    return fatal('the instance id does not match the one of this cluster')
  const [, version = ''] = image.split(':')
  const password = line.env['UCP_ADMIN_PASSWORD'] ?? ''
  if (sha256(password) !== ucp.adminPasswordSha256)
    return fatal('unauthorized: invalid administrator credentials')
  const minor = (text: string): number => Number(text.split('.')[1])
  if (minor(version) < minor(ucp.version))
    return fatal(`unable to downgrade from ${ucp.version} to ${version}`)
  if (minor(version) > minor(ucp.version) + 1)
    return fatal(`unable to upgrade from ${ucp.version} to ${version}: minor versions cannot be skipped`)
  state.containers['ucp'] = { image, startsMs: estate.clockMs, healthyMs: null, exitCode: null, labels: {} }
  return {
    tookMs: UPGRADE_TAKES_MS,
    finish: now => {
      Reflect.deleteProperty(engineState(now, host).containers, 'ucp')
      return finishUpgrade(now, image)
    },
  }
}

function finishUpgrade(estate: Estate, image: string): Exit {
  const ucp = twinUcp(estate)
  const swarm = (estate.shared['swarms'] as unknown as { [id: string]: TwinSwarm })[ucp?.swarm ?? '']
  if (!ucp || !swarm) return exit(1, '', `${logLine('fatal', 'UCP is gone')}\n`)
  const [repository = '', version = ''] = image.split(':')
  ucp.version = version
  ucp.repository = repository
  swarm.agents = [...agents(repository.replace(/\/ucp$/, ''), version, estate.clockMs - INSTALL_TAKES_MS)]
  return exit(0, '', `${logLine('info', `Upgrade to ${version} complete`)}\n`)
}
