import type { Check, Json } from './step.ts'
import { type Facts, factKey } from './fact.ts'

/** Subset match: every member of `wanted` is in `seen` and matches; arrays and scalars must be equal. */
export function matches(wanted: Json, seen: Json | undefined): boolean {
  if (seen === undefined) return false
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(seen) &&
      wanted.length === seen.length &&
      wanted.every((item, i) => matches(item as Json, seen[i] as Json))
    )
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof seen !== 'object' || seen === null || Array.isArray(seen)) return false
    const object = seen as { readonly [key: string]: Json }
    return Object.entries(wanted).every(([key, value]) => matches(value as Json, object[key]))
  }
  return wanted === seen
}

/** True when the fact is known and matches. Unknown is false: "could not tell" never counts as true. */
export function holds(check: Check, facts: Facts): boolean {
  return matches(check.is, facts.get(factKey(check)))
}
