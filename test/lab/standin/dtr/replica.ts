import type { ContainerSpec, ListedContainer } from '../common/engine.ts'
import { idle, removeContainer, removeVolume, start } from '../common/engine.ts'
import { info } from '../common/log.ts'
import type { Target } from '../common/wire.ts'
import { json } from '../common/wire.ts'
import type { ReplicaSettings, Secrets, Settings } from './data.ts'

export const repository = process.env['STANDIN_REPOSITORY'] ?? 'docker'
export const version = process.env['STANDIN_VERSION'] ?? '2.7.6'
export const bootstrapper = `${repository}/dtr:${version}`
export const network = 'dtr-ol'

const program = ['/usr/bin/node', '/app/dtr.mjs']

/** The nine containers of a replica, without id, in the order they are made. */
export const componentNames = [
  ...['rethinkdb', 'registry', 'api', 'garant', 'nginx'],
  ...['jobrunner', 'notary-server', 'notary-signer', 'scanningstore'],
]

const images: Readonly<Record<string, string>> = { rethinkdb: 'rethink', scanningstore: 'postgres' }
const imageOf = (component: string): string =>
  `${repository}/dtr-${images[component] ?? component}:${version}`
export const componentImages: readonly string[] = componentNames.map(imageOf)

/** What the containers of one replica are made from. */
export interface Replica {
  readonly id: string
  readonly at: ReplicaSettings
  readonly settings: Settings
  readonly secrets: Secrets
}

export const containerName = (component: string, id: string): string => `dtr-${component}-${id}`

/** Volumes of a replica by their documented names [docker-enterprise.md 3.9]. */
export function volumeNames(
  id: string,
  settings: Pick<Settings, 'storageVolume' | 'nfsUrl'>,
): readonly string[] {
  const blobs =
    settings.nfsUrl !== undefined
      ? [`dtr-registry-nfs-${id}`]
      : settings.storageVolume === undefined
        ? [`dtr-registry-${id}`]
        : []
  return [...['ca', 'notary', 'postgres', 'rethink'].map(name => `dtr-${name}-${id}`), ...blobs]
}

const blobSource = (id: string, settings: Settings): string =>
  settings.nfsUrl !== undefined ? `dtr-registry-nfs-${id}` : (settings.storageVolume ?? `dtr-registry-${id}`)

function specOf(component: string, replica: Replica): ContainerSpec {
  const { id, at, settings, secrets } = replica
  const common = {
    Image: imageOf(component),
    Labels: { 'com.docker.dtr.version': version, 'com.docker.dtr.replica': id },
    Hostname: containerName(component, id),
  }
  const env = [`constraint:node==${at.node}`, `DTR_REPLICA_ID=${id}`, `DTR_VERSION=${version}`]
  const host = { NetworkMode: network, RestartPolicy: { Name: 'unless-stopped' } }
  const run = (role: string): Pick<ContainerSpec, 'Entrypoint' | 'Cmd'> => ({
    Entrypoint: program,
    Cmd: [role],
  })
  switch (component) {
    case 'rethinkdb':
      return {
        ...common,
        ...run('store'),
        Env: env,
        HostConfig: { ...host, Binds: [`dtr-rethink-${id}:/data`, `dtr-ca-${id}:/ca`] },
      }
    case 'registry':
      return {
        ...common,
        Entrypoint: ['/usr/bin/docker-registry'],
        Cmd: ['serve', '/app/registry.yml'],
        Env: [...env, ...registryEnvironment(settings, secrets)],
        HostConfig: { ...host, Binds: [`${blobSource(id, settings)}:/storage`, `dtr-ca-${id}:/ca:ro`] },
      }
    case 'nginx':
      return {
        ...common,
        ...run('nginx'),
        Env: env,
        ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
        Healthcheck: {
          Test: ['CMD-SHELL', 'timeout 4 wget -q -O /dev/null http://127.0.0.1:80/_ping || exit 1'],
          Interval: 4e9,
          Timeout: 5e9,
          Retries: 2,
        },
        HostConfig: {
          ...host,
          PortBindings: {
            '80/tcp': [{ HostPort: String(at.HTTPPort) }],
            '443/tcp': [{ HostPort: String(at.HTTPSPort) }],
          },
        },
      }
    case 'api':
    case 'garant':
      return { ...common, ...run(component), Env: env, HostConfig: host }
    default:
      return { ...common, ...idle(imageOf(component)), Env: env, HostConfig: host }
  }
}

