import { createHash } from 'node:crypto'
import { call } from '../common/wire.ts'
import type { Data } from './data.ts'
import { targetOf } from './ucp.ts'

const known = new Map<string, number>()
const knownMs = 10_000

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Who this is, by password at UCP or by an access token of ours; undefined when neither fits. @throws when UCP does not answer */
export async function signIn(data: Data, user: string, password: string): Promise<string | undefined> {
  const token = data.tokens[digestOf(password)]
  if (token !== undefined) return token.user
  const key = digestOf(`${user}:${password}`)
  if (Date.now() - (known.get(key) ?? 0) < knownMs) return user
  const { ucpUrl, ucpCa, ucpInsecure } = data.settings
  const target = targetOf({
    url: ucpUrl,
    insecure: ucpInsecure,
    ...(ucpCa === undefined ? {} : { ca: ucpCa }),
  })
  const answer = await call(target, '/auth/login', { body: { username: user, password }, timeoutMs: 8000 })
  if (answer.status === 401) return undefined
  if (answer.status !== 200) throw new Error(`UCP answered ${String(answer.status)} to a login`)
  known.set(key, Date.now())
  return user
}

/** The user and password of a basic Authorization header. */
export function basic(
  header: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  const encoded = /^Basic (.+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
