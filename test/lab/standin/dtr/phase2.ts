import { hostname } from 'node:os'
import { attachTo } from '../common/engine.ts'
import { Fatal, info } from '../common/log.ts'
import type { Target } from '../common/wire.ts'
import { call, json, sleep } from '../common/wire.ts'
import { withRegistry } from '../ucp/toml.ts'
import { backup } from './backup.ts'
import { databaseOf } from './database.ts'
import { emergencyRepair } from './repair.ts'
import { install } from './install.ts'
import { join } from './join.ts'
import { reconfigure } from './reconfigure.ts'
import { remove } from './remove.ts'
import { network } from './replica.ts'
import type { Restored } from './restore.ts'
import type { UcpAccess } from './ucp.ts'
import { targetOf } from './ucp.ts'
import { upgrade } from './upgrade.ts'

/** The commands whose second phase runs where the existing replica is. */
export type AtReplica = (typeof atReplicaCommands)[number]

const atReplicaCommands = ['remove', 'reconfigure', 'emergency-repair', 'upgrade', 'backup'] as const
export const isAtReplica = (command: string): command is AtReplica =>
  atReplicaCommands.some(each => each === command)

/** What phase 1 hands to phase 2. */
export interface Phase2 {
  readonly command: 'install' | 'join' | 'restore' | AtReplica
  readonly access: UcpAccess
  /** The replica that is made, or the one that the work is done at. */
  readonly id: string
  readonly existing?: string
  readonly node: string
  readonly nodeAddress: string
  /** 0: leave as it is. */
  readonly ports: { readonly http: number; readonly https: number }
  /** Flags that were given, by name. */
  readonly options: Readonly<Record<string, string>>
  /** What a restore brings back. */
  readonly restored?: Restored
}

/** The second phase: runs on the target node, attached to the replicas' network. */
export async function phase2(): Promise<void> {
  const work = JSON.parse(process.env['DTR_PHASE2'] ?? '{}') as Phase2
  info('starting phase 2')
  const ucp = await quietLogin(work.access)
  switch (work.command) {
    case 'install':
    case 'restore':
      return install(ucp, work)
    case 'join':
      return join(ucp, work)
    case 'remove':
      return remove(ucp, work)
    case 'reconfigure':
      return reconfigure(ucp, work)
    case 'emergency-repair':
      return emergencyRepair(ucp, work)
    case 'upgrade':
      return upgrade(ucp, work)
    case 'backup':
      return backup(ucp, work)
  }
}

async function quietLogin(access: UcpAccess): Promise<Target> {
  const target = targetOf(access)
  const body = { username: access.username, password: access.password }
  const { auth_token: token } = await json<{ readonly auth_token: string }>(target, '/auth/login', { body })
  return { ...target, headers: { authorization: `Bearer ${token}` } }
}

/** Attaches this container to the replicas' network. */
export async function attach(ucp: Target): Promise<void> {
  info(`Connecting to network: ${network}`)
  info('Waiting for phase2 container to be known to the Docker daemon')
  await attachTo(ucp, network, hostname())
}

/** Waits until the replica's front door says that all is well. */
export async function waitForDtr(id: string): Promise<void> {
  info('Waiting for DTR to start...')
  const target = { url: `https://dtr-nginx-${id}.${network}`, insecure: true }
  const end = Date.now() + 180_000
  let last = 'no answer'
  for (;;) {
    const answer = await call(target, '/_ping', { timeoutMs: 3000 }).catch((error: unknown) => {
      last = error instanceof Error ? error.message : String(error)
      return undefined
    })
    if (answer?.status === 200) return
    if (answer !== undefined) last = `${String(answer.status)} ${answer.text}`
    if (Date.now() > end) throw new Fatal(`DTR did not start: ${last}`)
    await sleep(300)
  }
}

/** Waits until the replica has said of itself, in the database, that it is well. */
export async function waitForReport(through: string, id: string): Promise<void> {
  const since = Date.now() - 1000
  const end = Date.now() + 60_000
  for (;;) {
    const report = (
      await databaseOf(through)
        .read()
        .catch(() => undefined)
    )?.health[id]
    if (report?.status === 'OK' && Date.parse(report.at) >= since) return
    if (Date.now() > end)
      throw new Fatal(`Replica ${id} did not report itself healthy: ${report?.status ?? 'no report'}`)
    await sleep(300)
  }
}

/** Tells UCP of this registry, so that every node trusts its certificate authority. */
export async function registerWithUcp(ucp: Target, hostAddress: string, caBundle: string): Promise<void> {
  const toml = await call(ucp, '/api/ucp/config-toml')
  if (toml.status !== 200) throw new Fatal(`Could not read the UCP configuration: ${toml.text}`)
  const next = withRegistry(toml.text, { hostAddress, caBundle })
  if (next.trim() !== toml.text.trim()) {
    const headers = { 'content-type': 'application/toml' }
    const put = await call(ucp, '/api/ucp/config-toml', { method: 'PUT', body: next, headers })
    if (put.status >= 300) throw new Fatal(`Could not register with UCP: ${put.text}`)
  }
  info('Successfully registered dtr with UCP')
}
