import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exits } from '../exit.ts'
import type { Io } from '../io.ts'
import { packageRoot } from '../package.ts'

/** Prints the schema that this version checks playbooks with. */
export function schema(args: { readonly what: string }, io: Io): number {
  io.out(readFileSync(join(packageRoot(), 'schemas', `${args.what}.schema.json`), 'utf8'))
  return exits.ok
}
