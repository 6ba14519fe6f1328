import type { Exit } from '../../plan/fact.ts'
import type { Json } from '../../plan/step.ts'

/** `key=value` lines; other lines are left out, the last of doubles wins. */
export function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1))
  }
  return fields
}

/** One argument of a question, as text. @throws when it is missing: a mistake in the catalog */
export function textArg(args: Json | undefined, name: string): string {
  const value = isObject(args) ? args[name] : undefined
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new Error(`a question needs the argument '${name}'`)
}

/** The argument `password` of a question, as the reference it is. @throws when it is none: a password never stands in a question itself */
export function secretArg(args: Json | undefined): { readonly secret: string } {
  const secret = member(member(args, 'password'), 'secret')
  if (typeof secret !== 'string') throw new Error("a question needs the argument 'password' as {secret}")
  return { secret }
}

/** PEM text of an authority that somebody serves at `/ca`: null when nothing listens there, else `{pem}`. */
export function authorityOf(exit: Exit): { readonly pem: string } | null | undefined {
  if (exit.code === 7) return null
  const pem = exit.stdout.trim()
  return exit.code === 0 && /^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----$/.test(pem)
    ? { pem: `${pem}\n` }
    : undefined
}

/** True for JSON objects. */
export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One member of an answer; undefined when there is none. */
export function member(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** JSON text as a value; undefined when it is not JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** True when the program itself is not there (as said by a shell, sudo or env), which is not the same as its failure. */
export function isMissing(exit: Exit, program: string): boolean {
  if (exit.code === 127) return true
  return (
    exit.code !== 0 && new RegExp(`(^|[\\s:'"/])${program}['"]?: (command )?not found`, 'm').test(exit.stderr)
  )
}

/** One scalar of an answer as a reader sees it: text as it is, nothing for undefined, JSON for the rest. */
export function shown(value: Json | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
}
