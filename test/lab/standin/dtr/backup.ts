import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fatal, info } from '../common/log.ts'
import type { Target } from '../common/wire.ts'
import type { Data } from './data.ts'
import { databaseOf } from './database.ts'
import type { Phase2 } from './phase2.ts'
import { attach } from './phase2.ts'
import { version } from './replica.ts'

/** Tables the stand-in has nothing for: they are in the tar, and empty. */
const emptyTables = [
  ...['blobs', 'blob_links', 'tags', 'manifests', 'crons', 'events', 'metrics', 'promotion_policies'],
  ...['pruning_policies', 'scanned_images', 'scanned_layers', 'tuf_files', 'private_keys', 'webhooks'],
]

/**
 * `backup`: the metadata as a tar on standard output, `rethink/TABLE/N` below one root named after the version [docker-enterprise.md 8.12].
 * Texts only: phase 1 has it from this container's log, which does not keep other bytes.
 */
export async function backup(ucp: Target, work: Phase2): Promise<void> {
  await attach(ucp)
  const data = await databaseOf(work.id)
    .read()
    .catch(() => {
      throw new Fatal('The database of this DTR has no majority')
    })
  const directory = mkdtempSync('/tmp/backup-')
  const root = `dtr-backup-v${version}${work.options['offline-backup'] === undefined ? '-online' : ''}`
  for (const [table, rows] of Object.entries(tablesOf(data))) {
    const folder = join(directory, root, 'rethink', table)
    mkdirSync(folder, { recursive: true })
    rows.forEach((row, position) => {
      writeFileSync(join(folder, String(position)), `${JSON.stringify(row)}\n`)
    })
  }
  const tar = spawn('tar', ['-C', directory, '-cf', '-', root], { stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = (await once(tar, 'close')) as [number | null]
  if (code !== 0) throw new Fatal(`Could not write the backup: tar ended with ${String(code)}`)
  info('Backup is complete')
}

/** What the replicas share, as rows of tables: all but what each says of itself and the replicas there are. */
function tablesOf(data: Data): Readonly<Record<string, readonly unknown[]>> {
  return {
    ...Object.fromEntries(emptyTables.map(name => [name, []])),
    properties: [{ settings: data.settings, secrets: data.secrets }],
    repositories: Object.values(data.repositories),
    namespace_team_access: Object.entries(data.accounts).map(([name, account]) => ({ name, ...account })),
    client_tokens: Object.entries(data.tokens).map(([hash, token]) => ({ hash, ...token })),
  }
}
