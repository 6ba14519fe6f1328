import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { steady } from '../catalog/compile.ts'
import { products } from '../catalog/index.ts'
import { factKey } from '../plan/fact.ts'
import { preview } from '../plan/preview.ts'
import type { Paces } from '../plan/pace.ts'
import { isSavedPlan, type Level, NotSaved, readSavedPlan, type SavedPlan, savedPlan } from '../plan/saved.ts'
import type { Rehearsed } from '../plan/rehearsed.ts'
import type { FactRef } from '../plan/step.ts'
import { observe } from '../run/observe.ts'
import type { Sessions, World } from '../run/world.ts'
import { isPrivate } from '../views/fileChange.ts'
import { planDocument } from '../views/json.ts'
import type { Paint } from '../views/layout.ts'
import { type PlanReport, planText } from '../views/text.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'
import type { Good } from './load.ts'
import { packageVersion } from './package.ts'
import type { PlanFormat } from './planFormats.ts'
import type { Survey } from './survey.ts'
import { factsOf } from './world.ts'

/** Puts together what is saved of a plan: it is all that any form of it is drawn from. */
export function toSave(
  good: Good,
  seen: Survey,
  level: Level,
  more: {
    readonly present?: SavedPlan['present']
    readonly at?: string
    readonly hostKeys?: { readonly [host: string]: string }
    readonly after?: string
    readonly paces?: Paces
    readonly rehearsed?: Rehearsed
  } = {},
): SavedPlan {
  const places = Object.keys(good.topology.hosts).flatMap((host): [string, string][] => {
    const [placed] = good.place([{ code: '', severity: 'note', message: '', path: ['hosts', host] }])
    return placed?.place === undefined ? [] : [[host, placed.place]]
  })
  return savedPlan({
    tool: packageVersion(),
    plan: seen.plan,
    playbook: good.file,
    level,
    ...(good.topology.prune === true && { prune: true as const }),
    facts: steady(products, seen.facts),
    findings: good.place(seen.findings),
    places: Object.fromEntries(places),
    present: more.present ?? {},
    ...(more.hostKeys !== undefined && { hostKeys: more.hostKeys }),
    ...(Object.keys(more.paces ?? {}).length > 0 && { paces: more.paces ?? {} }),
    ...(more.at !== undefined && { seen: { at: more.at } }),
    ...(more.after !== undefined && { after: more.after }),
    ...(more.rehearsed !== undefined && { rehearsed: more.rehearsed }),
  })
}

/** All that is said about a saved plan, computed from it anew. */
export function reportOfSaved(saved: SavedPlan): PlanReport {
  const facts = new Map(Object.entries(saved.facts))
  return {
    plan: saved.plan,
    digest: saved.digest,
    facts,
    level: saved.level,
    ...(saved.level === 'snapshot' && saved.seen !== undefined && { seenAt: saved.seen.at }),
    ...(saved.after !== undefined && { after: saved.after }),
    ...(saved.rehearsed !== undefined && { rehearsed: saved.rehearsed }),
    ...(saved.paces !== undefined && { paces: saved.paces }),
    present: new Map(Object.entries(saved.present)),
    outlooks: preview(saved.plan, facts),
    findings: saved.findings,
  }
}

/** A plan in one of its forms. What is not asked for is not loaded. */
export async function render(
  saved: SavedPlan,
  format: PlanFormat,
  paint: Paint,
  /** Name of the saved file, where there is one. */
  named?: string,
): Promise<string> {
  const report = reportOfSaved(saved)
  const origin = { playbook: saved.playbook, places: saved.places, tool: saved.tool }
  switch (format) {
    case 'text':
      return planText(report, paint)
    case 'json':
      return planDocument(report)
    case 'md':
      return (await import('../views/markdown.ts')).planMarkdown(report, {
        degree: 0,
        playbook: saved.playbook,
        ...(named !== undefined && { saved: named }),
      })
    case 'html':
      return (await import('../views/html.ts')).planHtml(report, saved.playbook)
    case 'sarif':
      return (await import('../views/sarif.ts')).planSarif(report, origin)
    case 'junit':
      return (await import('../views/junit.ts')).planJunit(report, origin)
    case 'gitlab':
      return (await import('../views/gitlab.ts')).planGitlab(report)
    case 'bash':
      return (await import('../views/bash.ts')).planBash(report, factsOf(products))
    case 'runbook.md':
      return (await import('../views/paper.ts')).planPaper(report, factsOf(products))
  }
}

/** Asks for the text of the files that will be written, where everybody may read them. Only for showing. */
export async function presentFiles(
  seen: Survey,
  world: World,
  sessions: Sessions,
): Promise<SavedPlan['present']> {
  const outlooks = new Map(preview(seen.plan, seen.facts).map(outlook => [outlook.step, outlook.will]))
  const files = seen.plan.steps
    .filter(step => outlooks.get(step.id) !== 'hold')
    .flatMap(step =>
      step.run.flatMap((op): { ref: FactRef; name: string }[] => {
        if (!('write' in op) || isPrivate(op.mode)) return []
        const host = op.on ?? step.host
        return [{ ref: { fact: 'os.filetext', host, args: { path: op.write } }, name: `${host}:${op.write}` }]
      }),
    )
  const { facts } = await observe(
    files.map(({ ref }) => ref),
    world,
    sessions,
  )
  return Object.fromEntries(
    files.flatMap(({ ref, name }): [string, string | null][] => {
      const answer = facts.get(factKey(ref))
      if (answer === null) return [[name, null]]
      const text = typeof answer === 'object' && 'text' in answer ? answer.text : undefined
      return typeof text === 'string' ? [[name, world.redact.text(text)]] : []
    }),
  )
}

/** A file's content when it says that it is a saved plan; undefined for anything else, a playbook above all. */
export function savedText(path: string): string | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  if (!text.startsWith('{')) return undefined
  try {
    return isSavedPlan(JSON.parse(text)) ? text : undefined
  } catch {
    return undefined
  }
}

/** Reads a saved plan. @throws Quit when it cannot be read, or was tampered with */
export function readSaved(file: string, io: Io): SavedPlan {
  let text: string
  try {
    text = readFileSync(resolve(io.cwd, file), 'utf8')
  } catch (error) {
    throw new Quit(
      'usage',
      `the saved plan cannot be read: ${(error as Error).message}`,
      'runbook plan FILE -o PLAN writes one',
    )
  }
  try {
    return readSavedPlan(text)
  } catch (error) {
    if (!(error instanceof NotSaved)) throw error
    throw new Quit('refused', `${file} is refused: ${error.message}`, 'nothing was changed; make a new plan')
  }
}

/** Writes a result file. @throws Quit when it cannot be written */
export function save(file: string, text: string, io: Io): void {
  try {
    writeFileSync(resolve(io.cwd, file), text)
  } catch (error) {
    throw new Quit(
      'usage',
      `${file} cannot be written: ${(error as Error).message}`,
      'name a file in a folder that you may write to',
    )
  }
}
