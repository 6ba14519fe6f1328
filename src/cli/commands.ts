import yargs from 'yargs'
import { nearest } from '../playbook/nearest.ts'
import { exits, Quit } from './exit.ts'
import { type Io, processIo } from './io.ts'
import { planFormats } from './planFormats.ts'

/** What a verb is called with: its own flags, typed where it is defined. */
type Verb<Args> = (args: Args, io: Io) => Promise<number> | number

const outputs = ['auto', 'tty', 'plain', 'json'] as const
export type OutputKind = (typeof outputs)[number]

const examples = `Examples:
  runbook validate dtr-ha.yml    what is wrong, with line, reason and fix
  runbook plan dtr-ha.yml        what would happen, exactly; touches nothing
  runbook apply dtr-ha.yml       do it: shows the plan and asks first
  runbook resume                 go on with the run that was stopped
  runbook demo                   all of it on a pretend cluster, needs nothing`

/** Every command with its flags, for the parser and for suggestions alike. */
const options = {
  file: { describe: 'The playbook', type: 'string', demandOption: true },
  json: { describe: 'The result as one JSON document', type: 'boolean', default: false },
  format: { describe: 'How the plan is shown', choices: planFormats, default: 'text' },
  offline: {
    describe: 'Ask no host: the plan for bare hosts, or for what --from says',
    type: 'boolean',
    default: false,
  },
  from: {
    describe: 'Plan from a snapshot that inspect wrote; with --offline',
    type: 'string',
    requiresArg: true,
  },
  'approvals-from': {
    describe: 'Check approvals by the rules of this branch',
    type: 'string',
    requiresArg: true,
  },
  key: { describe: 'The SSH key to sign with', type: 'string', requiresArg: true },
  as: { describe: 'Your name in the rules', type: 'string', requiresArg: true },
  previous: { describe: 'The saved plan of the previous push', type: 'string', requiresArg: true },
  base: {
    describe: "The base branch's saved plan, to tell drift from the change",
    type: 'string',
    requiresArg: true,
  },
  'fail-on': {
    describe: 'What makes a check fail, beside errors',
    choices: ['error', 'irreversible', 'interrupts', 'changes'],
    default: 'error',
  },
  link: { describe: 'Where all of the plan can be read', type: 'string', requiresArg: true },
  replan: {
    describe: 'Where a saved plan is stale, show the difference and ask again',
    type: 'boolean',
    default: false,
  },
  out: { describe: 'Also save the plan as a file', type: 'string', alias: 'o', requiresArg: true },
  'detailed-exitcode': { describe: 'Exit 2 when something would change', type: 'boolean', default: false },
  prune: { describe: 'Also take out what left the playbook', type: 'boolean', default: false },
  'dry-run': { describe: 'Show the plan and stop', type: 'boolean', default: false },
  yes: { describe: 'Do not ask', type: 'boolean', alias: 'y', default: false },
  plan: { describe: 'Apply only if the plan is still this saved one', type: 'string', requiresArg: true },
  output: {
    describe: 'How progress is shown, on stderr (json: on stdout)',
    choices: outputs,
    default: 'auto',
  },
  parallel: {
    describe: 'At most so many steps at once; quorums may allow fewer',
    type: 'number',
    default: 10,
  },
  'runs-dir': {
    describe: 'Where runs are kept',
    type: 'string',
    default: '.runbook/runs',
    requiresArg: true,
  },
  'lock-timeout': {
    describe: 'Wait so long for hosts that somebody else holds (90s, 10m)',
    type: 'string',
    default: '0s',
    requiresArg: true,
  },
  'from-host': {
    describe: "Fetch the run from this host's copy; FILE is the playbook here",
    type: 'string',
    requiresArg: true,
  },
  assume: {
    describe: 'Say how the step in doubt ended, after looking',
    choices: ['done', 'not-done'],
    requiresArg: true,
  },
  reason: { describe: 'Why; others are shown it', type: 'string', requiresArg: true },
  ttl: { describe: 'Freeze for so long (4h)', type: 'string', requiresArg: true },
  keep: {
    describe: 'Make the pretend cluster in this folder and leave it there',
    type: 'string',
    requiresArg: true,
  },
} as const

