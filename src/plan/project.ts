import { type Facts, factKey } from './fact.ts'
import type { Check, Json } from './step.ts'

/** The facts after the checks have come true. What the checks do not mention stays as it was. */
export function project(facts: Facts, checks: readonly Check[]): Facts {
  if (checks.length === 0) return facts
  const after = new Map(facts)
  projectInto(after, checks)
  return after
}

/** The same on a map of the caller's own: a plan's steps come true one after another, and a copy for each would cost its square. */
export function projectInto(facts: Map<string, Json>, checks: readonly Check[]): void {
  for (const check of checks) {
    const key = factKey(check)
    facts.set(key, merge(facts.get(key), check.is))
  }
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
