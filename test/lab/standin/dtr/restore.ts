import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fatal } from '../common/log.ts'
import type { Data } from './data.ts'
import { version } from './replica.ts'

/** What a backup has of the shared document: all but what each replica says of itself. */
export type Restored = Pick<Data, 'settings' | 'secrets' | 'repositories' | 'accounts' | 'tokens'>

/** Reads the tar on standard input, as `backup` wrote it: one root named after the version [docker-enterprise.md 8.12]. */
export function readBackup(): Restored {
  const directory = mkdtempSync('/tmp/restore-')
  const tar = spawnSync('tar', ['-C', directory, '-xf', '-'], { stdio: ['inherit', 'ignore', 'inherit'] })
  const [root = ''] = tar.status === 0 ? readdirSync(directory) : []
  if (!root.startsWith('dtr-backup-v'))
    throw new Fatal('Unable to read the backup: it has no dtr-backup folder')
  if (!new RegExp(`^dtr-backup-v${version.replaceAll('.', '\\.')}(-|$)`).test(root))
    throw new Fatal(`The backup ${root} is not of this version, ${version}`)
  const rows = (table: string): readonly unknown[] => {
    const folder = join(directory, root, 'rethink', table)
    if (!existsSync(folder)) return []
    return readdirSync(folder).map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown)
  }
  const [properties] = rows('properties') as readonly Pick<Data, 'settings' | 'secrets'>[]
  if (properties === undefined) throw new Fatal('Unable to read the backup: it has no properties')
  const repositories = rows('repositories') as readonly Data['repositories'][string][]
  const accounts = rows('namespace_team_access') as readonly {
    readonly name: string
    readonly isOrg: boolean
  }[]
  const tokens = rows('client_tokens') as readonly {
    readonly hash: string
    readonly user: string
    readonly label: string
  }[]
  rmSync(directory, { recursive: true, force: true })
  return {
    ...properties,
    repositories: Object.fromEntries(repositories.map(one => [`${one.namespace}/${one.name}`, one])),
    accounts: Object.fromEntries(accounts.map(({ name, isOrg }) => [name, { isOrg }])),
    tokens: Object.fromEntries(tokens.map(({ hash, user, label }) => [hash, { user, label }])),
  }
}
