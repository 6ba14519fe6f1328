import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { products } from '../../catalog/index.ts'
import { digest } from '../../plan/canonical.ts'
import type { Plan } from '../../plan/step.ts'
import { counts, planSummary, type PlanReport, planText } from '../../views/text.ts'
import type { OutputKind } from '../commands.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { insistOnAll, insistOnRules, lookAhead, reportOf } from '../prospect.ts'
import { newRun } from '../runs.ts'

import { underLease } from '../undertake.ts'

export interface ApplyArgs {
  readonly file: string
  /** Also take out what left the playbook. */
  readonly prune?: boolean
  readonly dryRun: boolean
  readonly yes: boolean
  readonly plan?: string
  /** Say only what the plan comes to. */
  readonly brief?: boolean
  readonly output: OutputKind
  readonly parallel: number
  readonly runsDir: string
  /** How long to wait for hosts that somebody else holds. Default: not at all. */
  readonly lockTimeout?: string
}

/** Makes a playbook true: shows the plan, asks, runs it under a journal. */
export async function apply(args: ApplyArgs, io: Io): Promise<number> {
  if (!args.dryRun && !args.yes && !io.interactive) {
    throw new Quit(
      'usage',
      'nobody is there to say yes: stdin or stderr is no terminal, or CI is set',
      `runbook apply ${args.file} --yes, or --dry-run to see the plan`,
    )
  }
  if (!Number.isInteger(args.parallel) || args.parallel < 1)
    throw new Quit('usage', '--parallel takes a whole number from 1')
  const good = await loadGood(args.file, io, args.prune)
  const { world, sessions, seen } = await lookAhead(good, products, args.dryRun ? 'look' : 'change', io)
  try {
    insistOnAll(seen)
    const report = reportOf(good, seen, 'live')
    const show = args.output === 'json' && !args.dryRun ? io.err : io.out
    const paint = args.output === 'json' ? io.errPaint : io.outPaint
    show(args.brief === true ? `${planSummary(report, paint)}\n` : planText(report, paint))
    insistOnRules(seen)
    if (args.plan !== undefined) insistOnSame(resolve(io.cwd, args.plan), report)
    if (args.dryRun) return exits.ok
    if (!args.yes) await consent(report, io)
    const runsDir = resolve(io.cwd, args.runsDir)
    const at = newRun(
      runsDir,
      report.plan,
      { format: 'runbook.run/1', playbook: good.path, named: args.file, ssh: good.topology.ssh },
      world.clock.now(),
    )
    return await underLease(good, report, args.lockTimeout, {
      plan: report.plan,
      at,
      observed: { facts: seen.facts, refs: seen.refs },
      world,
      sessions,
      output: args.output,
      parallel: args.parallel,
      next: { done: `runbook status ${args.file}`, resume: `runbook resume ${at.id}` },
      io,
    })
  } finally {
    await sessions.closeAll()
  }
}

/** @throws Quit unless the person agrees; for what nothing undoes, a "y" typed out of habit is not enough */
async function consent({ plan, outlooks }: PlanReport, io: Io): Promise<void> {
  const { run, depend } = counts(outlooks)
  if (run + depend === 0) return
  const held = new Set(outlooks.filter(outlook => outlook.will === 'hold').map(outlook => outlook.step))
  const final = plan.steps.filter(
    step => !held.has(step.id) && step.risk === 'irreversible' && step.undo === undefined,
  )
  const [wanted, question] =
    final.length > 0
      ? [plan.name, `\nNothing undoes ${final.length} of these steps. Type ${plan.name} to go on: `]
      : ['y', '\nGo on? [y/N] ']
  const given = (await io.question(question)).trim()
  if (given === wanted || (wanted === 'y' && given.toLowerCase() === 'yes')) return
  throw new Quit('unanswered', 'not agreed to; nothing was changed')
}

/** @throws Quit that names what is different, when the plan is no longer the saved one */
function insistOnSame(path: string, { plan }: PlanReport): void {
  let saved: Plan
  try {
    saved = JSON.parse(readFileSync(path, 'utf8')) as Plan
  } catch (error) {
    throw new Quit(
      'usage',
      `the saved plan cannot be read: ${(error as Error).message}`,
      'runbook plan FILE -o PLAN writes one',
    )
  }
  if (digest(saved) === digest(plan)) return
  const before = new Map(saved.steps.map(step => [step.id, digest(step)]))
  const now = new Map(plan.steps.map(step => [step.id, digest(step)]))
  const moved = [
    ...[...before.keys()].filter(id => !now.has(id)).map(id => `  - ${id}`),
    ...[...now]
      .filter(([id, bytes]) => before.get(id) !== bytes)
      .map(([id]) => `  ${before.has(id) ? '~' : '+'} ${id}`),
  ]
  const what =
    moved.length === 0
      ? `  ${saved.from.playbook === plan.from.playbook ? 'what was seen on the hosts' : 'the playbook'} is different; the steps are the same`
      : moved.join('\n')
  throw new Quit(
    'stale',
    `the plan is not the saved one any more\n${what}`,
    'nothing was changed; make a new plan and have it looked at',
  )
}
