import type { Exit } from '../../plan/fact.ts'
import type { Change, Check, HostName, Risk, Step } from '../../plan/step.ts'
import type { Line } from '../../hosts/session.ts'
import type { Estate } from '../../twin/estate.ts'
import type { Reader } from './words.ts'

/** Where a step is made: its host, a name for it that can stand in a path, and the reader of what it says. */
export interface Site {
  readonly host: HostName
  readonly slug: string
  readonly read: Reader
}

/** What an action is made into: the part of a step that differs from action to action. */
export interface Deed extends Change {
  readonly takes: Step['takes']
  readonly inDoubt?: Step['inDoubt']
  readonly requires?: readonly Check[]
  readonly risk?: Risk
  readonly undo?: Change
  /** Nothing tells whether it is needed, so it runs every time. */
  readonly opaque?: true
}

/** How the twin answers one action's commands. */
export type Answer = (line: Line, host: HostName, estate: Estate) => Exit | undefined

/** `sh -c SCRIPT NAME word…`: the name by which the twin knows the script, and the words after it. */
export function scriptOf({
  argv,
}: Line): { readonly name: string; readonly words: readonly string[] } | undefined {
  const [program, flag, , name, ...words] = argv
  return program === 'sh' && flag === '-c' && name !== undefined ? { name, words } : undefined
}
