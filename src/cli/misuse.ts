import { nearest } from '../playbook/nearest.ts'
import { Quit } from './exit.ts'
import { nameOf, spoken, verbTable } from './verbTable.ts'

const anywhere = ['help', 'version', 'debug', 'color', 'input']

/** What yargs says in our words, with the nearest name where one was mistyped. */
export function misuse(message: string, all: readonly string[]): Quit {
  // What stands behind `--` is somebody else's.
  const argv = all.includes('--') ? all.slice(0, all.indexOf('--')) : all
  const command = argv.find(word => word in spoken)
  const help = `runbook ${command === undefined ? '' : `${command} `}--help`
  const flag = unknownFlag(argv, command)
  if (flag !== undefined) return flag
  const [, word] = /^Unknown (?:argument|command)s?: ([^,\n]+)/.exec(message) ?? []
  if (word !== undefined && command !== undefined)
    return new Quit('usage', `${command} takes no '${word}'`, help)
  if (word !== undefined) {
    const near = nearest(word, Object.keys(spoken))
    const which =
      near === undefined ? `commands: ${Object.keys(spoken).join(', ')}` : `did you mean \`runbook ${near}\`?`
    return new Quit('usage', `unknown command '${word}'`, which)
  }
  if (message.startsWith('Not enough non-option arguments') && command !== undefined) {
    return new Quit(
      'usage',
      `${command} needs ${verbTable.find(entry => nameOf(entry) === command)?.needs ?? 'more'}`,
      help,
    )
  }
  const [, name = '', given = '', choices = ''] =
    /Argument: ([^,]+), Given: (.*), Choices: (.*)/.exec(message) ?? []
  if (name !== '') return new Quit('usage', `${name} cannot be ${given}`, `one of ${choices}`)
  return new Quit('usage', message.replaceAll(/\s*\n\s*/g, ' '), help)
}

function unknownFlag(argv: readonly string[], command: string | undefined): Quit | undefined {
  const flags = [...(command === undefined ? [] : (spoken[command] ?? [])), ...anywhere]
  const typed = argv.flatMap(word => /^--(?:no-)?([^=]+)/.exec(word)?.[1] ?? [])
  const wrong = typed.find(name => !flags.includes(name))
  if (wrong === undefined) return undefined
  const near = nearest(wrong, flags)
  const elsewhere = Object.keys(spoken).filter(name => spoken[name]?.some(flag => flag === wrong))
  if (elsewhere.length > 0)
    return new Quit(
      'usage',
      `${command ?? 'runbook'} has no flag --${wrong}`,
      `it belongs to ${elsewhere.join(', ')}`,
    )
  const help =
    near === undefined ? `flags: ${flags.map(flag => `--${flag}`).join(' ')}` : `did you mean --${near}?`
  return new Quit('usage', `unknown flag --${wrong}`, help)
}
