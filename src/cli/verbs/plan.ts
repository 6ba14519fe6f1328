import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { products } from '../../catalog/index.ts'
import { planDocument, planFile } from '../../views/json.ts'
import { counts, planHead, planText } from '../../views/text.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { insistOnAll, insistOnRules, lookAhead, reportOf } from '../prospect.ts'
import { offline } from '../survey.ts'

interface PlanArgs {
  readonly file: string
  readonly format: 'text' | 'json'
  readonly offline: boolean
  readonly detailedExitcode: boolean
  readonly out?: string
  /** Leave the steps out of the text. */
  readonly brief?: boolean
}

/** Shows what would happen, and touches nothing. */
export async function plan(args: PlanArgs, io: Io): Promise<number> {
  const good = await loadGood(args.file, io)
  let seen
  if (args.offline) seen = offline(good.topology, good.digest, products)
  else {
    const prospect = await lookAhead(good, products, 'look', io)
    await prospect.sessions.closeAll()
    seen = prospect.seen
    insistOnAll(seen)
  }
  const report = reportOf(good, seen, args.offline ? 'offline' : 'live')
  if (args.out !== undefined) save(resolve(io.cwd, args.out), planFile(report))
  io.out(
    args.format === 'json'
      ? planDocument(report)
      : args.brief === true
        ? `${planHead(report, io.outPaint)}\n`
        : planText(report, io.outPaint),
  )
  insistOnRules(seen)
  const { run, depend } = counts(report.outlooks)
  io.err(
    run + depend === 0
      ? `next: runbook status ${args.file}\n`
      : `next: runbook apply ${args.file}${args.out === undefined ? '' : ` --plan ${args.out}`}\n`,
  )
  return args.detailedExitcode && run + depend > 0 ? exits.changes : exits.ok
}

function save(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new Quit(
      'usage',
      `the plan cannot be saved: ${(error as Error).message}`,
      'name a file in a folder that you may write to',
    )
  }
}
