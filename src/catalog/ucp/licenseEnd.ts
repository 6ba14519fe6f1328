import { isObject, member, parseJson } from '../os/text.ts'

/**
 * When a licence ends, in milliseconds since 1970, from its signed part; undefined when it is of no known form.
 * - Docker's: base64 of a JSON signature whose payload names `expiration` [docker/licensing: lib and model/license.go]
 * - Mirantis': a token whose claims name `exp` in seconds
 */
export function licenseEndMs(signed: string): number | undefined {
  const [, claims, signature] = signed.trim().split('.')
  if (claims !== undefined && signature !== undefined) {
    const seconds = member(decoded(claims), 'exp')
    return typeof seconds === 'number' ? seconds * 1000 : undefined
  }
  const payload = member(decoded(signed), 'payload')
  const expiration = typeof payload === 'string' ? member(decoded(payload), 'expiration') : undefined
  const endMs = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN
  return Number.isNaN(endMs) ? undefined : endMs
}

/** JSON in base64 or its form for URLs; undefined when it is neither. */
function decoded(text: string): ReturnType<typeof parseJson> {
  const value = parseJson(Buffer.from(text, 'base64').toString('utf8'))
  return isObject(value) ? value : undefined
}
