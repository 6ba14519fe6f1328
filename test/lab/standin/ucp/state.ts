import { createHash, createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import type { KeyPair } from '../common/pem.ts'

/**
 * What all controllers of one cluster share. The product keeps this in etcd, RethinkDB and its own certificate
 * authorities; the stand-in keeps it in one swarm secret, which swarm gives to the manager agents only.
 */
export interface ClusterState {
  readonly instanceId: string
  readonly version: string
  readonly repository: string
  readonly controllerPort: number
  readonly sans: readonly string[]
  readonly admin: Account
  /** Signs session tokens, so that every controller knows a token of another. */
  readonly tokenKey: string
  readonly clientAuthority: KeyPair
  /** Signs what nodes show each other. */
  readonly node: NodeCredentials
  /** Set with --external-server-cert: the web certificate of every manager. */
  readonly external?: KeyPair & { readonly ca: string }
}

export interface Account {
  readonly name: string
  readonly id: string
  readonly salt: string
  readonly hash: string
}

/** What a node's proxy and its callers show each other (swarm secret of all agents). */
export interface NodeCredentials {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Mounted into agents; see `serviceSpecs`. */
export const stateSecret = 'ucp-cluster-state'
export const nodeSecret = 'ucp-node-certs'
export const proxyPort = 12376

export function newAccount(name: string, password: string): Account {
  const salt = randomBytes(16).toString('hex')
  return {
    name,
    id: createHash('sha256').update(name).digest('hex').slice(0, 32),
    salt,
    hash: hashOf(password, salt),
  }
}

const hashOf = (password: string, salt: string): string =>
  scryptSync(password, salt, 32, { N: 1024 }).toString('hex')

export const passwordFits = (account: Account, password: string): boolean =>
  timingSafeEqual(Buffer.from(hashOf(password, account.salt)), Buffer.from(account.hash))

/** A session token; it holds for an hour. */
export function newToken(state: ClusterState, user: string): string {
  const body = Buffer.from(
    JSON.stringify({ user, until: Date.now() + 3_600_000, nonce: randomBytes(6).toString('hex') }),
  )
  return `${body.toString('base64url')}.${signature(state, body)}`
}

const signature = (state: ClusterState, body: Buffer): string =>
  createHmac('sha256', state.tokenKey).update(body).digest('base64url')

/** The user a token was made for, or undefined when it is not ours or too old. */
export function userOf(state: ClusterState, token: string): string | undefined {
  const [body = '', sign = ''] = token.split('.')
  const bytes = Buffer.from(body, 'base64url')
  if (signature(state, bytes) !== sign) return undefined
  const { user, until } = JSON.parse(bytes.toString()) as { readonly user: string; readonly until: number }
  return until > Date.now() ? user : undefined
}
