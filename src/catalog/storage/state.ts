import type { Estate, MutableJson } from '../../twin/estate.ts'

/**
 * What the storage model keeps.
 * - `estate.shared.storage`: stores by name, `nfs://server/export`, `path:/dir` or an S3 URL. A store holds files by
 *   name; `down` refuses everybody; S3 stores want `key` and `secret`.
 * - `estate.hosts[h].state.storage`: `{tools?: {nfs, curl}, cutOff?: true, ownDisk?: true, own?: files}`. `ownDisk`: what
 *   this host takes for the shared path is a disk of its own (the classic mistake the proof is for).
 */
export interface Store {
  files: { [name: string]: string }
  down?: boolean
  key?: string
  secret?: string
}

export interface StorageHost {
  nfs: boolean
  curl: string
  cutOff: boolean
  ownDisk: boolean
}

/** A store as it is now. Reading never creates it; `keepStore` does. */
export function storeOf(estate: Estate, name: string): Store {
  const stores = asObject(estate.shared.storage)
  const found = asObject(stores[name])
  return { files: {}, ...(found as unknown as Partial<Store>) }
}

export function keepStore(estate: Estate, name: string, store: Store): void {
  estate.shared.storage = { ...asObject(estate.shared.storage), [name]: store as unknown as MutableJson }
}

export function storageHost(estate: Estate, host: string): StorageHost {
  const kept = asObject(estate.hosts[host]?.state.storage)
  return {
    nfs: false,
    curl: '7.88.1',
    cutOff: false,
    ownDisk: false,
    ...(kept as unknown as Partial<StorageHost>),
  }
}

export function keepStorageHost(estate: Estate, host: string, change: Partial<StorageHost>): void {
  const found = estate.hosts[host]
  if (found)
    found.state.storage = { ...asObject(found.state.storage), ...(change as { [key: string]: MutableJson }) }
}

function asObject(value: MutableJson | undefined): { [key: string]: MutableJson } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
