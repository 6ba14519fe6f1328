import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { EngineInfo, SwarmNode } from '../common/engine.ts'
import { localEngine, runOnce } from '../common/engine.ts'
import type { Flags } from '../common/flags.ts'
import { Fatal, info, warn } from '../common/log.ts'
import type { KeyPair } from '../common/pem.ts'
import { issue, makeAuthority } from '../common/pem.ts'
import { call, json, sleep } from '../common/wire.ts'
import type { ClusterState } from './state.ts'
import { newAccount } from './state.ts'
import {
  deployServices,
  fingerprint,
  licenseIsValid,
  program,
  writeConfig,
  writeLicense,
} from './services.ts'
import { freshToml } from './toml.ts'

const repository = process.env['STANDIN_REPOSITORY'] ?? 'docker'
const version = process.env['STANDIN_VERSION'] ?? '3.2.6'

/** Ports a manager needs [docker-enterprise.md 2.5]; those of swarm itself are not asked for when it runs already. */
const managerPorts = [
  179, 2376, 6443, 6444, 10250, 12376, 12378, 12379, 12380, 12381, 12382, 12383, 12384, 12385, 12386, 12387,
  12388,
]

/** `docker/ucp install`. */
export async function install(flags: Flags): Promise<void> {
  const engine = await json<EngineInfo>(localEngine, '/info')
  info(`Verifying your system is compatible with UCP ${version}`)
  await ownName()
  const password = await adminPassword(flags)
  const user = flags.text('admin-username') ?? 'admin'
  info(`Your engine version ${engine.ServerVersion}, is compatible`)
  if (engine.MemTotal < 4e9 && !flags.on('force-minimums')) {
    throw new Fatal('Your system does not meet minimum memory requirements. Minimum memory required: 4.00 GB')
  }
  if (engine.Swarm.LocalNodeState === 'active' && !engine.Swarm.ControlAvailable) {
    throw new Fatal('This node is a swarm worker. UCP can only be installed on a manager node.')
  }
  if (engine.Swarm.ControlAvailable && (await isInstalled())) {
    throw new Fatal('UCP is already installed on this cluster. To upgrade it use the upgrade command.')
  }
  info('All required images are present')
  const controllerPort = Number(flags.text('controller-port') ?? '443')
  const address = flags.text('host-address') ?? (engine.Swarm.NodeAddr || (await detectAddress()))
  await checkPorts([controllerPort, ...managerPorts])
  const external = flags.on('external-server-cert') ? await externalCertificate() : undefined
  if (engine.Swarm.LocalNodeState === 'inactive') {
    info(`Initializing a new swarm at ${address}`)
    const body = { ListenAddr: `0.0.0.0:${flags.text('swarm-grpc-port') ?? '2377'}`, AdvertiseAddr: address }
    await json(localEngine, '/swarm/init', { body, timeoutMs: 60_000 })
  }
  info('Establishing mutual Cluster Root CA with Swarm')
  info(
    `Installing UCP with host address ${address} - If this is incorrect, please specify an alternative address with the '--host-address' flag`,
  )
  const sans = [...flags.list('san'), engine.Name, address]
  if (!sans.some(name => name.includes('.') && !/^[\d.]+$/.test(name))) {
    warn(
      `None of the hostnames we'll be using in the UCP certificates [${sans.join(' ')}] contain a domain component.`,
    )
  }
  info('Generating UCP Client Root CA')
  const authority = makeAuthority('UCP Client Root CA')
  const nodeAuthority = makeAuthority('UCP Cluster Root CA')
  const { ID: instanceId } = await json<{ readonly ID: string }>(localEngine, '/swarm')
  const state: ClusterState = {
    instanceId,
    version,
    repository,
    controllerPort,
    sans: flags.list('san'),
    admin: newAccount(user, password.value),
    tokenKey: randomBytes(32).toString('hex'),
    clientAuthority: authority,
    node: { ca: nodeAuthority.cert, ...issue(nodeAuthority, 'ucp-node', []) },
    ...(external === undefined ? {} : { external }),
  }
  await writeConfig(localEngine, 0, freshToml(controllerPort, flags.text('pod-cidr') ?? '192.168.0.0/16'))
  const license = flags.text('license') ?? mountedLicense()
  if (license !== undefined) {
    if (!licenseIsValid(license))
      throw new Fatal('The license file is not valid: expected JSON with key_id and authorization')
    info('Injecting user supplied license file')
    await writeLicense(localEngine, license)
  }
  info('Deploying UCP Service')
  await deployServices(localEngine, state)
  await allReconciled(engine.Name, address, controllerPort)
  info(`UCP Instance ID: ${instanceId}`)
  info(`UCP Server SSL: SHA-256 Fingerprint=${fingerprint(external?.ca ?? authority.cert)}`)
  info(`Login to UCP at https://${address}:${String(controllerPort)}`)
  info(`Username: ${user}`)
  info(`Password: ${password.random ? password.value : '(your admin password)'}`)
}

