import { playbookRules } from '../../catalog/rules.ts'
import { diagnosticsJson, hasErrors } from '../../playbook/diagnostic.ts'
import { countLine, renderDiagnostics } from '../../playbook/frame.ts'
import { loadPlaybook } from '../../playbook/read.ts'
import { exits } from '../exit.ts'
import type { Io } from '../io.ts'

/** Says all that is wrong with a playbook. No host is asked, no secret is read. */
export function validate(args: { readonly file: string; readonly json: boolean }, io: Io): number {
  const { diagnostics, topology } = loadPlaybook(args.file, playbookRules)
  if (args.json) io.out(`${JSON.stringify(diagnosticsJson(diagnostics))}\n`)
  else if (diagnostics.length > 0) io.out(`${renderDiagnostics(diagnostics, io.coloured.out)}\n`)
  else io.out(`${args.file}: ${countLine(diagnostics)}, ${Object.keys(topology?.hosts ?? {}).length} hosts\n`)
  if (hasErrors(diagnostics)) return exits.invalid
  if (!args.json) io.err(`next: runbook plan ${args.file}\n`)
  return exits.ok
}
