import { createHash } from 'node:crypto'
import type { Target } from '../common/wire.ts'
import { json } from '../common/wire.ts'
import type { ClusterState } from './state.ts'
import { nodeSecret, stateSecret } from './state.ts'

interface Named {
  readonly ID: string
  readonly Spec: { readonly Name: string }
}

/** Swarm configs keep the configuration document under this name and a running number, as the product does. */
export const configPrefix = 'com.docker.ucp.config-'
export const licenseName = 'com.docker.license'

/** A worker with this label is left as it is by an upgrade: its agent goes, and comes in the new version when the label goes [docker-enterprise.md 4.6]. */
export const holdLabel = 'com.docker.ucp.upgrade-hold'

const node = '/usr/bin/node'
/** The program in every stand-in image of UCP. */
export const program = [node, '/app/ucp.mjs']

interface Secret {
  readonly id: string
  readonly name: string
  /** What agents see it as. */
  readonly file: string
}

/** A secret of this name and content. One that a service uses cannot be replaced: such a one has to have another name. */
async function makeSecret(engine: Target, name: string, file: string, data: string): Promise<Secret> {
  const existing = await json<readonly Named[]>(engine, '/secrets')
  const found = existing.find(each => each.Spec.Name === name)
  if (found !== undefined) await json(engine, `/secrets/${found.ID}`, { method: 'DELETE' })
  const body = { Name: name, Data: Buffer.from(data).toString('base64') }
  return { id: (await json<{ readonly ID: string }>(engine, '/secrets/create', { body })).ID, name, file }
}

const secretFile = ({ id, name, file }: Secret): object => ({
  SecretID: id,
  SecretName: name,
  File: { Name: file, UID: '0', GID: '0', Mode: 0o400 },
})

const bind = (source: string, target = source): object => ({ Type: 'bind', Source: source, Target: target })
const volume = (source: string, target: string): object => ({
  Type: 'volume',
  Source: source,
  Target: target,
})

/**
 * Makes the product's services: agents on every manager and every worker, which set up and look after their own node,
 * so that a node that joins later is served without anybody's doing, and the cluster agent.
 */
export async function deployServices(engine: Target, state: ClusterState): Promise<void> {
  for (const service of await servicesOf(engine, state, ''))
    await json(engine, '/services/create', { body: service })
}

/** Gives the services the image and the state of another version, managers first; each agent then renews its own node. */
export async function renewServices(engine: Target, state: ClusterState): Promise<void> {
  for (const service of await servicesOf(engine, state, `-${state.version}`)) {
    const { Version: version } = await json<{ readonly Version: { readonly Index: number } }>(
      engine,
      `/services/${service.Name}`,
    )
    await json(engine, `/services/${service.Name}/update?version=${String(version.Index)}`, { body: service })
  }
}

interface Service {
  readonly Name: string
  readonly [more: string]: unknown
}

