import { mkdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs'
import type { ContainerSpec, EngineInfo, ListedContainer, SwarmNode } from '../common/engine.ts'
import { idle, localEngine, removeContainer, start } from '../common/engine.ts'
import { info, warn } from '../common/log.ts'
import { issue } from '../common/pem.ts'
import { json, sleep } from '../common/wire.ts'
import type { ClusterState, NodeCredentials } from './state.ts'
import { nodeSecret, stateSecret } from './state.ts'
import { program } from './services.ts'
import type { Registry } from './toml.ts'

const version = process.env['UCP_VERSION'] ?? ''
const repository = process.env['UCP_REPOSITORY'] ?? 'docker'
const port = Number(process.env['UCP_PORT'] ?? '443')
const image = (component: string): string => `${repository}/ucp-${component}:${version}`
const always = { Name: 'always' }

type Role = 'manager' | 'worker'
type Wanted = Readonly<Record<string, ContainerSpec>>

const proxy: ContainerSpec = {
  Image: image('agent'),
  Entrypoint: program,
  Cmd: ['proxy'],
  HostConfig: {
    NetworkMode: 'host',
    RestartPolicy: always,
    Binds: ['/var/run/docker.sock:/var/run/docker.sock', 'ucp-node-certs:/node-certs:ro'],
  },
}

/** Ends at once and stays, exited, as the product's does on a healthy node. */
const reconcile: ContainerSpec = { Image: image('agent'), Entrypoint: ['/bin/true'], Cmd: [], HostConfig: {} }

const quiet = (component: string, volume: string): ContainerSpec => ({
  ...idle(image(component)),
  HostConfig: { RestartPolicy: always, Binds: [`${volume}:/data`] },
})

const managerContainers: Wanted = {
  'ucp-proxy': proxy,
  'ucp-kv': quiet('etcd', 'ucp-kv'),
  'ucp-auth-store': quiet('auth-store', 'ucp-auth-store-data'),
  'ucp-auth-api': quiet('auth', 'ucp-auth-api-certs'),
  'ucp-cluster-root-ca': quiet('cfssl', 'ucp-cluster-root-ca'),
  'ucp-swarm-manager': quiet('swarm', 'ucp-kv-certs'),
  'ucp-controller': {
    Image: image('controller'),
    Entrypoint: program,
    Cmd: ['controller'],
    ExposedPorts: { '8443/tcp': {} },
    HostConfig: {
      PortBindings: { '8443/tcp': [{ HostPort: String(port) }] },
      RestartPolicy: always,
      Binds: [
        '/var/run/docker.sock:/var/run/docker.sock',
        'ucp-controller-server-certs:/server-certs:ro',
        'ucp-client-root-ca:/client-root-ca:ro',
      ],
    },
  },
  'ucp-reconcile': reconcile,
}

const workerContainers: Wanted = { 'ucp-proxy': proxy, 'ucp-reconcile': reconcile }

/** What must run besides the controller for a manager to be healthy. */
export const managerParts = Object.keys(managerContainers).filter(name => name !== 'ucp-reconcile')

/** Sets its node up and looks after it, for ever. Run by the agent services, so also on a node that joined just now. */
export async function agent(role: Role): Promise<void> {
  process.once('SIGTERM', () => process.exit(0))
  for (;;) {
    try {
      await reconcileNode(role)
    } catch (error) {
      warn(`reconcile: ${error instanceof Error ? error.message : String(error)}`)
    }
    await sleep(2000)
  }
}

async function reconcileNode(role: Role): Promise<void> {
  const engine = await json<EngineInfo>(localEngine, '/info')
  if (engine.Swarm.LocalNodeState !== 'active' || engine.Swarm.ControlAvailable !== (role === 'manager'))
    return
  putFiles('/node-certs', readSecret(nodeSecret) as NodeCredentials)
  if (role === 'manager') await putControllerFiles(engine)
  const wanted = role === 'manager' ? managerContainers : workerContainers
  const there = await json<readonly ListedContainer[]>(localEngine, '/containers/json?all=1')
  const names = new Map(there.flatMap(each => each.Names.map(name => [name, each.Image] as const)))
  for (const name of Object.keys(managerContainers)) {
    if (!(name in wanted) && names.has(`/${name}`)) {
      info(`removing ${name}: this node is no manager any more`)
      await removeContainer(localEngine, name)
    }
  }
  for (const [name, spec] of Object.entries(wanted)) {
    const image = names.get(`/${name}`)
    if (image === spec.Image) continue
    info(`starting ${name}`)
    // Of another version: this agent is the one of an upgrade.
    if (image !== undefined) await removeContainer(localEngine, name)
    await start(localEngine, name, spec)
  }
  await trustRegistries(engine)
}

const readSecret = (name: string): unknown => JSON.parse(readFileSync(`/run/secrets/${name}`, 'utf8'))

function putFiles(
  directory: string,
  files: { readonly ca: string; readonly cert: string; readonly key: string },
): void {
  for (const name of ['ca', 'cert', 'key'] as const) {
    const path = `${directory}/${name}.pem`
    if (!existsSync(path) || readFileSync(path, 'utf8') !== files[name])
      writeFileSync(path, files[name], { mode: 0o600 })
  }
}

/** State and certificate of this manager's controller; the certificate anew when its names change, by the label too [docker-enterprise.md 4.11]. */
async function putControllerFiles(engine: EngineInfo): Promise<void> {
  const state = readSecret(stateSecret) as ClusterState
  const path = '/client-root-ca/state.json'
  const text = JSON.stringify(state)
  const isNew = !existsSync(path)
  const own = [...state.sans, engine.Name, engine.Swarm.NodeAddr, 'localhost', '127.0.0.1']
  const names = [...own, ...(await labelledNames(engine.Swarm.NodeID, isNew))]
  const issuedFor = '/client-root-ca/names.json'
  if (isNew || JSON.stringify(names) !== readFileSync(issuedFor, 'utf8')) {
    putFiles(
      '/server-certs',
      state.external ?? {
        ca: state.clientAuthority.cert,
        ...issue(state.clientAuthority, engine.Name, names),
      },
    )
    writeFileSync(issuedFor, JSON.stringify(names))
  }
  if (isNew || readFileSync(path, 'utf8') !== text) writeFileSync(path, text, { mode: 0o600 })
}

/** The names that node label com.docker.ucp.SANs adds. @throws while the swarm has no leader, unless nothing is there yet */
async function labelledNames(nodeId: string, isNew: boolean): Promise<readonly string[]> {
  const asked = json<SwarmNode>(localEngine, `/nodes/${nodeId}`, { timeoutMs: 3000 })
  const node = isNew ? await asked.catch(() => undefined) : await asked
  return (node?.Spec.Labels?.['com.docker.ucp.SANs'] ?? '').split(',').filter(Boolean)
}

/** Gives the engine the certificate authority of every registered DTR [docker-enterprise.md 2.7]. */
async function trustRegistries(engine: EngineInfo): Promise<void> {
  const managers = engine.Swarm.RemoteManagers ?? []
  for (const { Addr: address } of managers) {
    const url = `https://${address.replace(/:\d+$/, '')}:${String(port)}`
    try {
      const found = await json<readonly Registry[]>({ url, insecure: true }, '/standin/registries', {
        timeoutMs: 2000,
      })
      for (const registry of found) {
        const directory = `/host/etc/docker/certs.d/${registry.hostAddress}`
        const path = `${directory}/ca.crt`
        if (existsSync(path) && readFileSync(path, 'utf8') === registry.caBundle) continue
        mkdirSync(directory, { recursive: true })
        writeFileSync(path, registry.caBundle)
      }
      return
    } catch {
      // that manager does not serve yet: ask the next one, or again in the next round
    }
  }
}
