import { products } from '../../catalog/index.ts'
import type { SavedPlan } from '../../plan/saved.ts'
import { savedBytes } from '../../plan/saved.ts'
import { counts, planHead } from '../../views/text.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { type Good, loadGood } from '../load.ts'
import { insistOnAll, insistOnRules, lookAhead } from '../prospect.ts'
import type { PlanFormat } from '../planFormats.ts'
import { presentFiles, render, reportOfSaved, save, toSave } from '../review.ts'
import { age, readSnapshot, surveyOf } from '../snapshot.ts'
import { offline, type Survey } from '../survey.ts'

export interface PlanArgs {
  readonly file: string
  /** Also take out what left the playbook. */
  readonly prune?: boolean
  readonly format: PlanFormat
  readonly offline: boolean
  /** A snapshot to plan from; only with `offline`. */
  readonly from?: string
  readonly detailedExitcode: boolean
  readonly out?: string
  /** Leave the steps out of the text. */
  readonly brief?: boolean
}

/** Shows what would happen, and touches nothing. */
export async function plan(args: PlanArgs, io: Io): Promise<number> {
  const good = await loadGood(args.file, io, args.prune)
  const { saved, seen } = await look(good, args, io)
  if (args.out !== undefined) save(args.out, savedBytes(saved), io)
  const report = reportOfSaved(saved)
  io.out(
    args.brief === true
      ? `${planHead(report, io.outPaint)}\n`
      : await render(saved, args.format, io.outPaint, args.out),
  )
  if (saved.level === 'snapshot' && saved.seen !== undefined)
    io.err(`planned from what was seen ${age(saved.seen.at, io.clock.now())} ago\n`)
  insistOnRules(seen)
  const { run, depend } = counts(report.outlooks)
  io.err(
    run + depend === 0
      ? `next: runbook status ${args.file}\n`
      : `next: runbook apply ${args.out ?? args.file}\n`,
  )
  return args.detailedExitcode && run + depend > 0 ? exits.changes : exits.ok
}

/** The plan and what it was made from: of the hosts as they are, of a snapshot, or of bare hosts. */
async function look(
  good: Good,
  args: PlanArgs,
  io: Io,
): Promise<{ readonly saved: SavedPlan; readonly seen: Survey }> {
  if (args.from !== undefined) {
    if (!args.offline)
      throw new Quit(
        'usage',
        '--from is of no use when the hosts are asked',
        'add --offline, or leave it out',
      )
    const snapshot = readSnapshot(args.from, io)
    const seen = surveyOf(good.topology, good.digest, snapshot)
    return { seen, saved: toSave(good, seen, 'snapshot', { at: snapshot.seen.at }) }
  }
  if (args.offline) {
    const seen = offline(good.topology, good.digest, products)
    return { seen, saved: toSave(good, seen, 'offline') }
  }
  const { seen, world, sessions } = await lookAhead(good, products, 'look', io)
  try {
    insistOnAll(seen, good.topology.absent?.nodes)
    const present = await presentFiles(seen, world, sessions)
    const at = new Date(io.clock.now()).toISOString()
    return { seen, saved: toSave(good, seen, 'live', { present, at }) }
  } finally {
    await sessions.closeAll()
  }
}
