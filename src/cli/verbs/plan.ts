import { resolve } from 'node:path'
import { products } from '../../catalog/index.ts'
import type { SavedPlan } from '../../plan/saved.ts'
import { savedBytes } from '../../plan/saved.ts'
import { isClean, rehearsedWords } from '../../plan/rehearsed.ts'
import { counts, planHead } from '../../views/text.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { leaveOut } from '../leaveOut.ts'
import { judged } from '../majorities.ts'
import { type Good, loadGood } from '../load.ts'
import { insistOnAll, insistOnRules, lookAhead } from '../prospect.ts'
import type { PlanFormat } from '../planFormats.ts'
import { pretendedHosts, rehearsePlan, surveyTwin } from '../rehearsal.ts'
import { pacesHere } from '../paces.ts'
import { presentFiles, render, reportOfSaved, save, toSave } from '../review.ts'
import { age, readSnapshot, surveyOf } from '../snapshot.ts'
import { offline, type Survey } from '../survey.ts'

export interface PlanArgs {
  readonly file: string
  /** Also take out what left the playbook. */
  readonly prune?: boolean
  /** Hosts and sites to go on without, separated by commas. */
  readonly without?: string
  readonly format: PlanFormat
  readonly offline: boolean
  /** A snapshot to plan from; only with `offline`. */
  readonly from?: string
  readonly detailedExitcode: boolean
  /** Offline: the playbook that the hosts are taken to be as left by. */
  readonly after?: string
  /** Also run the plan on pretended hosts, with failures. */
  readonly rehearse?: boolean
  /** At most so many failures; 0: all. */
  readonly faults?: number
  readonly seed?: number
  readonly out?: string
  /** Runs here, by which the time is estimated. */
  readonly runsDir?: string
  /** Leave the steps out of the text. */
  readonly brief?: boolean
}

/** Shows what would happen, and touches nothing. */
export async function plan(args: PlanArgs, io: Io): Promise<number> {
  const good = await loadGood(args.file, io, args.prune, args.without)
  insistOnSense(args)
  const after = args.after === undefined ? undefined : await loadGood(args.after, io)
  const looked = await look(good, after, args, io)
  const { seen } = looked
  const saved = args.rehearse === true ? await rehearsed(good, after, looked, args, io) : looked.saved
  if (args.out !== undefined) save(args.out, savedBytes(saved), io)
  const report = reportOfSaved(saved)
  const show = args.brief === true ? io.out : (io.page ?? io.out)
  show(
    args.brief === true
      ? `${planHead(report, io.outPaint)}\n`
      : await render(saved, args.format, io.outPaint, args.out),
  )
  if (saved.level === 'snapshot' && saved.seen !== undefined)
    io.err(`planned from what was seen ${age(saved.seen.at, io.clock.now())} ago\n`)
  insistOnRules(seen)
  if (saved.rehearsed !== undefined && !isClean(saved.rehearsed))
    throw new Quit(
      'refused',
      `the plan did not pass its rehearsal: ${rehearsedWords(saved.rehearsed)}`,
      'nothing was changed; this is a fault of runbook itself, please report it with the playbook',
    )
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
  after: Good | undefined,
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
    const seen = judged(surveyOf(good.topology, good.digest, snapshot), good.without, good.topology)
    return { seen, saved: toSave(good, seen, 'snapshot', { at: snapshot.seen.at }) }
  }
  if (args.offline && after !== undefined) {
    const { estate } = await pretendedHosts(good, after)
    const seen = await surveyTwin(good, estate)
    return { seen, saved: toSave(good, seen, 'offline', { after: after.file }) }
  }
  if (args.offline) {
    const seen = leaveOut(offline(good.topology, good.digest, products), good.without)
    return { seen, saved: toSave(good, seen, 'offline') }
  }
  const { seen, world, sessions, hostKeys } = await lookAhead(good, products, 'look', io)
  try {
    insistOnAll(seen, [...(good.topology.absent?.nodes ?? []), ...good.without])
    const present = await presentFiles(seen, world, sessions)
    const at = new Date(io.clock.now()).toISOString()
    const paces = pacesHere(resolve(io.cwd, args.runsDir ?? '.runbook/runs'))
    return { seen, saved: toSave(good, seen, 'live', { present, at, hostKeys, paces }) }
  } finally {
    await sessions.closeAll()
  }
}

const MOST_FAULTS = 400
const SEED = 1
const TELL_EVERY_MS = 10_000

/** The saved plan with what became of it on pretended hosts. */
async function rehearsed(
  good: Good,
  after: Good | undefined,
  { saved, seen }: { readonly saved: SavedPlan; readonly seen: Survey },
  args: PlanArgs,
  io: Io,
): Promise<SavedPlan> {
  // A plan that a rule refuses is not applied, so there is nothing to rehearse.
  insistOnRules(seen)
  let toldMs = performance.now()
  const tell = (through: number, of: number): void => {
    if (performance.now() - toldMs < TELL_EVERY_MS) return
    toldMs = performance.now()
    io.err(`rehearsing: ${through} of ${of} failures\n`)
  }
  const hosts = await pretendedHosts(good, after)
  const draw = { most: args.faults ?? MOST_FAULTS, seed: args.seed ?? SEED, tell }
  return { ...saved, rehearsed: await rehearsePlan(good, { ...seen, level: saved.level }, hosts, draw) }
}

/** @throws Quit when flags make no sense together */
function insistOnSense({ after, offline: isOffline, from, rehearse, faults, seed }: PlanArgs): void {
  if (after !== undefined && from !== undefined)
    throw new Quit('usage', '--after and --from both say what is there', 'leave one of them out')
  if (after !== undefined && !isOffline && rehearse !== true)
    throw new Quit('usage', '--after is of no use when the hosts are asked', 'add --offline or --rehearse')
  for (const [name, value] of Object.entries({ faults, seed }))
    if (value !== undefined && (!Number.isInteger(value) || value < 0))
      throw new Quit('usage', `--${name} takes a whole number from 0`)
}
