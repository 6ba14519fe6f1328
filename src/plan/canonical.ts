import { createHash } from 'node:crypto'
import type { Digest, Json } from './step.ts'

/** JSON with sorted keys and no spaces: the same value always gives the same bytes. Undefined members are left out. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(value)
}

/** sha256 of the canonical bytes. */
export function digest(value: Json | object): Digest {
  return createHash('sha256').update(canonical(value)).digest('hex')
}