/** The container has to be called ucp: two runs on one node collide [docker-enterprise.md 4.1]. */
export async function ownName(): Promise<void> {
  const self = await call(localEngine, `/containers/${hostname()}/json`)
  const { Name: name } = JSON.parse(self.text) as { readonly Name?: string }
  if (self.status === 200 && name !== '/ucp') {
    throw new Fatal(
      `This container must be named 'ucp' but is named '${(name ?? '').slice(1)}'. Add '--name ucp' to your docker run command.`,
    )
  }
}

async function adminPassword(flags: Flags): Promise<{ readonly value: string; readonly random: boolean }> {
  const given = flags.text('admin-password')
  if (given === undefined) {
    if (flags.on('interactive'))
      throw new Fatal('Interactive mode is not part of this stand-in: give UCP_ADMIN_PASSWORD')
    const value = randomBytes(16).toString('base64url')
    info(`Generated random admin password: ${value}`)
    return Promise.resolve({ value, random: true })
  }
  if (given.length < 8) throw new Fatal('Your password must be at least 8 characters')
  return { value: given, random: false }
}

export async function isInstalled(): Promise<boolean> {
  const services = await json<readonly { readonly Spec: { readonly Name: string } }[]>(
    localEngine,
    '/services',
  )
  return services.some(service => service.Spec.Name === 'ucp-manager-agent')
}

async function detectAddress(): Promise<string> {
  const script = 'ip -4 route get 192.0.2.1 2>/dev/null | sed -n "s/.* src \\([0-9.]*\\).*/\\1/p"'
  const helper = await runOnce(localEngine, 'ucp-address', {
    ...ownImage(),
    Entrypoint: ['/bin/sh', '-c'],
    Cmd: [script],
    HostConfig: { NetworkMode: 'host' },
  })
  if (helper.out.trim() === '') throw new Fatal("Could not detect this host's address: use --host-address")
  return helper.out.trim()
}

const ownImage = (): { readonly Image: string } => ({ Image: `${repository}/ucp:${version}` })

async function checkPorts(ports: readonly number[]): Promise<void> {
  const helper = await runOnce(localEngine, 'ucp-port-check', {
    ...ownImage(),
    Entrypoint: [...program, 'ports'],
    Cmd: ports.map(String),
    HostConfig: { NetworkMode: 'host' },
  })
  if (helper.code !== 0) {
    throw new Fatal(
      `the following required ports are blocked on your host: ${helper.out.trim()}.  Check your firewall settings`,
    )
  }
}

/** The three files of volume ucp-controller-server-certs. */
async function externalCertificate(): Promise<KeyPair & { readonly ca: string }> {
  const helper = await runOnce(localEngine, 'ucp-read-certs', {
    ...ownImage(),
    Entrypoint: ['/bin/sh', '-c'],
    Cmd: ['cd /certs && for f in ca cert key; do cat $f.pem || exit 1; echo "=== end"; done'],
    HostConfig: { Binds: ['ucp-controller-server-certs:/certs:ro'] },
  })
  const [ca = '', cert = '', key = ''] = helper.out.split('=== end\n')
  if (helper.code !== 0 || ![ca, cert, key].every(text => text.includes('-----BEGIN'))) {
    throw new Fatal(
      '--external-server-cert: volume ucp-controller-server-certs does not hold ca.pem, cert.pem and key.pem',
    )
  }
  return { ca, cert, key }
}

function mountedLicense(): string | undefined {
  const path = '/config/docker_subscription.lic'
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/** Waits until every node known now is set up: managers serve, workers have their proxy. */
export async function allReconciled(here: string, address: string, port: number): Promise<void> {
  const nodes = (await json<readonly SwarmNode[]>(localEngine, '/nodes')).filter(
    node => node.Status.State === 'ready',
  )
  for (const node of nodes) {
    const name = node.Description.Hostname
    await settled(
      name === here ? address : node.Status.Addr,
      node.Spec.Role === 'manager' ? port : 12376,
      name,
    )
    info(`Installation completed on ${name} (node ${node.ID})`)
  }
}

async function settled(address: string, port: number, name: string): Promise<void> {
  const end = Date.now() + 180_000
  for (;;) {
    const answer = await call({ url: `https://${address}:${String(port)}`, insecure: true }, '/_ping', {
      timeoutMs: 3000,
    }).catch((error: unknown) => ({
      status: /alert|EPROTO|ECONNRESET|hang up/i.test(String(error)) && port === 12376 ? 200 : 0,
    }))
    if (answer.status === 200) return
    if (Date.now() > end) throw new Fatal(`Timed out waiting for UCP to be set up on ${name}`)
    await sleep(500)
  }
}
