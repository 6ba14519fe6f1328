import { spawnSync } from 'node:child_process'
import type { Exit, Fact } from '../../../src/plan/fact.ts'
import type { Command, Json } from '../../../src/plan/step.ts'

/** Runs a command on this machine, as a host would. */
export function runReal({ argv, stdin }: Command): Exit {
  const [program = '', ...words] = argv.map(String)
  const done = spawnSync(program, words, {
    encoding: 'utf8',
    input: typeof stdin === 'string' ? stdin : '',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  })
  // A program that ends before it has read its input (EPIPE) has an exit status all the same.
  if (done.error !== undefined && done.status === null)
    return { code: 127, stdout: '', stderr: done.error.message }
  return { code: done.status ?? undefined, stdout: done.stdout, stderr: done.stderr }
}

/** What a fact says of this machine. */
export function seeReal(fact: Fact, args?: Json): Json | undefined {
  return fact.parse(runReal(fact.probe(args)), args)
}
