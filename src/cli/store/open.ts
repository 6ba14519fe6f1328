import { createHash } from 'node:crypto'
import { isAbsolute, join } from 'node:path'
import type { Store } from '../../plan/step.ts'
import type { Bytes, Depot } from '../../run/depot.ts'
import type { Sessions } from '../../run/world.ts'
import { age } from './age.ts'
import { directory } from './directory.ts'
import { hostFolder } from './hostFolder.ts'
import { openOpenPgp } from './openpgp.ts'
import type { Raw } from './raw.ts'
import { s3 } from './s3.ts'

/** What a store is opened with. */
export interface OpenOptions {
  /** The playbook's folder. */
  readonly folder: string
  readonly secret: (reference: string) => string
  readonly sessions: Sessions
}

/** A store as the playbook names it, ready for use. Nothing is asked of it yet. */
export function openStore(store: Store, { folder, secret, sessions }: OpenOptions): Depot {
  const raw = rawOf(store, { folder, secret, sessions })
  const seal = store.age && age(store.age.recipients, store.age.identity, secret)
  const get = (name: string): Bytes => (seal ? seal.opened(raw.get(name)) : raw.get(name))
  return {
    async put(name, bytes) {
      const hash = createHash('sha256')
      let size = 0
      const counted = (async function* (): Bytes {
        for await (const piece of bytes) {
          hash.update(piece)
          size += piece.length
          yield piece
        }
      })()
      // Records and manifests hold no secret, and say what is there to whoever has no key.
      await raw.put(name, seal && !isOpen(name) ? seal.sealed(counted) : counted)
      return { bytes: size, sha256: hash.digest('hex') }
    },
    get: name => (isOpen(name) ? raw.get(name) : get(name)),
    opened: openOpenPgp,
    text: name => raw.text(name),
    folders: async () => [...(await raw.folders())].sort(),
    remove: folder => raw.remove(folder),
  }
}

/** What is never encrypted: sizes and digests. */
function isOpen(name: string): boolean {
  return name.endsWith('.json') || name.endsWith('SHA256SUMS')
}

function rawOf(store: Store, { folder, secret, sessions }: OpenOptions): Raw {
  if ('directory' in store)
    return directory(isAbsolute(store.directory) ? store.directory : join(folder, store.directory))
  if ('host' in store) return hostFolder(store.host, store.path, () => sessions.to(store.host))
  const { accessKey, secretKey, ...rest } = store.s3
  return s3({ ...rest, accessKeyId: secret(accessKey.secret), secretAccessKey: secret(secretKey.secret) })
}
