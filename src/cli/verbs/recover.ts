import { resolve } from 'node:path'
import { products } from '../../catalog/index.ts'
import { fitting, recipeNamed, recipes } from '../../catalog/recover/index.ts'
import type { Recipe } from '../../catalog/recover/recipe.ts'
import { savedBytes } from '../../plan/saved.ts'
import { nearest } from '../../playbook/nearest.ts'
import { planText } from '../../views/text.ts'
import { recipeList } from '../../views/recipes.ts'
import { insistOnAgreed } from '../agreed.ts'
import { insistOnTrusted } from '../ci/pullRequest.ts'
import { exits, Quit } from '../exit.ts'
import type { OutputKind } from '../flags.ts'
import { insistOnUnheld } from '../hold.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { insistOnAll, insistOnRules, lookAhead } from '../prospect.ts'
import { presentFiles, readSaved, reportOfSaved, save, toSave } from '../review.ts'
import { newRun } from '../runs.ts'
import { insistOnSame } from '../stale.ts'
import { scopeOf, underLease } from '../undertake.ts'
import { consent } from './apply.ts'
import { restore } from './restore.ts'

export interface RecoverArgs {
  /** The name of a recipe; or the playbook, to see which recipe fits. */
  readonly scenario: string
  readonly file?: string
  /** Hosts and sites that are gone, separated by commas. */
  readonly without?: string
  readonly dryRun: boolean
  readonly yes: boolean
  /** Save the plan there. */
  readonly out?: string
  /** Only if the plan is still this saved one. */
  readonly plan?: string
  readonly approvalsFrom?: string
  readonly output: OutputKind
  readonly parallel: number
  readonly runsDir: string
  readonly lockTimeout?: string
}

/** Brings back what is lost, by the recipe that is named; without one it lists them and marks the one that the hosts point to. */
export async function recover(args: RecoverArgs, io: Io): Promise<number> {
  const recipe = recipeNamed(args.scenario)
  if (args.file === undefined) {
    if (recipe === undefined) return list(args.scenario, args.without, io)
    throw new Quit('usage', 'recover needs a playbook', `runbook recover ${recipe.name} FILE`)
  }
  if (recipe === undefined) {
    const names = recipes.map(({ name }) => name)
    const near = nearest(args.scenario, names)
    throw new Quit(
      'usage',
      `there is no recipe '${args.scenario}'`,
      near === undefined ? `one of ${names.join(', ')}` : `did you mean ${near}?`,
    )
  }
  if (recipe.restores === true) return fromBackup(recipe, args.file, args, io)
  return follow(recipe, args.file, args, io)
}

/** What is lost whole comes out of a backup: that it is lost is looked at first, then `restore` has it. */
async function fromBackup(recipe: Recipe, file: string, args: RecoverArgs, io: Io): Promise<number> {
  for (const flag of ['without', 'out', 'plan', 'approvalsFrom'] as const)
    if (args[flag] !== undefined)
      throw new Quit(
        'usage',
        `${recipe.name} restores the whole cluster from a backup set, and takes no --${flag === 'approvalsFrom' ? 'approvals-from' : flag}`,
        `runbook recover ${recipe.name} ${file}`,
      )
  const good = await loadGood(file, io)
  const { seen, sessions } = await lookAhead(good, recipe.products([]), 'look', io)
  await sessions.closeAll()
  insistOnAll(seen)
  insistOnRules({ findings: seen.findings.filter(({ code }) => code !== 'RB0866') })
  const { dryRun, output, parallel, runsDir, lockTimeout } = args
  const common = { file, dryRun, output, parallel, runsDir }
  return await restore(
    {
      ...common,
      ...(args.yes && { yesName: good.topology.name }),
      ...(lockTimeout !== undefined && { lockTimeout }),
    },
    io,
  )
}

