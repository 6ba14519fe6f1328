import type { Check, Json } from './step.ts'
import { type Facts, factKey } from './fact.ts'

/**
 * Subset match: every member of `wanted` is in `seen` and matches. Arrays have the same length and match item by item; scalars
 * are equal.
 */
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
    return Object.entries(wanted).every(
      ([key, value]) => Object.hasOwn(object, key) && matches(value, object[key]),
    )
  }
  return wanted === seen
}

/**
 * True when something seen speaks against `wanted`. A member that is not mentioned speaks neither for it nor against it, which is
 * the difference to "does not match": for what is expected, and not seen, silence is not absence.
 */
export function contradicts(wanted: Json, seen: Json | undefined): boolean {
  if (seen === undefined) return false
  if (!isObject(wanted) || !isObject(seen)) return !matches(wanted, seen)
  return Object.entries(wanted).some(
    ([key, value]) => Object.hasOwn(seen, key) && contradicts(value, seen[key]),
  )
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True when the fact is known and matches. Unknown is false: "could not tell" never counts as true. */
export function holds(check: Check, facts: Facts): boolean {
  return matches(check.is, facts.get(factKey(check)))
}
