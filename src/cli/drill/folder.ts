import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Drill, DrillIdentity } from '../../plan/drill.ts'
import type { Plan } from '../../plan/step.ts'
import { readJournal, type Past } from '../../run/journal.ts'
import { Quit } from '../exit.ts'
import { packageVersion } from '../package.ts'

/** What a drill needs beside its journal to be gone on with, and reported. Nothing in it is secret. */
export interface DrillRecord {
  readonly format: 'runbook.drill-run/1'
  readonly id: string
  readonly tool: string
  readonly drill: Drill
  readonly identity: DrillIdentity
  /** Absolute paths of the drill's file and of the playbook. */
  readonly file: string
  readonly playbook: string
  readonly commit?: string
  /** For the picture of the cluster in the report. */
  readonly hosts: Plan['hosts']
}

/** One drill's folder: drill.json, journal.jsonl, the plans of its phases, its report. */
export interface DrillFolder {
  readonly id: string
  readonly folder: string
  readonly journal: string
}

export interface KeptDrill {
  readonly at: DrillFolder
  readonly record: DrillRecord
  readonly past: Past
}

/** Ids sort by time: '20260102-150405-dtr-replica-loss', with a number behind it when there is one already. */
export function newDrill(
  drillsDir: string,
  record: Omit<DrillRecord, 'format' | 'id' | 'tool'>,
  nowMs: number,
): DrillFolder {
  const stamp = new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const name = `${stamp}-${record.drill.name}`
  mkdirSync(drillsDir, { recursive: true, mode: 0o700 })
  for (let again = 1; ; again++) {
    const id = again === 1 ? name : `${name}-${again}`
    const folder = join(drillsDir, id)
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw error
    }
    put(join(folder, 'drill.json'), { format: 'runbook.drill-run/1', id, tool: packageVersion(), ...record })
    return at(drillsDir, id)
  }
}

/** All drills here, the newest last. */
export function drillIds(drillsDir: string): readonly string[] {
  if (!existsSync(drillsDir)) return []
  return readdirSync(drillsDir)
    .filter(name => existsSync(join(drillsDir, name, 'journal.jsonl')))
    .sort()
}

/** The drill of that id, else the newest one. @throws Quit when there is none, or its files cannot be read */
export function keptDrill(drillsDir: string, id: string | undefined): KeptDrill {
  const ids = drillIds(drillsDir)
  const chosen = id ?? ids.at(-1)
  if (chosen === undefined)
    throw new Quit('usage', `there is no drill in ${drillsDir}`, 'runbook drill run FILE begins one')
  if (!ids.includes(chosen))
    throw new Quit(
      'usage',
      `there is no drill '${chosen}' in ${drillsDir}`,
      `drills, the newest first: ${ids.slice(-5).reverse().join(', ')}`,
    )
  const place = at(drillsDir, chosen)
  try {
    const record = JSON.parse(readFileSync(join(place.folder, 'drill.json'), 'utf8')) as DrillRecord
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it comes from a file
    if (record.format !== 'runbook.drill-run/1') throw new Error('it is no drill of this version')
    return { at: place, record, past: readJournal(place.journal) }
  } catch (error) {
    throw new Quit('refused', `the drill ${chosen} cannot be read: ${(error as Error).message}`)
  }
}

/** Every drill that can be read, the oldest first; one that cannot is left out and told. */
export function allDrills(drillsDir: string, tell: (text: string) => void): readonly KeptDrill[] {
  return drillIds(drillsDir).flatMap(id => {
    try {
      return [keptDrill(drillsDir, id)]
    } catch (error) {
      tell(`${(error as Error).message}\n`)
      return []
    }
  })
}

/** The plan that a phase began with; undefined before it did. */
export function keptPlan({ folder }: DrillFolder, phase: string): Plan | undefined {
  const path = join(folder, `${phase}.plan.json`)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Plan) : undefined
}

/** Keeps the plan of a phase beside the journal; a phase that begins anew with another plan keeps that one. */
export function keepPlan({ folder }: DrillFolder, phase: string, plan: Plan): void {
  writeFileSync(join(folder, `${phase}.plan.json`), `${JSON.stringify(plan, null, 1)}\n`, {
    mode: 0o600,
    flush: true,
  })
}

/** Takes the folder of a drill away that never began. */
export function discardDrill({ folder, journal }: DrillFolder): void {
  if (!existsSync(journal) || statSync(journal).size === 0) rmSync(folder, { recursive: true, force: true })
}

function at(drillsDir: string, id: string): DrillFolder {
  const folder = resolve(drillsDir, id)
  return { id, folder, journal: join(folder, 'journal.jsonl') }
}

function put(path: string, content: object): void {
  writeFileSync(path, `${JSON.stringify(content, null, 1)}\n`, { mode: 0o600, flag: 'wx', flush: true })
}
