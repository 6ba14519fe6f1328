import yargs, { type Argv } from 'yargs'
import { exits } from './exit.ts'
import { flags } from './flags.ts'
import { processIo } from './io.ts'
import { misuse } from './misuse.ts'
import { nameOf, type VerbEntry, verbTable } from './verbTable.ts'

const examples = `Examples:
  runbook validate dtr-ha.yml    what is wrong, with line, reason and fix
  runbook plan dtr-ha.yml        what would happen, exactly; touches nothing
  runbook apply dtr-ha.yml       do it: shows the plan and asks first
  runbook resume                 go on with the run that was stopped
  runbook demo                   all of it on a pretend cluster, needs nothing`

/**
 * Thrown when a verb is found, so that yargs ends there: it would go on to lay out the verb's whole help, in case it is wanted after
 * all, which takes as long as Node's own start.
 */
const found = new Error('a verb was found')

/** Parses the command line and runs the verb. @returns the exit code @throws Quit for a command line that makes no sense */
export async function runCommand(argv: readonly string[], version: string): Promise<number> {
  let chosen: (() => Promise<number>) | undefined
  const add = (to: Argv, entry: VerbEntry, typed = entry.typed): Argv =>
    to.command(
      typed,
      entry.does,
      y => {
        for (const [name, word] of Object.entries(entry.words ?? {}))
          y.positional(name, { type: 'string', ...word, demandOption: entry.typed.includes(`<${name}>`) })
        return y.options(
          Object.fromEntries(entry.flags.map(name => [name, { ...flags[name], ...entry.instead?.[name] }])),
        )
      },
      parsed => {
        chosen = async () => {
          const verb = await entry.load()
          return verb(
            parsed as never,
            processIo(parsed['color'] as boolean | undefined, parsed['input'] === false),
          )
        }
        throw found
      },
    )
  const parser = verbTable
    .reduce(
      (to, entry) =>
        entry.more === undefined
          ? add(to, entry)
          : to.command(nameOf(entry), entry.does, y =>
              [...(entry.more ?? [])].reduce(
                (inner, one) => add(inner, one),
                add(y, entry, entry.typed.replace(nameOf(entry), '$0')),
              ),
            ),
      yargs([...argv])
        .scriptName('runbook')
        .usage(`Usage: runbook <command> [flags]\n\n${examples}`),
    )
    .options({
      color: { describe: 'Colour; --no-color turns it off, as NO_COLOR does', type: 'boolean' },
      input: { describe: 'Questions; --no-input refuses what would be asked (exit 19, 64)', type: 'boolean' },
      debug: { describe: 'With a stack trace when runbook itself is at fault', type: 'boolean' },
    })
    .demandCommand(1, 'which command?')
    .strict()
    .parserConfiguration({ 'duplicate-arguments-array': false, 'populate--': true })
    .version(version)
    .help()
    .alias('h', 'help')
    .wrap(80)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined && error.name !== 'YError') throw error
      throw misuse(message ?? 'the command line makes no sense', argv)
    })
  try {
    await parser.parseAsync()
  } catch (error) {
    if (error !== found) throw error
  }
  return chosen === undefined ? exits.ok : chosen()
}
