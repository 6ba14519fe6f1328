import type { Store } from '../plan/step.ts'
import type { BackupSection, BackupTarget } from './schema.gen.ts'
import type { BackupSpec } from './topology.ts'

/** The section on backups with its defaults. */
export function resolveBackup(from: BackupSection): BackupSpec {
  const { encrypt, images } = from
  const age = encrypt && { recipients: encrypt.recipients, identity: { secret: encrypt.identity } }
  return {
    store: { ...place(from.to), ...(age !== undefined && { age }) },
    maxAgeSeconds: (from.maxAgeHours ?? 24) * 3600,
    ...(from.keep !== undefined && { keep: from.keep }),
    ...(from.swarmHost !== undefined && { swarmHost: from.swarmHost }),
    ...(from.replica !== undefined && { replicaHost: from.replica }),
    ...(from.passphrase !== undefined && { passphrase: { secret: from.passphrase } }),
    spool: from.spool ?? '/var/lib/runbook/backup',
    ...(images?.copy === true && { images: { kind: 'copy' } }),
    ...(images?.snapshot !== undefined && { images: { kind: 'snapshot', ...images.snapshot } }),
    ...(images?.elsewhere !== undefined && { images: { kind: 'elsewhere', where: images.elsewhere } }),
  }
}

function place({ directory, host, s3 }: BackupTarget): Store {
  if (directory !== undefined) return { directory }
  if (host !== undefined) return { host: host.name, path: host.path }
  if (s3 === undefined) return { directory: 'backups' }
  const prefix = (s3.prefix ?? '').replace(/^\/+|\/+$/g, '')
  return {
    s3: {
      endpoint: s3.endpoint,
      region: s3.region,
      bucket: s3.bucket,
      prefix: prefix === '' ? '' : `${prefix}/`,
      accessKey: { secret: s3.accessKey },
      secretKey: { secret: s3.secretKey },
    },
  }
}
