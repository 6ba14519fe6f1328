import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { digest } from '../plan/canonical.ts'
import type { Plan } from '../plan/step.ts'
import type { SshSpec } from '../playbook/topology.ts'
import { type Past, readJournal } from '../run/journal.ts'
import { Quit } from './exit.ts'
import { packageVersion } from './package.ts'

/** What a run needs beside its plan to be gone on with: where it came from, and how its hosts are reached. */
export interface Origin {
  readonly format: 'runbook.run/1'
  /** Absolute path of the playbook: files and secrets are relative to its folder. */
  readonly playbook: string
  /** As it was named, for what to type next. */
  readonly named: string
  readonly ssh: SshSpec
  /** The version of runbook that began it. Absent in runs of versions that did not note it. */
  readonly tool?: string
  /** Runs that this one winds up: their interrupted leases are its own to take. */
  readonly winds?: readonly string[]
}

/** One run's folder: plan.json, run.json, journal.jsonl. Nothing in it is secret. */
export interface RunFolder {
  readonly id: string
  readonly folder: string
  readonly journal: string
}

/** A run read back. */
export interface Kept {
  readonly at: RunFolder
  readonly plan: Plan
  readonly origin: Origin
  readonly past: Past
}

/** Ids sort by time: '20260102-150405-dtr-ha', with a number behind it when there is one already. */
export function newRun(runsDir: string, plan: Plan, origin: Origin, nowMs: number): RunFolder {
  const stamp = new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const name = `${stamp}-${plan.name.replaceAll(/[^A-Za-z0-9._-]/g, '-')}`
  mkdirSync(runsDir, { recursive: true, mode: 0o700 })
  for (let again = 1; ; again++) {
    const id = again === 1 ? name : `${name}-${again}`
    const folder = join(runsDir, id)
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw error
    }
    write(join(folder, 'plan.json'), plan)
    write(join(folder, 'run.json'), { ...origin, tool: packageVersion() })
    return at(runsDir, id)
  }
}

/** The files of a run that are copied to hosts beside its journal. */
export function filesOf({ folder }: RunFolder): { readonly plan: string; readonly run: string } {
  const file = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return { plan: file('plan.json'), run: file('run.json') }
}

/** Takes the folder of a run away that never began. */
export function discardRun({ folder, journal }: RunFolder): void {
  if (!existsSync(journal)) rmSync(folder, { recursive: true, force: true })
}

/**
 * Puts a run here that was fetched from elsewhere. A run that is here already is kept when it got further.
 * @throws Quit when the two are not the same run
 */
export function adoptRun(
  runsDir: string,
  id: string,
  files: { readonly plan: Plan; readonly origin: Origin; readonly journal: Uint8Array },
): void {
  const place = at(runsDir, id)
  const journal = Buffer.from(files.journal)
  if (existsSync(place.journal)) {
    const here = readFileSync(place.journal)
    const shorter = Math.min(here.length, journal.length)
    if (!here.subarray(0, shorter).equals(journal.subarray(0, shorter)))
      throw new Quit(
        'usage',
        `run ${id} is here already and went another way than its copy`,
        `runbook resume ${id} goes on with the one here; or name another --runs-dir`,
      )
    if (journal.length > here.length) writeFileSync(place.journal, journal, { mode: 0o600, flush: true })
    return
  }
  mkdirSync(place.folder, { recursive: true, mode: 0o700 })
  rmSync(join(place.folder, 'plan.json'), { force: true })
  rmSync(join(place.folder, 'run.json'), { force: true })
  write(join(place.folder, 'plan.json'), files.plan)
  write(join(place.folder, 'run.json'), files.origin)
  writeFileSync(place.journal, journal, { mode: 0o600, flag: 'wx', flush: true })
}

/** All runs here, the newest last. */
export function runIds(runsDir: string): readonly string[] {
  if (!existsSync(runsDir)) return []
  return readdirSync(runsDir)
    .filter(name => existsSync(join(runsDir, name, 'journal.jsonl')))
    .sort()
}

/** The run of that id, else the newest one. @throws Quit when there is none, or its files cannot be read */
export function keptRun(runsDir: string, id: string | undefined): Kept {
  const ids = runIds(runsDir)
  const chosen = id ?? ids.at(-1)
  if (chosen === undefined)
    throw new Quit('usage', `there is no run in ${runsDir}`, 'runbook apply FILE starts one')
  if (!ids.includes(chosen)) {
    const newest = ids.slice(-5).reverse().join(', ')
    throw new Quit(
      'usage',
      `there is no run '${chosen}' in ${runsDir}`,
      newest === '' ? undefined : `runs, the newest first: ${newest}`,
    )
  }
  const place = at(runsDir, chosen)
  const plan = read(join(place.folder, 'plan.json'), 'runbook.plan/1') as Plan
  const origin = read(join(place.folder, 'run.json'), 'runbook.run/1') as Origin
  const past = unchanged(place)
  const begun = past.events[0]
  if (begun?.kind === 'run-started' && begun.plan !== digest(plan))
    throw new Quit(
      'refused',
      `${join(place.folder, 'plan.json')} was changed after run ${chosen} began: its digest is not the journal's`,
      'put it back, or fetch the run from a host: runbook resume --from-host HOST FILE --runs-dir elsewhere',
    )
  return { at: place, plan, origin, past }
}

/** @throws Quit when the journal is damaged or was changed after it was written */
function unchanged({ id, journal }: RunFolder): Past {
  try {
    return readJournal(journal)
  } catch (error) {
    throw new Quit(
      'refused',
      `the journal of run ${id} cannot be trusted: ${(error as Error).message}`,
      'fetch the run from a host: runbook resume --from-host HOST FILE --runs-dir elsewhere',
    )
  }
}

/** @throws Quit unless this version may go on with it: the same minor one, as steps may mean something else in another */
export function insistOnTool({ at, origin }: Kept, now: string): void {
  const minor = (version: string): string => version.split('.').slice(0, 2).join('.')
  if (origin.tool === undefined || minor(origin.tool) === minor(now)) return
  throw new Quit(
    'stale',
    `run ${at.id} was begun by runbook ${origin.tool}, and this is ${now}`,
    `go on with runbook ${minor(origin.tool)}, or plan anew from what is there: runbook resume ${at.id} --replan`,
  )
}

function at(runsDir: string, id: string): RunFolder {
  const folder = resolve(runsDir, id)
  return { id, folder, journal: join(folder, 'journal.jsonl') }
}

function write(path: string, content: object): void {
  writeFileSync(path, `${JSON.stringify(content, null, 1)}\n`, { mode: 0o600, flag: 'wx', flush: true })
}

function parsed(path: string): { readonly format?: unknown } {
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as unknown
    if (typeof content === 'object' && content !== null) return content
    throw new Error('it is no object')
  } catch (error) {
    const help = 'fetch the run from a host: runbook resume --from-host HOST FILE --runs-dir elsewhere'
    throw new Quit('refused', `${path} cannot be read: ${(error as Error).message}`, help)
  }
}

function read(path: string, format: string): unknown {
  const content = parsed(path)
  if (content.format !== format)
    throw new Quit(
      'usage',
      `${path} is not ${format} but ${String(content.format)}`,
      'use the version of runbook that wrote it',
    )
  return content
}
