import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineInfo } from '../common/engine.ts'
import { localEngine } from '../common/engine.ts'
import type { Flags } from '../common/flags.ts'
import { Fatal, info } from '../common/log.ts'
import { json } from '../common/wire.ts'
import { allReconciled, isInstalled, ownName } from './install.ts'
import { deployServices, readConfig, readLicense, writeConfig, writeLicense } from './services.ts'
import type { ClusterState } from './state.ts'

const repository = process.env['STANDIN_REPOSITORY'] ?? 'docker'
const version = process.env['STANDIN_VERSION'] ?? '3.2.6'

/** What `backup` put where the product has etcd's. */
interface Saved {
  readonly state: ClusterState
  readonly config: string
  readonly license?: string
}

/**
 * `docker/ucp restore`: a new UCP from the tar on standard input, where none is. Same minor version; an engine in no swarm makes one
 * [docker-enterprise.md 4.5].
 */
export async function restore(flags: Flags): Promise<void> {
  await ownName()
  const engine = await json<EngineInfo>(localEngine, '/info')
  if (engine.Swarm.ControlAvailable && (await isInstalled()))
    throw new Fatal('UCP is already installed on this cluster: uninstall it before a restore')
  if (flags.text('passphrase') !== undefined) throw new Fatal('encryption is not part of this stand-in')
  info('Parsing backup file')
  const saved = readBackup()
  if (minor(saved.state.version) !== minor(version))
    throw new Fatal(`The backup is of UCP ${saved.state.version}, this is ${version}`)
  const address = flags.text('host-address') ?? engine.Swarm.NodeAddr
  if (engine.Swarm.LocalNodeState === 'inactive') {
    if (address === '') throw new Fatal('--host-address is needed where a swarm has to be made')
    info(`Initializing a new swarm at ${address}`)
    const body = { ListenAddr: '0.0.0.0:2377', AdvertiseAddr: address }
    await json(localEngine, '/swarm/init', { body, timeoutMs: 60_000 })
  }
  const { ID: instanceId } = await json<{ readonly ID: string }>(localEngine, '/swarm')
  const state: ClusterState = { ...saved.state, instanceId, version, repository }
  await writeConfig(localEngine, (await readConfig(localEngine)).number, saved.config)
  if (saved.license !== undefined && (await readLicense(localEngine)) === undefined)
    await writeLicense(localEngine, saved.license)
  info('Deploying UCP Agent Service')
  await deployServices(localEngine, state)
  await allReconciled(engine.Name, address, state.controllerPort)
  info('Cluster successfully restored')
}

function readBackup(): Saved {
  const directory = mkdtempSync('/tmp/restore-')
  const tar = spawnSync('tar', ['-C', directory, '-xf', '-'], { stdio: ['inherit', 'ignore', 'inherit'] })
  if (tar.status !== 0) throw new Fatal('Unable to read the backup file')
  const at = join(directory, 'ucp-backup')
  const [time = ''] = readdirSync(at)
  const saved = JSON.parse(readFileSync(join(at, time, 'etcd.backup.db'), 'utf8')) as Saved
  rmSync(directory, { recursive: true, force: true })
  return saved
}

const minor = (of: string): string => of.split('.').slice(0, 2).join('.')
