import type { Exit, Fact } from '../../plan/fact.ts'
import type { Check, Command, Json, Value } from '../../plan/step.ts'
import type { CommandLine, CommandSpec, LookSpec } from '../../playbook/steps.ts'
import { isObject, member } from '../os/text.ts'
import type { Deed, Site } from './action.ts'
import { Mistake } from './mistake.ts'
import { absolute, pathFact } from './paths.ts'
import { commandTells } from './tells.ts'

/** Longer output is cut: a goal's answer is to be read by people too. */
const OUTPUT_MAX = 2_000

/**
 * What a command of the playbook's says that only looks: `{exit}`, and `{exit, output}` where args name an `output` (without
 * white space at its ends). The command is taken to be read-only because the playbook says so by putting it there.
 */
export const commandFact: Fact = {
  name: 'step.command',
  about:
    "How the playbook's own look, args {argv, env?, output?}, ends: {exit}, and {exit, output} where an output is wanted.",
  scope: 'cluster',
  probe(args) {
    const argv = member(args, 'argv')
    const env = member(args, 'env')
    if (!Array.isArray(argv)) throw new Error('a look needs the argument argv')
    return {
      argv: argv as readonly string[],
      ...(isObject(env) && { env: env as unknown as { readonly [name: string]: Value } }),
    }
  },
  parse(seen: Exit, args) {
    if (seen.code === undefined || seen.timedOut || seen.code === 124) return undefined
    const wanted = member(args, 'output')
    return {
      exit: seen.code,
      ...(wanted !== undefined && { output: seen.stdout.trim().slice(0, OUTPUT_MAX) }),
    }
  },
  tells: commandTells,
}

/** A command of the person's own. Without goal, creates and unless nobody can tell whether it is needed. @throws Mistake, Undecided */
export function commandDeed(spec: CommandSpec, site: Site, at: Mistake['path']): Deed {
  const { host, read } = site
  const env = Object.fromEntries(
    Object.entries(spec.env ?? {}).map(([name, words]) => [name, read.value(words, [...at, 'env', name])]),
  )
  const bad = Object.keys(env).find(name => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.startsWith('rb_'))
  if (bad !== undefined) {
    const help = "letters, digits and _, and not beginning with 'rb_'"
    throw new Mistake('RB0907', [...at, 'env', bad], `'${bad}' cannot be a variable of the environment`, help)
  }
  const goal: Check[] = []
  if (spec.goal !== undefined) goal.push(lookIs(spec.goal, env, site, [...at, 'goal']))
  if (spec.unless !== undefined) goal.push(lookIs(spec.unless, env, site, [...at, 'unless']))
  if (spec.creates !== undefined) {
    const here = [...at, 'creates']
    goal.push({
      fact: pathFact.name,
      host,
      args: { path: absolute(read.text(spec.creates, here), here) },
      is: {},
    })
  }
  const stdin = spec.stdin === undefined ? undefined : read.value(spec.stdin, [...at, 'stdin'])
  const exec: Command = { ...command(spec, env, site, at), ...(stdin !== undefined && { stdin }) }
  const { timeoutSeconds } = spec
  return {
    goal,
    run: [{ exec, timeoutSeconds }],
    withinSeconds: 10,
    takes: { p50Seconds: Math.min(5, timeoutSeconds), p90Seconds: Math.min(60, timeoutSeconds) },
    ...(goal.length === 0 && { opaque: true, inDoubt: 'ask' }),
    ...(spec.undo !== undefined && {
      undo: {
        goal: [],
        run: [{ exec: command(spec.undo, env, site, [...at, 'undo']), timeoutSeconds }],
        withinSeconds: 0,
      },
    }),
  }
}

/** A look that must end well, with the output it names if it names one. */
export function lookIs(
  look: LookSpec,
  env: { readonly [name: string]: Value },
  site: Site,
  at: Mistake['path'],
): Check {
  const output = look.output === undefined ? undefined : site.read.text(look.output, [...at, 'output']).trim()
  const { argv } = command(look, {}, site, at)
  return {
    fact: commandFact.name,
    host: site.host,
    args: {
      argv: argv as readonly string[],
      ...(Object.keys(env).length > 0 && { env: env as unknown as Json }),
      ...(output !== undefined && { output }),
    },
    is: { exit: 0, ...(output !== undefined && { output }) },
  }
}

function command(
  line: CommandLine,
  env: { readonly [name: string]: Value },
  { read }: Site,
  at: Mistake['path'],
): Command {
  if ((line.argv === undefined) === (line.shell === undefined))
    throw new Mistake(
      'RB0903',
      at,
      "a command is either 'argv' or 'shell'",
      'argv: one word an item, nothing is interpreted; shell: a text for sh',
    )
  const argv =
    line.argv === undefined
      ? ['sh', '-c', read.text(line.shell ?? '', [...at, 'shell'])]
      : read.list(line.argv, [...at, 'argv'])
  if (argv.length === 0 || argv[0] === '')
    throw new Mistake('RB0903', [...at, 'argv'], 'a command needs at least one word')
  return { argv, ...(Object.keys(env).length > 0 && { env }) }
}
