import type { Line } from '../hosts/session.ts'
import type { Command, FactRef, Json, Value } from '../plan/step.ts'
import type { World } from './world.ts'

/** A late value could not be had: the fact behind it could not be told, or has no such member. */
export class Unbound extends Error {
  override readonly name = 'Unbound'
  readonly ref: FactRef
  constructor(ref: FactRef, pick: string) {
    super(`${ref.fact} on ${ref.host} gave no value for '${pick}'`)
    this.ref = ref
  }
}

/** A secret or file of the controller's could not be had; the message says which and why. */
export class Unresolved extends Error {
  override readonly name = 'Unresolved'
}

/** Answers a late fact; undefined when it could not be told. */
export type Late = (ref: FactRef) => Promise<Json | undefined>

/**
 * A command with every reference replaced by its value, just before use. Secret values are made known to the mask.
 * @throws Unbound, Unresolved, and Error when a secret stands in argv: a mistake in the catalog
 */
export async function bind(command: Command, world: World, late: Late): Promise<Line> {
  const argv: string[] = []
  for (const word of command.argv) {
    if (tainted(word, world))
      throw new Error('a secret may not stand in argv, where every user of the host can read it')
    argv.push(await bindValue(word, world, late))
  }
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(command.env ?? {}))
    env[name] = await bindValue(value, world, late)
  return command.stdin === undefined
    ? { argv, env }
    : { argv, env, stdin: await bindValue(command.stdin, world, late) }
}

/** One value as text. @throws as `bind` */
export async function bindValue(value: Value, world: World, late: Late): Promise<string> {
  if (typeof value === 'string') return value
  if ('secret' in value) {
    const secret = resolved(() => world.secret(value.secret))
    world.redact.add(secret)
    return secret
  }
  if ('file' in value) return resolved(() => world.file(value.file, value.sha256))
  if ('json' in value) return JSON.stringify(await bindValue(value.json, world, late))
  if ('join' in value) {
    const parts: string[] = []
    for (const part of value.join) parts.push(await bindValue(part, world, late))
    return parts.join('')
  }
  const found = pick(await late(value.fact), value.pick)
  if (typeof found !== 'string' && typeof found !== 'number') throw new Unbound(value.fact, value.pick)
  const text = String(found)
  if (world.facts.get(value.fact.fact)?.secret) world.redact.add(text)
  return text
}

function resolved(read: () => string): string {
  try {
    return read()
  } catch (error) {
    throw new Unresolved(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function tainted(value: Value, world: World): boolean {
  if (typeof value === 'string') return false
  if ('secret' in value) return true
  if ('json' in value) return tainted(value.json, world)
  if ('join' in value) return value.join.some(part => tainted(part, world))
  return 'fact' in value && world.facts.get(value.fact.fact)?.secret === true
}

function pick(answer: Json | undefined, path: string): Json | undefined {
  let seen: Json | undefined = answer
  if (path === '') return seen
  for (const key of path.split('.')) {
    if (typeof seen !== 'object' || seen === null) return undefined
    seen = (seen as { readonly [key: string]: Json })[key]
  }
  return seen
}
