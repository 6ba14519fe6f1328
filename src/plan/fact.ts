import type { Command, FactRef, Json } from './step.ts'
import { canonical } from './canonical.ts'
import type { Telling } from './telling.ts'

/** How a command ended. `code` undefined: nobody knows (the link died). It is never success. */
export interface Exit {
  readonly code: number | undefined
  readonly stdout: string
  readonly stderr: string
  /** It ran out of its time and its process group was killed; `code` is then 124. */
  readonly timedOut?: true
  /** A person had its process group killed; `code` is then undefined. */
  readonly aborted?: true
}

/**
 * A read-only question and its pure answer.
 * `parse` answers null for "there is none" and undefined for "could not tell"; the two are never mixed up.
 */
export interface Fact {
  readonly name: string
  /** What the answer means, its shape, and the source of the vendor facts behind it. */
  readonly about: string
  /** The answer is secret (a join token): it is masked everywhere and never stored. */
  readonly secret?: true
  /** 'host': only effects on that host can change it. 'cluster': any effect can. */
  readonly scope: 'host' | 'cluster'
  /** The answer changes by itself (a clock, free space): it may lead to findings, and is no part of what a plan was made from. */
  readonly volatile?: true
  /** For people without the tool: how a shell picks a late value out of what the probe prints, by `pick`. */
  readonly picks?: { readonly [pick: string]: string }
  probe(args: Json | undefined): Command
  parse(exit: Exit, args: Json | undefined): Json | undefined
  /** How a host can tell by itself whether a check `is` holds. Absent or undefined: only the parser can. */
  tells?(args: Json | undefined, is: Json): Telling | undefined
}

/** What is known or expected, by `factKey`. Absent means unknown. */
export type Facts = ReadonlyMap<string, Json>

/** The key of one question: `fact@host`, and the canonical args where there are any. */
export function factKey(ref: FactRef): string {
  return `${ref.fact}@${ref.host}${ref.args === undefined ? '' : ` ${canonicalArgs(ref.args)}`}`
}

/** Keys are made far more often than questions, and plain data does not change once it is part of one. */
const known = new WeakMap<object, string>()

function canonicalArgs(args: Json): string {
  if (typeof args !== 'object' || args === null) return canonical(args)
  const before = known.get(args)
  if (before !== undefined) return before
  const text = canonical(args)
  known.set(args, text)
  return text
}
