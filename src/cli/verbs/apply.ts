import { resolve } from 'node:path'
import { products } from '../../catalog/index.ts'
import { counts, planSummary, type PlanReport, planText } from '../../views/text.ts'
import { insistOnAgreed } from '../agreed.ts'
import { insistOnTrusted } from '../ci/pullRequest.ts'
import type { OutputKind } from '../flags.ts'
import { exits, Quit } from '../exit.ts'
import { insistOnUnheld } from '../hold.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { insistOnAll, insistOnRules, lookAhead } from '../prospect.ts'
import { pacesHere } from '../paces.ts'
import { presentFiles, reportOfSaved, toSave } from '../review.ts'
import { newRun } from '../runs.ts'
import { choose, insistOnSame, whatMoved } from '../stale.ts'

import { scopeOf, underLease } from '../undertake.ts'
import { afterFailure, type OnFailure } from '../unwind.ts'

export interface ApplyArgs {
  readonly file: string
  /** Also take out what left the playbook. */
  readonly prune?: boolean
  /** Hosts and sites to go on without, separated by commas. */
  readonly without?: string
  readonly dryRun: boolean
  readonly yes: boolean
  readonly plan?: string
  /** A stale plan is shown beside the present one, and the present one asked about. */
  readonly replan?: boolean
  /** The branch whose approval rules hold. */
  readonly approvalsFrom?: string
  /** Say only what the plan comes to. */
  readonly brief?: boolean
  readonly output: OutputKind
  readonly parallel: number
  /** Await each step before the next is sent to its host. */
  readonly oneByOne?: boolean
  readonly runsDir: string
  /** How long to wait for hosts that somebody else holds. Default: not at all. */
  readonly lockTimeout?: string
  readonly onFailure?: OnFailure
  /** Runs that this one winds up: what they hold is ours. */
  readonly continues?: readonly string[]
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
  if (!args.dryRun) insistOnTrusted(io.env)
  const { playbook, saved } = choose(args, io)
  const prune = args.prune === true || saved?.prune === true
  const without = args.without ?? saved?.plan.without?.hosts.join(',')
  const good = await loadGood(playbook, io, prune, without)
  // Who asks for a new plan looks at the hosts anew.
  const pins = args.replan === true ? undefined : saved?.hostKeys
  const to = args.dryRun ? 'look' : 'change'
  const { world, sessions, seen, hostKeys } = await lookAhead(good, products, to, io, pins)
  try {
    insistOnAll(seen, [...(good.topology.absent?.nodes ?? []), ...good.without])
    const present = await presentFiles(seen, world, sessions)
    const at = new Date(io.clock.now()).toISOString()
    const runsDir = resolve(io.cwd, args.runsDir)
    const now = toSave(good, seen, 'live', { present, at, hostKeys, paces: pacesHere(runsDir) })
    const report = reportOfSaved(now)
    const show = args.output === 'json' && !args.dryRun ? io.err : io.out
    const paint = args.output === 'json' ? io.errPaint : io.outPaint
    show(args.brief === true ? `${planSummary(report, paint)}\n` : planText(report, paint))
    try {
      insistOnRules(seen)
    } catch (error) {
      if (!args.dryRun) await insistOnUnheld(scopeOf(seen.plan), sessions, args.continues)
      throw error
    }
    const isReplanned = saved !== undefined && args.replan === true && saved.digest !== now.digest
    if (isReplanned) show(whatMoved(saved, now, paint))
    else if (saved !== undefined) insistOnSame(saved, now)
    if (args.dryRun) return exits.ok
    insistOnAgreed(args, playbook, now, io)
    if (isReplanned) await agreeTo(report, io)
    else if (!args.yes) await consent(report, io)
    const run = newRun(
      runsDir,
      report.plan,
      {
        format: 'runbook.run/1',
        playbook: good.path,
        named: playbook,
        ssh: { ...good.topology.ssh, pins: hostKeys },
        ...(args.continues && { winds: args.continues }),
      },
      world.clock.now(),
    )
    const code = await underLease(good, report, args, {
      plan: report.plan,
      at: run,
      observed: { facts: seen.facts, refs: seen.refs },
      world,
      sessions,
      output: args.output,
      parallel: args.parallel,
      ...(args.oneByOne && { oneByOne: true }),
      next: { done: `runbook status ${playbook}`, resume: `runbook resume ${run.id}` },
      io,
    })
    return await afterFailure(code, args.onFailure, run.id, { ...args, runsDir }, io)
  } finally {
    await sessions.closeAll()
  }
}

/** @throws Quit unless the person agrees; for what nothing undoes, a "y" typed out of habit is not enough */
export async function consent({ plan, outlooks }: PlanReport, io: Io): Promise<void> {
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

/** The saved plan was agreed to, this one was not: somebody has to say yes to it, whatever flags say. */
async function agreeTo(report: PlanReport, io: Io): Promise<void> {
  if (!io.interactive) {
    throw new Quit(
      'unanswered',
      'the plan is another one than was saved, and nobody is there to agree to it',
      'make a new plan and have it looked at; nothing was changed',
    )
  }
  const given = (
    await io.question(`\nApply this plan in place of the saved one? Type ${report.plan.name}: `)
  ).trim()
  if (given !== report.plan.name) throw new Quit('unanswered', 'not agreed to; nothing was changed')
}
