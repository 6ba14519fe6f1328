import type { KeyPair } from '../common/pem.ts'

/** Everything the replicas share: one document, kept by the metadata store of every replica. */
export interface Data {
  readonly settings: Settings
  readonly secrets: Secrets
  /** What each replica last said of itself. */
  readonly health: Readonly<Record<string, { readonly status: string; readonly at: string }>>
  readonly replicas: Readonly<Record<string, ReplicaSettings>>
  /** By namespace/name. */
  readonly repositories: Readonly<Record<string, Repository>>
  readonly accounts: Readonly<Record<string, { readonly isOrg: boolean }>>
  /** Access tokens by the SHA-256 of the token. */
  readonly tokens: Readonly<Record<string, { readonly user: string; readonly label: string }>>
}

export interface Settings {
  /** host[:port] clients use; the name in the certificate. */
  readonly dtrHost: string
  /** https://host:port of UCP, asked for every login. */
  readonly ucpUrl: string
  readonly ucpCa?: string
  readonly ucpInsecure: boolean
  /** Volume name or absolute path; absent: each replica its own volume. */
  readonly storageVolume?: string
  readonly nfsUrl?: string
  readonly nfsOptions?: string
  readonly license?: string
  readonly createRepositoryOnPush: boolean
  readonly readOnlyRegistry: boolean
  /** The open registry's `storage` section, when set over the API. */
  readonly registryStorage?: Readonly<Record<string, unknown>>
  readonly logLevel: string
  readonly sso: boolean
}

export interface Secrets {
  readonly authority: KeyPair
  readonly web: KeyPair & { readonly ca: string }
  readonly token: KeyPair
  /** Shared, so that an upload begun at one replica can go on at another. */
  readonly http: string
}

export interface ReplicaSettings {
  readonly node: string
  readonly HTTPPort: number
  readonly HTTPSPort: number
}

export interface Repository {
  readonly namespace: string
  readonly name: string
  readonly id: string
  readonly visibility: string
  readonly shortDescription: string
}

/** A change of the document: the value at a path, or nothing there any more. */
export interface Write {
  readonly path: readonly string[]
  readonly value?: unknown
}

/** One store's view of the cluster. */
export interface StoreStatus {
  readonly id: string
  readonly version: number
  /** Whether a majority answers, so that reads and writes are possible. */
  readonly quorum: boolean
  readonly primary?: string
  readonly members: readonly MemberStatus[]
}

export interface MemberStatus {
  readonly id: string
  /** RethinkDB's words. */
  readonly state: 'ready' | 'backfilling' | 'disconnected' | 'waiting_for_quorum'
  readonly connected: boolean
  readonly since: string
}

export const storePort = 28015
export const storeUrl = (id: string): string => `http://dtr-rethinkdb-${id}.dtr-ol:${String(storePort)}`
