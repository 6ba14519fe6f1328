import { resolve } from 'node:path'
import { restoreProducts } from '../../catalog/backup/restoring.ts'
import type { Found } from '../../catalog/backup/plays/restore.ts'
import { counts, planText } from '../../views/text.ts'
import { insistOnTrusted } from '../ci/pullRequest.ts'
import { exits, Quit } from '../exit.ts'
import type { OutputKind } from '../flags.ts'
import type { Io } from '../io.ts'
import { insistOnAll, insistOnRules, lookAhead } from '../prospect.ts'
import { reportOfSaved, toSave } from '../review.ts'
import { newRun } from '../runs.ts'
import { chosenSet, openSets, orQuit, wrongWith } from '../sets.ts'
import { underLease } from '../undertake.ts'

export interface RestoreArgs {
  readonly file: string
  /** Which one; the newest complete one without. */
  readonly set?: string
  readonly dryRun: boolean
  /** The cluster's name, said beforehand. */
  readonly yesName?: string
  readonly output: OutputKind
  readonly parallel: number
  readonly runsDir: string
  readonly lockTimeout?: string
}

/**
 * Builds the cluster of a playbook from a set: swarm, UCP, managers, workers, registry, replicas, balancer. The set is read whole first, and
 * refused by the name of the file that is wrong; then every host is asked; then the plan is shown, and the cluster's name wanted.
 */
export async function restore(args: RestoreArgs, io: Io): Promise<number> {
  if (!Number.isInteger(args.parallel) || args.parallel < 1)
    throw new Quit('usage', '--parallel takes a whole number from 1')
  if (!args.dryRun) insistOnTrusted(io.env)
  const found = await provenSet(args, io)
  const good = found.good
  const of = restoreProducts(found.found)
  const { world, sessions, seen } = await lookAhead(good, of, args.dryRun ? 'look' : 'change', io)
  try {
    insistOnAll(seen)
    const report = reportOfSaved(toSave(good, seen, 'live', { at: new Date(io.clock.now()).toISOString() }))
    const show = args.output === 'json' && !args.dryRun ? io.err : io.out
    show(planText(report, args.output === 'json' ? io.errPaint : io.outPaint))
    insistOnRules(seen)
    if (args.dryRun) return exits.ok
    const { run, depend } = counts(report.outlooks)
    if (run + depend > 0) await insistOnName(good.topology.name, found.found.set.set, args.yesName, io)
    const at = newRun(
      resolve(io.cwd, args.runsDir),
      report.plan,
      { format: 'runbook.run/1', playbook: good.path, named: args.file, ssh: good.topology.ssh },
      world.clock.now(),
    )
    const code = await underLease(
      good,
      report,
      { of, ...(args.lockTimeout !== undefined && { lockTimeout: args.lockTimeout }) },
      {
        plan: report.plan,
        at,
        observed: { facts: seen.facts, refs: seen.refs },
        world,
        sessions,
        output: args.output,
        parallel: args.parallel,
        next: {
          done: `runbook status ${args.file}, watched for 15 minutes`,
          resume: `runbook resume ${at.id}`,
        },
        io,
      },
    )
    if (code === exits.ok && run + depend > 0)
      io.err(
        'Client bundles of before the restore are good for nothing on a new swarm: everybody downloads theirs anew. The vulnerability database of the registry is to be downloaded again. Then: a new backup.\n',
      )
    return code
  } finally {
    await sessions.closeAll()
  }
}

/** Reads the whole set before anything else. @throws Quit that names what is wrong with it */
async function provenSet(
  args: RestoreArgs,
  io: Io,
): Promise<{ readonly good: Awaited<ReturnType<typeof openSets>>['good']; readonly found: Found }> {
  const opened = await openSets(args.file, io)
  try {
    const { depot, good, spec } = opened
    const seen = await orQuit(chosenSet(depot, args.set, args.file))
    const wrong = await orQuit(
      wrongWith(opened, seen, text => {
        io.err(`${text}\n`)
      }),
    )
    const { set } = seen
    if (set === undefined || wrong.length > 0)
      throw new Quit(
        'refused',
        `set ${seen.name} is refused, and nothing was touched\n${wrong.map(one => `  ${one}`).join('\n')}`,
        `runbook backup list ${args.file} names others; --set NAME takes one`,
      )
    return {
      good,
      found: {
        set,
        store: spec.store,
        sha256: Object.fromEntries(
          seen.parts.flatMap(({ part, record }) => (record ? [[part, record.sha256]] : [])),
        ),
        ...(set.ucp.encrypted && spec.passphrase && { passphrase: spec.passphrase }),
        spool: spec.spool,
      },
    }
  } finally {
    await opened.sessions.closeAll()
  }
}

/** @throws Quit unless the person, or the caller beforehand, said which cluster is made anew */
async function insistOnName(name: string, set: string, said: string | undefined, io: Io): Promise<void> {
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
    await io.question(`\n${name} becomes what it was in set ${set}. Type ${name} to go on: `)
  ).trim()
  if (given !== name) throw new Quit('unanswered', 'not agreed to; nothing was changed')
}