/** The open registry takes its settings from variables named after the keys of its file. */
function registryEnvironment(settings: Settings, secrets: Secrets): readonly string[] {
  const storage = Object.entries(settings.registryStorage ?? {}).flatMap(([driver, options]) =>
    driver === 'delete' || driver === 'maintenance' || typeof options !== 'object' || options === null
      ? []
      : Object.entries(options as Record<string, unknown>)
          .filter(([, value]) => value !== '')
          .map(
            ([key, value]) =>
              `REGISTRY_STORAGE_${driver.toUpperCase()}_${key.toUpperCase()}=${String(value)}`,
          ),
  )
  return [
    'REGISTRY_AUTH=token',
    `REGISTRY_AUTH_TOKEN_REALM=https://${settings.dtrHost}/auth/token`,
    'REGISTRY_AUTH_TOKEN_SERVICE=dtr',
    'REGISTRY_AUTH_TOKEN_ISSUER=dtr',
    'REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE=/ca/ca.pem',
    `REGISTRY_HTTP_SECRET=${secrets.http}`,
    ...(settings.readOnlyRegistry ? ['REGISTRY_STORAGE_MAINTENANCE_READONLY={"enabled":true}'] : []),
    ...(storage.length === 0 ? [] : [...storage, 'REGISTRY_STORAGE_REDIRECT_DISABLE=true']),
  ]
}

export async function makeVolumes(
  ucp: Target,
  replica: Pick<Replica, 'id' | 'at' | 'settings'>,
): Promise<void> {
  const { id, at, settings } = replica
  for (const name of volumeNames(id, settings)) {
    const nfs =
      name.startsWith('dtr-registry-nfs-') && settings.nfsUrl !== undefined ? nfsOptions(settings) : {}
    await json(ucp, '/volumes/create', {
      body: { Name: `${at.node}/${name}`, ...nfs, Labels: { 'com.docker.dtr.replica': id } },
    })
  }
}

/** A local volume that the engine mounts over NFS when a container wants it. */
export function nfsOptions(settings: Pick<Settings, 'nfsUrl' | 'nfsOptions'>): object {
  const { hostname, pathname } = new URL(settings.nfsUrl ?? '')
  const o = `addr=${hostname},${settings.nfsOptions ?? 'rw,sync,actimeo=0'}`
  return { Driver: 'local', DriverOpts: { type: 'nfs', device: `:${pathname}`, o } }
}

/** Makes (again) one container of the replica. */
export async function makeComponent(ucp: Target, component: string, replica: Replica): Promise<void> {
  const name = containerName(component, replica.id)
  await removeContainer(ucp, `${replica.at.node}/${name}`)
  await start(ucp, name, specOf(component, replica))
}

/** Removes all containers and volumes of an id, wherever they are. Answers how many containers there were. */
export async function removeObjects(ucp: Target, id: string, volumesToo = true): Promise<number> {
  const all = await json<readonly ListedContainer[]>(ucp, '/containers/json?all=1')
  const mine = all.filter(each => each.Names.some(name => name.endsWith(`-${id}`) && name.includes('/dtr-')))
  info('Stopping containers')
  info('Removing containers')
  await Promise.all(mine.map(each => removeContainer(ucp, each.Id)))
  if (!volumesToo) return mine.length
  info('Removing volumes')
  const { Volumes: volumes } = await json<{ readonly Volumes: readonly { readonly Name: string }[] }>(
    ucp,
    '/volumes',
  )
  const owned = volumes.filter(each => each.Name.includes('/dtr-') && each.Name.endsWith(`-${id}`))
  await Promise.all(owned.map(each => removeVolume(ucp, each.Name)))
  return mine.length
}
