import { diagnosticsJson, hasErrors } from '../../playbook/diagnostic.ts'
import { countLine, renderDiagnostics } from '../../playbook/frame.ts'
import { checkPlaybook } from '../check.ts'
import { exits } from '../exit.ts'
import type { Io } from '../io.ts'

/** Says all that is wrong with a playbook. No host is asked, no secret is read. */
export async function validate(
  args: { readonly file: string; readonly json: boolean },
  io: Io,
): Promise<number> {
  const { diagnostics, topology } = await checkPlaybook(args.file)
  if (args.json) io.out(`${JSON.stringify(diagnosticsJson(diagnostics))}\n`)
  else if (diagnostics.length > 0) io.out(`${renderDiagnostics(diagnostics, io.coloured.out)}\n`)
  else io.out(`${args.file}: ${countLine(diagnostics)}, ${Object.keys(topology?.hosts ?? {}).length} hosts\n`)
  if (hasErrors(diagnostics)) return exits.invalid
  if (!args.json) io.err(`next: runbook plan ${args.file}\n`)
  return exits.ok
}
