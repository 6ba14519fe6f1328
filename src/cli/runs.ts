import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Plan } from '../plan/step.ts'
import type { SshSpec } from '../playbook/topology.ts'
import { type Past, readJournal } from '../run/journal.ts'
import { Quit } from './exit.ts'

/** What a run needs beside its plan to be gone on with: where it came from, and how its hosts are reached. */
export interface Origin {
  readonly format: 'runbook.run/1'
  /** Absolute path of the playbook: files and secrets are relative to its folder. */
  readonly playbook: string
  /** As it was named, for what to type next. */
  readonly named: string
  readonly ssh: SshSpec
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
    write(join(folder, 'run.json'), origin)
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
  return {
    at: place,
    plan: read(join(place.folder, 'plan.json'), 'runbook.plan/1') as Plan,
    origin: read(join(place.folder, 'run.json'), 'runbook.run/1') as Origin,
    past: readJournal(place.journal),
  }
}

function at(runsDir: string, id: string): RunFolder {
  const folder = resolve(runsDir, id)
  return { id, folder, journal: join(folder, 'journal.jsonl') }
}

function write(path: string, content: object): void {
  writeFileSync(path, `${JSON.stringify(content, null, 1)}\n`, { mode: 0o600, flag: 'wx', flush: true })
}

function read(path: string, format: string): unknown {
  const content = JSON.parse(readFileSync(path, 'utf8')) as { readonly format?: unknown }
  if (content.format !== format)
    throw new Quit(
      'usage',
      `${path} is not ${format} but ${String(content.format)}`,
      'use the version of runbook that wrote it',
    )
  return content
}
