import { resolve } from 'node:path'
import { resetProducts } from '../../catalog/reset/index.ts'
import { counts, planText } from '../../views/text.ts'
import { insistOnTrusted } from '../ci/pullRequest.ts'
import { exits, Quit } from '../exit.ts'
import type { OutputKind } from '../flags.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { insistOnAll, insistOnRules, lookAhead } from '../prospect.ts'
import { reportOfSaved, toSave } from '../review.ts'
import { newRun } from '../runs.ts'
import { underLease } from '../undertake.ts'

export interface ResetArgs {
  readonly file: string
  readonly dryRun: boolean
  /** The cluster's name, said beforehand; nothing else stands for the typed one. */
  readonly yesName?: string
  readonly output: OutputKind
  readonly parallel: number
  readonly runsDir: string
  readonly lockTimeout?: string
}

/** Takes registry, UCP and swarm away, in this order: shows the plan, asks for the cluster's name, runs it under a journal. */
export async function reset(args: ResetArgs, io: Io): Promise<number> {
  if (!Number.isInteger(args.parallel) || args.parallel < 1)
    throw new Quit('usage', '--parallel takes a whole number from 1')
  if (!args.dryRun) insistOnTrusted(io.env)
  const good = await loadGood(args.file, io)
  const { name, ucp } = good.topology
  if (ucp === undefined)
    throw new Quit('usage', `${args.file} declares no UCP: there is nothing to take away`)
  const { world, sessions, seen } = await lookAhead(good, resetProducts, args.dryRun ? 'look' : 'change', io)
  try {
    // A host that is not asked would keep its part of a swarm that is no more.
    insistOnAll(seen)
    const report = reportOfSaved(toSave(good, seen, 'live', { at: new Date(io.clock.now()).toISOString() }))
    const show = args.output === 'json' && !args.dryRun ? io.err : io.out
    show(planText(report, args.output === 'json' ? io.errPaint : io.outPaint))
    insistOnRules(seen)
    if (args.dryRun) return exits.ok
    const { run, depend } = counts(report.outlooks)
    if (run + depend > 0) await insistOnName(name, args.yesName, io)
    const at = newRun(
      resolve(io.cwd, args.runsDir),
      report.plan,
      { format: 'runbook.run/1', playbook: good.path, named: args.file, ssh: good.topology.ssh },
      world.clock.now(),
    )
    return await underLease(
      good,
      report,
      { of: resetProducts, ...(args.lockTimeout !== undefined && { lockTimeout: args.lockTimeout }) },
      {
        plan: report.plan,
        at,
        observed: { facts: seen.facts, refs: seen.refs },
        world,
        sessions,
        output: args.output,
        parallel: args.parallel,
        next: { done: `runbook apply ${args.file}, to build it anew`, resume: `runbook resume ${at.id}` },
        io,
      },
    )
  } finally {
    await sessions.closeAll()
  }
}

/** @throws Quit unless the person, or the caller beforehand, said which cluster goes */
async function insistOnName(name: string, said: string | undefined, io: Io): Promise<void> {
  if (said === name) return
  if (said !== undefined)
    throw new Quit(
      'unanswered',
      `--yes-name says ${said}, and the playbook is of ${name}; nothing was changed`,
    )
  if (!io.interactive)
    throw new Quit(
      'unanswered',
      'nobody is there to type the name of the cluster; nothing was changed',
      `say it beforehand: --yes-name ${name}`,
    )
  const given = (
    await io.question(`\nAll of ${name} goes, and nothing undoes it. Type ${name} to go on: `)
  ).trim()
  if (given !== name) throw new Quit('unanswered', 'not agreed to; nothing was changed')
}
