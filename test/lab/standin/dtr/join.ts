import { Fatal, info, warn } from '../common/log.ts'
import type { Target } from '../common/wire.ts'
import { json } from '../common/wire.ts'
import { storeUrl } from './data.ts'
import { databaseOf, storeAnswers } from './database.ts'
import { makeRest } from './install.ts'
import { proveNfs } from './nfs.ts'
import type { Phase2 } from './phase2.ts'
import { attach, registerWithUcp, waitForDtr, waitForReport } from './phase2.ts'
import type { Replica } from './replica.ts'
import { containerName, makeComponent, makeVolumes } from './replica.ts'

/** A replica's word on itself is old after this long. */
const staleMs = 30_000

/** Nodes tell each other their part of the network in rounds: one that missed a word hears it half a minute later. */
const overlayMs = 60_000

/** `join` on the target node. */
export async function join(ucp: Target, work: Phase2): Promise<void> {
  const { id, existing = '', options } = work
  info('Checking if the node is okay to install on')
  await attach(ucp)
  if (options['skip-network-test'] === undefined) await testOverlay(existing)
  info('Starting UCP connectivity test')
  info('UCP connectivity test passed')
  if (options['unsafe-join'] === undefined) await refuseUnhealthy(existing)
  const { settings, secrets } = await databaseOf(existing).read()
  const at = { node: work.node, HTTPPort: work.ports.http, HTTPSPort: work.ports.https }
  if (settings.nfsUrl !== undefined) await proveNfs(ucp, work.node, settings)
  else if (settings.registryStorage === undefined && settings.storageVolume === undefined) {
    warn(
      'Using the local filesystem storage driver: it does not work with several replicas without a clustered file system',
    )
  }
  info('Setting up replica volumes...')
  await makeVolumes(ucp, { id, at, settings })
  const replica: Replica = { id, at, settings, secrets }
  info(`Recreating ${containerName('rethinkdb', id)}...`)
  await makeComponent(ucp, 'rethinkdb', replica)
  if (!(await storeAnswers(id, 60_000))) throw new Fatal('Could not connect to Rethinkdb')
  info(`Transferring data to new replica: ${id}`)
  await json({ url: storeUrl(id) }, '/load', { body: await json({ url: storeUrl(existing) }, '/record') })
  info('Database successfully copied')
  await makeRest(ucp, replica)
  await waitForDtr(id)
  info('Authentication test passed.')
  await registerWithUcp(ucp, settings.dtrHost, secrets.web.ca)
  info('Updating replication settings...')
  await databaseOf(existing).write([{ path: ['replicas', id], value: at }])
  await json({ url: storeUrl(existing) }, '/members', { body: { add: id }, timeoutMs: 30_000 })
  const count = (await databaseOf(existing).status()).members.length
  info(`(Re)configuring Database - replicaCount=${String(count)}`)
  await waitForReport(existing, id)
  info('Join is complete')
  info(`Replica ID is set to: ${id}`)
  info(`There are currently ${String(count)} replicas in your Docker Trusted Registry cluster`)
  if (count % 2 === 0) {
    info('You currently have an even number of replicas which can impact cluster availability')
    info('It is recommended that you have 3, 5 or 7 replicas in your cluster')
  }
}

async function testOverlay(existing: string): Promise<void> {
  info('Cleaning up before overlay network test')
  info('Starting overlay network test')
  if (!(await storeAnswers(existing, overlayMs))) {
    throw new Fatal(`Overlay networking test failed: could not reach dtr-rethinkdb-${existing} over dtr-ol`)
  }
  info('Overlay networking test passed.')
}

/** The documented refusal [docker-enterprise.md 3.10]. */
async function refuseUnhealthy(existing: string): Promise<void> {
  const database = databaseOf(existing)
  const { members } = await database.status()
  const health = (await database.read().catch(() => undefined))?.health ?? {}
  const unhealthy = members.flatMap(({ id, state }) => {
    if (state !== 'ready') return [{ id, reason: `Rethink replica is currently in state: ${state}` }]
    const report = health[id]
    if (report === undefined || report.status !== 'OK')
      return [{ id, reason: report?.status ?? 'Replica never reported health' }]
    if (Date.now() - Date.parse(report.at) > staleMs)
      return [{ id, reason: `Replica reported health too long ago: ${report.at}` }]
    return []
  })
  if (unhealthy.length === 0) return
  const ids = unhealthy.map(each => each.id).join(', ')
  const reasons = unhealthy.map(each => each.reason).join(', ')
  throw new Fatal(
    `This DTR has replicas that are not working correctly. Make sure existing DTR replicas are healthy before joining new ones. To ignore this warning, use --unsafe-join. Error: Unhealthy replicas: ${ids}; reasons: ${reasons}`,
  )
}
