import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ListedContainer } from '../common/engine.ts'
import { localEngine } from '../common/engine.ts'
import type { Flags } from '../common/flags.ts'
import { Fatal, info } from '../common/log.ts'
import { issue } from '../common/pem.ts'
import { json } from '../common/wire.ts'
import { isInstalled, ownName } from './install.ts'
import { readConfig, readLicense } from './services.ts'
import type { ClusterState } from './state.ts'
import { stateOfNode } from './stateOfNode.ts'

/** Components whose containers this stand-in has none of: the product describes them too, so that 26 entries are there [docker-enterprise.md 4.4]. */
const notHere = [
  ...['auth-worker', 'metrics', 'dsinfo', 'kubelet', 'kube-proxy', 'kube-apiserver'],
  ...['kube-controller-manager', 'kube-scheduler'],
]

/**
 * `docker/ucp backup`: a tar with the names of docker-enterprise.md 4.4, on standard output or in `--file`. The stand-in's whole state is
 * in the entry that has etcd's in the product. Nothing is stopped; a manager without quorum gives none.
 */
export async function backup(flags: Flags): Promise<void> {
  await ownName()
  if (!(await isInstalled())) throw new Fatal('UCP is not installed on this cluster')
  if (flags.text('passphrase') !== undefined)
    throw new Fatal('encryption is not part of this stand-in: use --no-passphrase')
  if (!flags.on('no-passphrase')) throw new Fatal('You must specify --passphrase or --no-passphrase')
  info('Beginning backup')
  const directory = mkdtempSync('/tmp/backup-')
  for (const [name, content] of Object.entries(await entries(await stateOfNode()))) {
    const path = join(directory, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content, { mode: 0o600 })
  }
  await write(directory, flags.text('file'))
  rmSync(directory, { recursive: true, force: true })
  info('Backup completed successfully')
}

async function entries(state: ClusterState): Promise<Readonly<Record<string, string>>> {
  const all = await json<readonly ListedContainer[]>(localEngine, '/containers/json?all=1')
  const parts = all.flatMap(each => {
    const name = each.Names[0]?.slice(1) ?? ''
    return /^ucp-[a-z-]+$/.test(name) ? [[`${name}.json`, JSON.stringify(each)] as const] : []
  })
  const config = (await readConfig(localEngine)).toml
  const license = await readLicense(localEngine)
  const at = String(Date.now())
  const server = state.external ?? {
    ca: state.clientAuthority.cert,
    ...issue(state.clientAuthority, 'ucp', []),
  }
  return {
    ...Object.fromEntries(notHere.map(name => [`ucp-${name}.json`, '{}'])),
    ...Object.fromEntries(parts),
    [`ucp-backup/${at}/etcd.backup.db`]: JSON.stringify({ state, config, license }),
    [`ucp-backup/${at}/auth-store.tar.gz`]: JSON.stringify(state.admin),
    'ucp-client-root-ca/cert.pem': state.clientAuthority.cert,
    'ucp-client-root-ca/key.pem': state.clientAuthority.key,
    'ucp-cluster-root-ca/cert.pem': state.node.ca,
    'ucp-cluster-root-ca/key.pem': state.node.key,
    'ucp-controller-server-certs/ca.pem': server.ca,
    'ucp-controller-server-certs/cert.pem': server.cert,
    'ucp-controller-server-certs/client_ca.pem': state.clientAuthority.cert,
    'ucp-controller-server-certs/key.pem': server.key,
  }
}

/** An existing file of that name is replaced. */
async function write(directory: string, file: string | undefined): Promise<void> {
  if (file !== undefined && !existsSync(dirname(file)))
    throw new Fatal(`--file: there is no directory ${dirname(file)} in this container: mount one`)
  const to = file === undefined ? '-' : `${file}.new`
  const tar = spawn('tar', ['-C', directory, '-cf', to, '.'], { stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = (await once(tar, 'close')) as [number | null]
  if (code !== 0) throw new Fatal(`Could not write the backup: tar ended with ${String(code)}`)
  if (file !== undefined) renameSync(to, file)
}
