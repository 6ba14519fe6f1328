import { Fatal, info } from '../common/log.ts'
import type { Target } from '../common/wire.ts'
import type { Data, ReplicaSettings, Settings } from './data.ts'
import { databaseOf } from './database.ts'
import { hostOf, makeRest, webCertificate } from './install.ts'
import { proveNfs } from './nfs.ts'
import type { Phase2 } from './phase2.ts'
import { attach, registerWithUcp, waitForDtr, waitForReport } from './phase2.ts'
import { makeVolumes } from './replica.ts'

/** `reconfigure`: new settings in the database, then the containers of every replica anew, one replica at a time. */
export async function reconfigure(ucp: Target, work: Phase2): Promise<void> {
  const { id, options } = work
  await attach(ucp)
  const database = databaseOf(id)
  const data = await database.read().catch(() => {
    throw new Fatal('The database of this DTR has no majority')
  })
  info('Cluster reconfiguration will occur on all DTR replicas')
  info('Getting container configuration and starting containers...')
  const settings = nextSettings(data.settings, work)
  const renewed = options['dtr-external-url'] !== undefined || options['dtr-cert'] !== undefined
  const web = renewed ? webCertificate(data.secrets.authority, settings.dtrHost, options) : data.secrets.web
  const secrets = { ...data.secrets, web }
  const replicas = { ...data.replicas, [id]: nextPorts(data, work) }
  if (settings.nfsUrl !== undefined && settings.nfsUrl !== data.settings.nfsUrl)
    await proveNfs(ucp, work.node, settings)
  await database.write([
    { path: ['settings'], value: settings },
    { path: ['secrets'], value: secrets },
    { path: ['replicas'], value: replicas },
  ])
  for (const [each, at] of Object.entries(replicas)) {
    info(
      `Waiting for database to stabilize for up to 600 seconds before attempting to reconfigure replica ${each}`,
    )
    await makeVolumes(ucp, { id: each, at, settings })
    await makeRest(ucp, { id: each, at, settings, secrets })
    await waitForDtr(each)
    await waitForReport(id, each)
  }
  info('Trying to get the kv store connection back after reconfigure')
  info('Verifying auth settings...')
  await registerWithUcp(ucp, settings.dtrHost, web.ca)
  if (options['storage-migrated'] !== undefined)
    info('The `--storage-migrated` flag is set. Not erasing tags.')
}

function nextPorts(data: Data, work: Phase2): ReplicaSettings {
  const at = data.replicas[work.id]
  if (at === undefined) throw new Fatal(`The database does not know replica ${work.id}`)
  const { http, https } = work.ports
  return { ...at, HTTPPort: http === 0 ? at.HTTPPort : http, HTTPSPort: https === 0 ? at.HTTPSPort : https }
}

function nextSettings(before: Settings, work: Phase2): Settings {
  const { options, access } = work
  const {
    nfsUrl: _nfsUrl,
    nfsOptions: _nfsOptions,
    storageVolume: _storageVolume,
    ucpCa: _ucpCa,
    ...kept
  } = before
  const nfsUrl = options['nfs-storage-url'] ?? before.nfsUrl
  const nfsOptions = options['nfs-options'] ?? before.nfsOptions
  const storageVolume = options['dtr-storage-volume'] ?? before.storageVolume
  const external = options['dtr-external-url']
  return {
    ...kept,
    ucpUrl: access.url,
    ucpInsecure: access.insecure,
    ...(access.ca === undefined ? {} : { ucpCa: access.ca }),
    ...(external === undefined ? {} : { dtrHost: hostOf(external), sso: true }),
    ...(nfsUrl === undefined || nfsUrl === ''
      ? {}
      : { nfsUrl, ...(nfsOptions === undefined ? {} : { nfsOptions }) }),
    ...(storageVolume === undefined || storageVolume === '' ? {} : { storageVolume }),
    logLevel: options['log-level'] ?? before.logLevel,
  }
}