/** Only reads. What cannot be asked is taken for lost here, since that is what its hosts would be given up for. */
async function list(file: string, without: string | undefined, io: Io): Promise<number> {
  const good = await loadGood(file, io, false, without)
  const { seen, sessions } = await lookAhead(good, products, 'look', io)
  await sessions.closeAll()
  const silent = [...seen.unreachable.values()].map(({ host, message }) => ({ host, message }))
  const lost = [...new Set([...good.without, ...silent.map(({ host }) => host)])].sort()
  const scene = { topology: good.topology, facts: seen.facts, lost }
  const fits = fitting(scene)
  io.out(
    recipeList(
      {
        name: good.topology.name,
        recipes: recipes.map(({ name, title, when, ladder }) => ({ name, title, when, ladder })),
        fits: fits.map(({ name }) => name),
        silent,
      },
      io.outPaint,
    ),
  )
  const gone = lost.length === 0 ? '' : ` --without ${lost.join(',')}`
  for (const { name } of fits) io.err(`next: runbook recover ${name} ${file}${gone} --dry-run\n`)
  if (fits.length === 0) io.err(`next: runbook status ${file}\n`)
  return exits.ok
}

async function follow(recipe: Recipe, file: string, args: RecoverArgs, io: Io): Promise<number> {
  if (!args.dryRun && !args.yes && !io.interactive) {
    throw new Quit(
      'usage',
      'nobody is there to say yes: stdin or stderr is no terminal, or CI is set',
      `runbook recover ${recipe.name} ${file} --yes, or --dry-run to see the plan`,
    )
  }
  if (!Number.isInteger(args.parallel) || args.parallel < 1)
    throw new Quit('usage', '--parallel takes a whole number from 1')
  if (!args.dryRun) insistOnTrusted(io.env)
  const saved = args.plan === undefined ? undefined : readSaved(args.plan, io)
  const without = args.without ?? saved?.plan.without?.hosts.join(',')
  const good = await loadGood(file, io, false, without)
  const of = recipe.products(good.without)
  const to = args.dryRun ? 'look' : 'change'
  const { world, sessions, seen: looked, hostKeys } = await lookAhead(good, of, to, io, saved?.hostKeys)
  // What was given up comes back by a recipe of its own, not by the same command again.
  const help = 'when they are back: runbook recover FILE says by which recipe they return'
  const findings = looked.findings.map(one => (one.code === 'RB0860' ? { ...one, help } : one))
  const seen = { ...looked, findings }
  try {
    insistOnAll(seen, good.without)
    const present = await presentFiles(seen, world, sessions)
    const at = new Date(io.clock.now()).toISOString()
    const now = toSave(good, seen, 'live', { present, at, hostKeys })
    const report = reportOfSaved(now)
    const show = args.output === 'json' && !args.dryRun ? io.err : io.out
    show(planText(report, args.output === 'json' ? io.errPaint : io.outPaint))
    if (args.out !== undefined) save(args.out, savedBytes(now), io)
    try {
      insistOnRules(seen)
    } catch (error) {
      if (!args.dryRun) await insistOnUnheld(scopeOf(seen.plan), sessions)
      throw error
    }
    if (saved !== undefined) insistOnSame(saved, now)
    if (args.dryRun) return exits.ok
    insistOnAgreed({ ...args, file }, file, now, io)
    if (!args.yes) await consent(report, io)
    const run = newRun(
      resolve(io.cwd, args.runsDir),
      report.plan,
      {
        format: 'runbook.run/1',
        playbook: good.path,
        named: file,
        ssh: { ...good.topology.ssh, pins: hostKeys },
      },
      world.clock.now(),
    )
    return await underLease(
      good,
      report,
      { of, ...(args.lockTimeout !== undefined && { lockTimeout: args.lockTimeout }) },
      {
        plan: report.plan,
        at: run,
        observed: { facts: seen.facts, refs: seen.refs },
        world,
        sessions,
        output: args.output,
        parallel: args.parallel,
        next: { done: `runbook status ${file}`, resume: `runbook resume ${run.id}` },
        io,
      },
    )
  } finally {
    await sessions.closeAll()
  }
}
