import { exits, Quit } from './exit.ts'
import { helpText, packageVersion } from './package.ts'

/** Runs one command line. Never throws. @returns the exit code */
export async function start(argv: readonly string[]): Promise<number> {
  quietPipes()
  try {
    // Asked for by scripts and editors, often: answered without loading the parser.
    if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
      process.stdout.write(`${packageVersion()}\n`)
      return exits.ok
    }
    if (argv.length === 1 && (argv[0] === '--help' || argv[0] === '-h')) {
      const help = helpText()
      if (help !== undefined) {
        process.stdout.write(help)
        return exits.ok
      }
    }
    // Editors ask this over and over; the parser would find no more in it.
    const [verb, file, ...more] = argv
    if (verb === 'validate' && file !== undefined && !file.startsWith('-') && more.length === 0) {
      const [{ validate }, { processIo }] = await Promise.all([
        import('./verbs/validate.ts'),
        import('./io.ts'),
      ])
      return await validate({ file, json: false }, processIo(undefined))
    }
    const { runCommand } = await import('./commands.ts')
    return await runCommand(argv, packageVersion())
  } catch (error) {
    const { maskAllMet } = await import('../run/redact.ts')
    return explainEnd(error, argv.includes('--debug'), maskAllMet)
  }
}

/** The last words of a process, masked: an error may hold anything. */
function explainEnd(error: unknown, debug: boolean, mask: (text: string) => string): number {
  const say = (text: string): void => void process.stderr.write(mask(text))
  if (error instanceof Quit) {
    say(`runbook: ${error.message}\n${error.help === undefined ? '' : `  = help: ${error.help}\n`}`)
    return exits[error.exit]
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
  say(`runbook: ${message}\n`)
  if (debug) say(`${stack ?? '(no stack)'}\n`)
  else
    say('  = help: this is a fault of runbook itself; run it again with --debug and report what it prints\n')
  return exits.bug
}

/** `runbook plan x | head` ends quietly: nobody reads any more, so nothing is left to do. */
function quietPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      if (stream === process.stdout) process.exit()
    })
  }
}