async function servicesOf(engine: Target, state: ClusterState, suffix: string): Promise<readonly Service[]> {
  const secret = (name: string, content: object): Promise<Secret> =>
    makeSecret(engine, `${name}${suffix}`, name, JSON.stringify(content))
  const whole = await secret(stateSecret, state)
  const ofNode = await secret(nodeSecret, state.node)
  const image = `${state.repository}/ucp-agent:${state.version}`
  const common = [
    bind('/var/run/docker.sock'),
    bind('/etc/docker', '/host/etc/docker'),
    volume('ucp-node-certs', '/node-certs'),
  ]
  const global = (
    name: string,
    role: string,
    secrets: readonly object[],
    mounts: readonly object[],
  ): Service => ({
    Name: name,
    Labels: { 'com.docker.ucp.InstanceID': state.instanceId },
    Mode: { Global: {} },
    EndpointSpec: { Mode: 'dnsrr' },
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Command: [...program, 'agent', role],
        Env: [
          `UCP_VERSION=${state.version}`,
          `UCP_REPOSITORY=${state.repository}`,
          `UCP_PORT=${String(state.controllerPort)}`,
        ],
        Secrets: secrets,
        Mounts: mounts,
      },
      Placement: { Constraints: [`node.role==${role}`, `node.labels.${holdLabel}!=true`] },
      RestartPolicy: { Condition: 'any', Delay: 1_000_000_000 },
    },
    // An agent renews its node within seconds; the next manager's turn comes after that.
    UpdateConfig: { Parallelism: 1, Delay: 6_000_000_000 },
  })
  return [
    global(
      'ucp-manager-agent',
      'manager',
      [secretFile(whole), secretFile(ofNode)],
      [
        ...common,
        volume('ucp-controller-server-certs', '/server-certs'),
        volume('ucp-client-root-ca', '/client-root-ca'),
      ],
    ),
    global('ucp-worker-agent-x', 'worker', [secretFile(ofNode)], common),
    {
      Name: 'ucp-cluster-agent',
      Labels: { 'com.docker.ucp.InstanceID': state.instanceId },
      Mode: { Replicated: { Replicas: 1 } },
      EndpointSpec: { Mode: 'dnsrr' },
      TaskTemplate: {
        ContainerSpec: {
          Image: image,
          Command: ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 86400 & wait $!; done'],
        },
        Placement: { Constraints: ['node.role==manager'] },
      },
    },
  ]
}

export const serviceNames = ['ucp-manager-agent', 'ucp-worker-agent-x', 'ucp-cluster-agent']

/** The configuration document in force and its number; number 0 when there is none. */
export async function readConfig(
  engine: Target,
): Promise<{ readonly number: number; readonly toml: string }> {
  const configs = await json<readonly (Named & { readonly Spec: { readonly Data: string } })[]>(
    engine,
    '/configs',
  )
  const numbered = configs
    .filter(each => each.Spec.Name.startsWith(configPrefix))
    .map(each => ({ number: Number(each.Spec.Name.slice(configPrefix.length)), data: each.Spec.Data }))
    .sort((left, right) => right.number - left.number)
  const [latest] = numbered
  if (latest === undefined) return { number: 0, toml: '' }
  return { number: latest.number, toml: Buffer.from(latest.data, 'base64').toString() }
}

/** Puts the next configuration document in force. @throws when another controller was faster */
export async function writeConfig(engine: Target, after: number, toml: string): Promise<void> {
  const body = { Name: `${configPrefix}${String(after + 1)}`, Data: Buffer.from(toml).toString('base64') }
  await json(engine, '/configs/create', { body })
}

/** The license text, or undefined. */
export async function readLicense(engine: Target): Promise<string | undefined> {
  const configs = await json<readonly (Named & { readonly Spec: { readonly Data: string } })[]>(
    engine,
    '/configs',
  )
  const found = configs.find(each => each.Spec.Name === licenseName)
  return found === undefined ? undefined : Buffer.from(found.Spec.Data, 'base64').toString()
}

export async function writeLicense(engine: Target, text: string): Promise<void> {
  const configs = await json<readonly Named[]>(engine, '/configs')
  const found = configs.find(each => each.Spec.Name === licenseName)
  if (found !== undefined) await json(engine, `/configs/${found.ID}`, { method: 'DELETE' })
  await json(engine, '/configs/create', {
    body: { Name: licenseName, Data: Buffer.from(text).toString('base64') },
  })
}

/** A license is JSON with a key id and an authorization; the stand-in checks that much and no signature. */
export function licenseIsValid(text: string | undefined): boolean {
  if (text === undefined) return false
  try {
    const license = JSON.parse(text) as Readonly<Record<string, unknown>>
    return typeof license['key_id'] === 'string' && typeof license['authorization'] === 'string'
  } catch {
    return false
  }
}

/** SHA-256 fingerprint of a PEM certificate in the form AA:BB:... */
export function fingerprint(pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const hex = createHash('sha256').update(der).digest('hex').toUpperCase()
  return (hex.match(/../g) ?? []).join(':')
}
