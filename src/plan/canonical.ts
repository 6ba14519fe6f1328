import { createHash } from 'node:crypto'
import type { Digest, Json } from './step.ts'

/**
 * JSON with sorted keys and no spaces: the same value always gives the same bytes. Undefined members are left out.
 * @throws TypeError for what JSON cannot say (undefined, a function, a Map, NaN): it would be lost without a trace
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) throw notJson(value)
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
    return `{${members.join(',')}}`
  }
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value)
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value)
  throw notJson(value)
}

function notJson(value: unknown): TypeError {
  return new TypeError(`not JSON, so it has no canonical form: ${String(value)}`)
}

/** sha256 of the canonical bytes. */
export function digest(value: Json | object): Digest {
  return createHash('sha256').update(canonical(value)).digest('hex')
}
