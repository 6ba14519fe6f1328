import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { localEngine, removeContainer, runOnce } from '../common/engine.ts'
import { bodyOf } from '../common/wire.ts'

/** One backup as the API tells it [docker-enterprise.md 4.4]. */
interface Backup {
  readonly id: string
  readonly fileName: string
  readonly backupPath: string
  readonly encrypted: boolean
  backupState: 'IN_PROGRESS' | 'SUCCESS' | 'FAILED'
  shortError: string
  readonly created_at: string
  completed_at: string
}

const known = new Map<string, Backup>()

/** `POST /api/ucp/backup`, `GET /api/ucp/backup/ID`, `GET /api/ucp/backups`: the file is written on the manager that was asked. */
export async function backups(
  path: string,
  message: IncomingMessage,
  image: string,
): Promise<{ readonly status: number; readonly body: unknown }> {
  if (path === '/api/ucp/backups') return { status: 200, body: [...known.values()] }
  if (path !== '/api/ucp/backup') {
    const found = known.get(path.slice('/api/ucp/backup/'.length))
    return found === undefined
      ? { status: 404, body: { message: 'no such backup' } }
      : { status: 200, body: found }
  }
  const asked = JSON.parse(await bodyOf(message)) as {
    readonly passphrase?: string
    readonly noPassphrase?: boolean
    readonly fileName?: string
    readonly hostPath?: string
  }
  if (asked.hostPath === undefined || (asked.passphrase === undefined && asked.noPassphrase !== true))
    return { status: 400, body: { message: 'hostPath, and passphrase or noPassphrase, are required' } }
  if ([...known.values()].some(one => one.backupState === 'IN_PROGRESS'))
    return { status: 500, body: { message: 'another backup is in progress' } }
  const one: Backup = {
    id: randomBytes(8).toString('hex'),
    fileName: asked.fileName ?? 'ucp-backup.tar',
    backupPath: asked.hostPath,
    encrypted: asked.noPassphrase !== true,
    backupState: 'IN_PROGRESS',
    shortError: '',
    created_at: new Date().toISOString(),
    completed_at: '0001-01-01T00:00:00Z',
  }
  known.set(one.id, one)
  void make(one, image)
  return { status: 200, body: { id: one.id } }
}

/** The bootstrapper does it, on this node. */
async function make(one: Backup, image: string): Promise<void> {
  try {
    if (one.encrypted) throw new Error('encryption is not part of this stand-in')
    const end = await runOnce(localEngine, 'ucp', {
      Image: image,
      Cmd: ['backup', '--no-passphrase', '--file', `/backup/${one.fileName}`],
      HostConfig: { Binds: ['/var/run/docker.sock:/var/run/docker.sock', `${one.backupPath}:/backup`] },
    })
    if (end.code !== 0) throw new Error(`the backup ended with ${String(end.code)}`)
    one.backupState = 'SUCCESS'
  } catch (error) {
    await removeContainer(localEngine, 'ucp').catch(() => undefined)
    one.backupState = 'FAILED'
    one.shortError = error instanceof Error ? error.message : String(error)
  }
  one.completed_at = new Date().toISOString()
}
