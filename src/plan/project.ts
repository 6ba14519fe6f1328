import { type Facts, factKey } from './fact.ts'
import type { Check, Json } from './step.ts'

/** The facts after the checks have come true. What the checks do not mention stays as it was. */
export function project(facts: Facts, checks: readonly Check[]): Facts {
  if (checks.length === 0) return facts
  const after = new Map(facts)
  for (const check of checks) {
    const key = factKey(check)
    after.set(key, merge(after.get(key), check.is))
  }
  return after
}

function merge(seen: Json | undefined, wanted: Json): Json {
  if (!isObject(seen) || !isObject(wanted)) return wanted
  const merged = new Map(Object.entries(seen))
  for (const [key, value] of Object.entries(wanted)) merged.set(key, merge(merged.get(key), value))
  return Object.fromEntries(merged)
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