const anywhere = ['help', 'version', 'debug', 'color']
const spoken: { readonly [command: string]: readonly (keyof typeof options)[] } = {
  validate: ['json'],
  plan: ['out', 'format', 'offline', 'from', 'prune', 'detailed-exitcode'],
  show: ['format'],
  approve: ['key', 'as'],
  ci: ['previous', 'base', 'fail-on', 'link'],
  inspect: ['out'],
  apply: [
    'dry-run',
    'prune',
    'yes',
    'plan',
    'replan',
    'approvals-from',
    'output',
    'parallel',
    'runs-dir',
    'lock-timeout',
  ],
  resume: ['output', 'parallel', 'runs-dir', 'lock-timeout', 'from-host', 'assume'],
  rollback: ['yes', 'output', 'parallel', 'runs-dir', 'lock-timeout'],
  abandon: ['runs-dir', 'yes'],
  lock: ['reason', 'ttl', 'json'],
  history: ['runs-dir', 'json'],
  status: ['json'],
  explain: [],
  schema: [],
  demo: ['output', 'keep'],
}

/** Parses the command line and runs the verb. @returns the exit code @throws Quit for a command line that makes no sense */
export async function runCommand(argv: readonly string[], version: string): Promise<number> {
  let code: number = exits.ok
  const call =
    <Args>(load: () => Promise<Verb<Args>>) =>
    async (parsed: unknown): Promise<void> => {
      const args = parsed as Args & { readonly color?: boolean }
      const verb = await load()
      code = await verb(args, processIo(args.color))
    }
  const { file, json, format, offline, from, out, prune, yes, plan, replan, output, parallel, keep } = options
  const detailed = { 'detailed-exitcode': options['detailed-exitcode'] }
  const running = {
    output,
    parallel,
    'runs-dir': options['runs-dir'],
    'lock-timeout': options['lock-timeout'],
  }
  const parser = yargs([...argv])
    .scriptName('runbook')
    .usage(`Usage: runbook <command> [flags]\n\n${examples}`)
    .command(
      'validate <file>',
      'Check a playbook; no host is asked',
      y => y.positional('file', file).options({ json }),
      call(async () => (await import('./verbs/validate.ts')).validate),
    )
    .command('plan', 'Show what would happen; hosts are only read', y =>
      y
        .command(
          '$0 <file>',
          'Show what would happen; hosts are only read',
          z => z.positional('file', file).options({ out, format, offline, from, prune, ...detailed }),
          call(async () => (await import('./verbs/plan.ts')).plan),
        )
        .command(
          'diff <before> <after>',
          'How two saved plans differ, by step id',
          z =>
            z
              .positional('before', { describe: 'A saved plan', type: 'string', demandOption: true })
              .positional('after', { describe: 'Another', type: 'string', demandOption: true })
              .options({ format: { ...format, choices: ['text', 'md', 'json'] }, ...detailed }),
          call(async () => (await import('./verbs/planDiff.ts')).planDiff),
        ),
    )
    .command(
      'show <plan>',
      'Show a saved plan in any form',
      y =>
        y
          .positional('plan', { describe: 'A saved plan', type: 'string', demandOption: true })
          .options({ format }),
      call(async () => (await import('./verbs/show.ts')).show),
    )
    .command(
      'approve <plan>',
      'Sign a saved plan with your SSH key',
      y =>
        y
          .positional('plan', { describe: 'A saved plan', type: 'string', demandOption: true })
          .options({ key: options.key, as: options.as }),
      call(async () => (await import('./verbs/approve.ts')).approve),
    )
    .command(
      'ci <what> <plan>',
      'Write a saved plan where the reviewers of a pull request are',
      y =>
        y
          .positional('what', {
            describe: 'comment: one that is kept up to date',
            choices: ['comment', 'summary', 'check'],
            demandOption: true,
          })
          .positional('plan', { describe: 'A saved plan', type: 'string', demandOption: true })
          .options({
            previous: options.previous,
            base: options.base,
            'fail-on': options['fail-on'],
            link: options.link,
          }),
      call(async () => (await import('./verbs/ci.ts')).ci),
    )
    .command(
      'inspect <file>',
      'Write down what is there now, to plan from later',
      y => y.positional('file', file).options({ out: { ...out, describe: 'Where to; stdout without' } }),
      call(async () => (await import('./verbs/inspect.ts')).inspect),
    )
    .command(
      'apply <file>',
      'Make the playbook, or exactly a saved plan, true',
      y =>
        y.positional('file', { ...file, describe: 'The playbook, or a saved plan' }).options({
          'dry-run': options['dry-run'],
          prune,
          yes,
          plan,
          replan,
          'approvals-from': options['approvals-from'],
          ...running,
        }),
      call(async () => (await import('./verbs/apply.ts')).apply),
    )
    .command(
      'resume [run] [step]',
      'Go on with a run that was stopped, failed or killed',
      y =>
        y
          .positional('run', { describe: 'Its id; the newest one without', type: 'string' })
          .positional('step', { describe: 'With --assume: which step', type: 'string' })
          .options({ ...running, 'from-host': options['from-host'], assume: options.assume }),
      call(async () => (await import('./verbs/resume.ts')).resume),
    )
    .command(
      'rollback [run]',
      'Undo what a run changed, back to the point of no return',
      y =>
        y
          .positional('run', { describe: 'Its id; the newest one without', type: 'string' })
          .options({ yes, ...running }),
      call(async () => (await import('./verbs/rollback.ts')).rollback),
    )
    .command(
      'abandon [run]',
      'Give a stopped run up: its hosts are free again, nothing is undone',
      y =>
        y
          .positional('run', { describe: 'Its id; the newest one without', type: 'string' })
          .options({ 'runs-dir': options['runs-dir'], yes }),
      call(async () => (await import('./verbs/abandon.ts')).abandon),
    )
    .command(
      'lock <what> <file>',
      'Who may change the hosts: status, freeze, release, break',
      y =>
        y
          .positional('what', {
            describe: 'What to do',
            choices: ['status', 'freeze', 'release', 'break'],
            demandOption: true,
          })
          .positional('file', file)
          .options({ reason: options.reason, ttl: options.ttl, json }),
      call(async () => (await import('./verbs/lock.ts')).lock),
    )
    .command(
      'history [file]',
      'Runs: those of this folder, or what the hosts of a playbook remember',
      y =>
        y
          .positional('file', { describe: 'The playbook, to ask its hosts', type: 'string' })
          .options({ 'runs-dir': options['runs-dir'], json }),
      call(async () => (await import('./verbs/history.ts')).history),
    )
    .command(
      'status <file>',
      'What is there now',
      y => y.positional('file', file).options({ json }),
      call(async () => (await import('./verbs/status.ts')).status),
    )
    .command(
      'explain <what>',
      'The page of a code (RB0312), a kind of step or a fact',
      y => y.positional('what', { describe: 'Code, kind or fact', type: 'string', demandOption: true }),
      call(async () => (await import('./verbs/explain.ts')).explain),
    )
    .command(
      'schema <what>',
      'Print a JSON Schema',
      y =>
        y.positional('what', {
          describe: 'Which one',
          choices: ['playbook', 'plan', 'facts', 'findings', 'events'],
          demandOption: true,
        }),
      call(async () => (await import('./verbs/schema.ts')).schema),
    )
    .command(
      'demo',
      'The whole story on a pretend cluster; needs no root, no network',
      y => y.options({ output, keep }),
      call(async () => (await import('./verbs/demo.ts')).demo),
    )
    .options({
      color: { describe: 'Colour; --no-color turns it off, as NO_COLOR does', type: 'boolean' },
      debug: { describe: 'With a stack trace when runbook itself is at fault', type: 'boolean' },
    })
    .demandCommand(1, 'which command?')
    .strict()
    .parserConfiguration({ 'duplicate-arguments-array': false })
    .version(version)
    .help()
    .alias('h', 'help')
    .wrap(80)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined && error.name !== 'YError') throw error
      throw misuse(message ?? 'the command line makes no sense', argv)
    })
  await parser.parseAsync()
  return code
}

/** What yargs says in our words, with the nearest name where one was mistyped. */
function misuse(message: string, argv: readonly string[]): Quit {
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
    return new Quit('usage', `${command} needs ${takes[command] ?? 'more'}`, help)
  }
  const [, name = '', given = '', choices = ''] =
    /Argument: ([^,]+), Given: (.*), Choices: (.*)/.exec(message) ?? []
  if (name !== '') return new Quit('usage', `${name} cannot be ${given}`, `one of ${choices}`)
  return new Quit('usage', message.replaceAll(/\s*\n\s*/g, ' '), help)
}

/** What a command cannot do without. */
const takes: { readonly [command: string]: string } = {
  validate: 'a playbook',
  plan: 'a playbook',
  show: 'a saved plan',
  approve: 'a saved plan',
  ci: 'comment, summary or check, and a saved plan',
  inspect: 'a playbook',
  apply: 'a playbook or a saved plan',
  status: 'a playbook',
  explain: 'a code (RB0312), a kind of step or a fact',
  schema: 'playbook, plan, facts, findings or events',
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
