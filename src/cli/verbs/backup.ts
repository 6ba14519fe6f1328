import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { createProducts } from '../../catalog/backup/creating.ts'
import { showStore } from '../../plan/show.ts'
import { sizeText } from '../../run/meter.ts'
import { counts, planText } from '../../views/text.ts'
import { insistOnTrusted } from '../ci/pullRequest.ts'
import { exits, Quit } from '../exit.ts'
import type { OutputKind } from '../flags.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { insistOnAll, insistOnRules, lookAhead } from '../prospect.ts'
import { reportOfSaved, toSave } from '../review.ts'
import { newRun } from '../runs.ts'
import { chosenSet, openSets, orQuit, seenSets, type SeenSet, specOf, wrongWith } from '../sets.ts'
import { underLease } from '../undertake.ts'

export interface BackupArgs {
  readonly what: 'create' | 'verify' | 'list'
  readonly file: string
  /** Name of a set: of the new one, or of one that there is. */
  readonly set?: string
  readonly dryRun: boolean
  readonly yes: boolean
  readonly json: boolean
  readonly output: OutputKind
  readonly parallel: number
  readonly runsDir: string
  readonly lockTimeout?: string
}

/** Makes a set of backups, reads one back, or says which there are. */
export async function backup(args: BackupArgs, io: Io): Promise<number> {
  if (args.what === 'create') return create(args, io)
  return args.what === 'list' ? list(args, io) : verify(args, io)
}

/** A set: shown as a plan, agreed to, and made like any other. */
async function create(args: BackupArgs, io: Io): Promise<number> {
  if (!Number.isInteger(args.parallel) || args.parallel < 1)
    throw new Quit('usage', '--parallel takes a whole number from 1')
  if (!args.dryRun) insistOnTrusted(io.env)
  const good = await loadGood(args.file, io)
  specOf(good)
  const set =
    args.set ?? new Date(io.clock.now()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').concat('Z')
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(set))
    throw new Quit(
      'usage',
      `'${set}' cannot be the name of a set`,
      'letters, digits, dots and dashes, 64 at most',
    )
  const playbook = {
    file: basename(good.path),
    sha256: createHash('sha256').update(readFileSync(good.path)).digest('hex'),
  }
  const of = createProducts(set, { playbook })
  const { world, sessions, seen } = await lookAhead(good, of, args.dryRun ? 'look' : 'change', io)
  try {
    insistOnAll(seen)
    const report = reportOfSaved(toSave(good, seen, 'live', { at: new Date(io.clock.now()).toISOString() }))
    const show = args.output === 'json' && !args.dryRun ? io.err : io.out
    show(planText(report, args.output === 'json' ? io.errPaint : io.outPaint))
    insistOnRules(seen)
    if (args.dryRun) return exits.ok
    const { run, depend } = counts(report.outlooks)
    if (run + depend > 0) await insistOnYes(args, io)
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
        next: { done: `runbook backup list ${args.file}`, resume: `runbook resume ${at.id}` },
        io,
      },
    )
    if (code === exits.ok) await prune(args.file, io)
    return code
  } finally {
    await sessions.closeAll()
  }
}

/** @throws Quit unless somebody agreed */
async function insistOnYes(args: BackupArgs, io: Io): Promise<void> {
  if (args.yes) return
  if (!io.interactive)
    throw new Quit(
      'unanswered',
      'nobody is there to agree to the plan; nothing was changed',
      'say it beforehand: --yes',
    )
  const given = (await io.question('\nMake this backup? (yes / no) ')).trim()
  if (given !== 'yes' && given !== 'y') throw new Quit('unanswered', 'not agreed to; nothing was changed')
}

/** Removes what `backup.keep` lets go: complete sets beyond so many, and what never became one before them. Never the newest complete one. */
async function prune(file: string, io: Io): Promise<void> {
  const opened = await openSets(file, io)
  try {
    const { keep } = opened.spec
    if (keep === undefined) return
    const all = await orQuit(seenSets(opened.depot))
    const complete = all.filter(one => one.missing.length === 0)
    const oldest = complete.slice(0, keep).at(-1)
    if (oldest === undefined || complete.length < keep) return
    for (const one of all.slice(all.indexOf(oldest) + 1)) {
      await orQuit(opened.depot.remove(one.name))
      io.err(`removed set ${one.name}: ${String(keep)} newer complete ones are kept\n`)
    }
  } finally {
    await opened.sessions.closeAll()
  }
}

async function list(args: BackupArgs, io: Io): Promise<number> {
  const opened = await openSets(args.file, io)
  try {
    const all = await orQuit(seenSets(opened.depot))
    if (args.json) {
      const sets = all.map(({ name, keptAt, bytes, missing, parts }) => ({
        set: name,
        complete: missing.length === 0,
        missing,
        ...(keptAt !== undefined && { keptAt }),
        bytes,
        parts: parts.map(({ part, record }) => ({
          part,
          ...(record && { bytes: record.bytes, sha256: record.sha256 }),
        })),
      }))
      io.out(
        `${JSON.stringify({ format: 'runbook.backups/1', store: showStore(opened.spec.store), sets })}\n`,
      )
      return exits.ok
    }
    if (all.length === 0) io.out(`no set in ${showStore(opened.spec.store)}\n`)
    for (const one of all) io.out(line(one, opened.spec.maxAgeSeconds, io))
    return exits.ok
  } finally {
    await opened.sessions.closeAll()
  }
}

function line({ name, keptAt, bytes, missing, set }: SeenSet, maxAgeSeconds: number, io: Io): string {
  const ageSeconds = keptAt === undefined ? undefined : (io.clock.now() - Date.parse(keptAt)) / 1000
  const age = ageSeconds === undefined ? 'age unknown' : `${ageText(ageSeconds)} old`
  const state =
    missing.length > 0
      ? `incomplete: ${missing.join('; ')}`
      : ageSeconds !== undefined && ageSeconds > maxAgeSeconds
        ? 'complete, and older than backup.maxAgeHours'
        : 'complete'
  const what = set === undefined ? '' : ` ${set.parts.join(' ')}`
  return `${name}  ${age}  ${sizeText(bytes)} ${what}\n  ${state}\n`
}

function ageText(seconds: number): string {
  const hours = Math.floor(Math.max(0, seconds) / 3600)
  if (hours >= 48) return `${String(Math.floor(hours / 24))} days`
  return hours >= 1 ? `${String(hours)} h` : `${String(Math.floor(Math.max(0, seconds) / 60))} min`
}

async function verify(args: BackupArgs, io: Io): Promise<number> {
  const opened = await openSets(args.file, io)
  try {
    const seen = await orQuit(chosenSet(opened.depot, args.set, args.file))
    const wrong = await orQuit(
      wrongWith(opened, seen, text => {
        io.err(`${text}\n`)
      }),
    )
    if (args.json)
      io.out(
        `${JSON.stringify({ format: 'runbook.backup-verify/1', set: seen.name, good: wrong.length === 0, wrong })}\n`,
      )
    else if (wrong.length === 0) io.out(`set ${seen.name} is complete, and what must be in it is in it\n`)
    if (wrong.length === 0) return exits.ok
    throw new Quit(
      'refused',
      `set ${seen.name} is refused\n${wrong.map(one => `  ${one}`).join('\n')}`,
      `take another: runbook backup create ${args.file}`,
    )
  } finally {
    await opened.sessions.closeAll()
  }
}
