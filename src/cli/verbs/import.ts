import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { importLaunchpad } from '../../catalog/import/launchpad.ts'
import type { Said } from '../../catalog/import/outcome.ts'
import { publicRepository } from '../../playbook/images.ts'
import { countLine, renderDiagnostics } from '../../playbook/frame.ts'
import { hasErrors } from '../../playbook/diagnostic.ts'
import { clean } from '../../views/clean.ts'
import { checkPlaybook } from '../check.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { DEFAULT_OUT, insistOnNew, writeDraft } from './init.ts'

export interface ImportArgs {
  /** A launchpad.yaml. */
  readonly file: string
  readonly out?: string
  readonly force: boolean
}

/** Translates a file of Mirantis Launchpad, and says of each line what became of it. No host is asked. */
export async function importFile(args: ImportArgs, io: Io): Promise<number> {
  const out = args.out ?? DEFAULT_OUT
  insistOnNew(out, args.force, io)
  const made = importLaunchpad(read(args.file, io), {
    env: name => io.env[name],
    publicRepository,
    head: [
      `Translated from ${basename(args.file)} by runbook import. Lines with TODO say what has to be seen to.`,
      'For a cluster that stands already, `runbook init --from ssh://MANAGER` knows more: ids of replicas, for example.',
    ],
  })
  if ('message' in made) throw new Quit('invalid', `${args.file}:${made.line}: ${clean(made.message)}`)
  writeDraft(made.draft, out, io)
  const of = (became: Said['became']): readonly Said[] => made.said.filter(one => one.became === became)
  for (const one of made.said) if (one.became !== 'carried') io.out(lineOf(args.file, one))
  io.out(
    `${made.said.length} values: ${of('carried').length} carried over, ${of('changed').length} in other words, ${of('left').length} not carried over\n`,
  )
  const { diagnostics } = await checkPlaybook(resolve(io.cwd, out))
  const named = diagnostics.map(diagnostic => ({ ...diagnostic, file: out }))
  if (named.length > 0) io.err(`${renderDiagnostics(named, io.coloured.err)}\n${countLine(named)}\n`)
  io.err(`next: ${hasErrors(diagnostics) ? `mend ${out}, then ` : ''}runbook validate ${out}\n`)
  return hasErrors(diagnostics) ? exits.invalid : exits.ok
}

function lineOf(file: string, { line, at, became, text }: Said): string {
  return `${file}:${line}: ${at}: ${became === 'left' ? 'not carried over' : 'in other words'}: ${clean(text)}\n`
}

function read(file: string, io: Io): string {
  try {
    return readFileSync(resolve(io.cwd, file), 'utf8')
  } catch (error) {
    throw new Quit('usage', `${file} cannot be read: ${(error as Error).message}`, 'name a launchpad.yaml')
  }
}
