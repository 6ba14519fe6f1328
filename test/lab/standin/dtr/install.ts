import { randomBytes } from 'node:crypto'
import { Fatal, info, warn } from '../common/log.ts'
import type { KeyPair } from '../common/pem.ts'
import { issue, makeAuthority } from '../common/pem.ts'
import type { Target } from '../common/wire.ts'
import { call, json } from '../common/wire.ts'
import type { Data, Secrets, Settings } from './data.ts'
import { storeUrl } from './data.ts'
import { storeAnswers } from './database.ts'
import { proveNfs } from './nfs.ts'
import type { Phase2 } from './phase2.ts'
import { attach, registerWithUcp, waitForDtr, waitForReport } from './phase2.ts'
import type { Replica } from './replica.ts'
import { componentNames, containerName, makeComponent, makeVolumes, network } from './replica.ts'

const defaultSubnet = '10.1.0.0/24'

/** `install` on the target node. */
export async function install(ucp: Target, work: Phase2): Promise<void> {
  info('Verifying your system is compatible with DTR')
  info('Checking if the node is okay to install on')
  const { id, options } = work
  const subnet = options['overlay-subnet'] ?? defaultSubnet
  if (options['overlay-subnet'] === undefined) info(`Using default overlay subnet: ${subnet}`)
  await makeNetwork(ucp, subnet)
  await attach(ucp)
  const { restored } = work
  // Storage and addresses are the flags'; what a person set later is the backup's.
  const settings = { ...restored?.settings, ...(await settingsFrom(ucp, work)) }
  if (settings.nfsUrl !== undefined) await proveNfs(ucp, work.node, settings)
  const at = { node: work.node, HTTPPort: work.ports.http, HTTPSPort: work.ports.https }
  info('Setting up replica volumes...')
  await makeVolumes(ucp, { id, at, settings })
  info('Creating initial CA certificates')
  const authority = makeAuthority('DTR CA')
  const secrets: Secrets = restored?.secrets ?? {
    authority,
    web: webCertificate(authority, settings.dtrHost, options),
    token: issue(authority, 'garant', []),
    http: randomBytes(16).toString('hex'),
  }
  const replica: Replica = { id, at, settings, secrets }
  info('Bootstrapping rethink...')
  info(`Creating ${containerName('rethinkdb', id)}...`)
  await makeComponent(ucp, 'rethinkdb', replica)
  info('Establishing connection with Rethinkdb')
  if (!(await storeAnswers(id, 60_000))) throw new Fatal('Could not connect to Rethinkdb')
  info('Waiting for database dtr2 to exist')
  const data: Data = {
    settings,
    secrets,
    health: {},
    replicas: { [id]: at },
    repositories: restored?.repositories ?? {},
    accounts: restored?.accounts ?? {},
    tokens: restored?.tokens ?? {},
  }
  await json({ url: storeUrl(id) }, '/load', { body: { version: 1, members: [id], data } })
  info('Generated TLS certificate.')
  if (settings.license === undefined)
    warn('License config not copied from UCP because UCP has no valid license.')
  else info('License config copied from UCP.')
  info('Migrating db...')
  info('Migrated database from version 0 to 10')
  info('Starting all containers...')
  await makeRest(ucp, replica)
  await waitForDtr(id)
  info('Verifying auth settings...')
  await registerWithUcp(ucp, settings.dtrHost, secrets.web.ca)
  await waitForReport(id, id)
  info('Installation is complete')
  info(`Replica ID is set to: ${id}`)
  info(
    `You can use flag '--existing-replica-id ${id}' when joining other replicas to your Docker Trusted Registry Cluster`,
  )
}

/** Makes every container but the database's. */
export async function makeRest(ucp: Target, replica: Replica): Promise<void> {
  const rest = componentNames.filter(name => name !== 'rethinkdb')
  for (const component of rest) info(`Recreating ${containerName(component, replica.id)}...`)
  await Promise.all(rest.map(component => makeComponent(ucp, component, replica)))
}

async function makeNetwork(ucp: Target, subnet: string): Promise<void> {
  const found = await call(ucp, `/networks/${network}`)
  if (found.status === 200) return
  info(`Creating network: ${network}`)
  await json(ucp, '/networks/create', {
    body: {
      Name: network,
      Driver: 'overlay',
      Attachable: true,
      CheckDuplicate: true,
      IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
    },
  })
}

async function settingsFrom(ucp: Target, work: Phase2): Promise<Settings> {
  const { options, access } = work
  const external = options['dtr-external-url']
  const license = await licenseOf(ucp)
  const {
    'dtr-storage-volume': storageVolume,
    'nfs-storage-url': nfsUrl,
    'nfs-options': nfsOptions,
  } = options
  return {
    dtrHost: external === undefined ? work.nodeAddress : hostOf(external),
    ucpUrl: access.url,
    ucpInsecure: access.insecure,
    ...(access.ca === undefined ? {} : { ucpCa: access.ca }),
    ...(storageVolume === undefined ? {} : { storageVolume }),
    ...(nfsUrl === undefined ? {} : { nfsUrl }),
    ...(nfsOptions === undefined ? {} : { nfsOptions }),
    ...(license === undefined ? {} : { license }),
    createRepositoryOnPush: false,
    readOnlyRegistry: false,
    logLevel: options['log-level'] ?? 'INFO',
    sso: external !== undefined,
  }
}

export const hostOf = (url: string): string => new URL(/^https?:\/\//.test(url) ? url : `https://${url}`).host

async function licenseOf(ucp: Target): Promise<string | undefined> {
  const answer = await call(ucp, '/api/config/license')
  if (answer.status !== 200) return undefined
  const { license_config: license } = JSON.parse(answer.text) as {
    readonly license_config: { readonly key_id: string }
  }
  return license.key_id === '' ? undefined : license.key_id
}

/** The given certificate, or a new one for the external name; without one it is good for Docker's bridge only. */
export function webCertificate(authority: KeyPair, host: string, options: Phase2['options']): Secrets['web'] {
  const { 'dtr-ca': ca, 'dtr-cert': cert, 'dtr-key': key } = options
  if (ca !== undefined && cert !== undefined && key !== undefined) return { ca, cert, key }
  const name = host.replace(/:\d+$/, '')
  return { ca: authority.cert, ...issue(authority, name, [name, '172.17.0.1']) }
}
