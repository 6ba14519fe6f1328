import { appendFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { digest } from '../../plan/canonical.ts'
import { isClean } from '../../plan/rehearsed.ts'
import type { SavedPlan } from '../../plan/saved.ts'
import type { StepId } from '../../plan/step.ts'
import { type Annotation, annotations } from '../../views/annotation.ts'
import { fitted, type MarkdownOptions } from '../../views/markdown.ts'
import { movingSteps } from '../../views/overview.ts'
import { counts, planSummary } from '../../views/text.ts'
import { forgeOf } from '../ci/pullRequest.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { readSaved, reportOfSaved } from '../review.ts'
import { age } from '../snapshot.ts'

export const ciDeeds = ['comment', 'summary', 'check'] as const
export const thresholds = ['error', 'irreversible', 'interrupts', 'changes'] as const

export interface CiArgs {
  readonly what: (typeof ciDeeds)[number]
  readonly plan: string
  /** The saved plan of the previous push. */
  readonly previous?: string
  /** The saved plan of the base branch: what it would change too is drift and no part of this change. */
  readonly base?: string
  readonly failOn: (typeof thresholds)[number]
  /** Address of the whole plan, for where it does not fit. */
  readonly link?: string
}

/** Below 1 MiB, over which GitHub drops a summary as a whole. */
const SUMMARY_BYTES = 900 * 1024
const MOST_ANNOTATIONS = 10

/** Writes a plan where the reviewers of a pull request are. Needs no host. */
export async function ci(args: CiArgs, io: Io): Promise<number> {
  const saved = readSaved(args.plan, io)
  if (args.what === 'comment') return comment(args, saved, io)
  if (args.what === 'summary') return summary(args, saved, io)
  return check(args, saved, io)
}

async function comment(args: CiArgs, saved: SavedPlan, io: Io): Promise<number> {
  const forge = forgeOf(io.env)
  const report = reportOfSaved(saved)
  const id = `runbook:plan v1 file=${saved.playbook.replace(/[^\w./-]/g, '_')} env=${saved.plan.name.replace(/[^\w./-]/g, '_')}`
  const marker = forge.html ? `<!-- ${id} -->` : `[//]: # (${id})`
  const found = await forge.find(marker)
  const { run, depend } = counts(report.outlooks)
  if (run + depend === 0 && found === undefined) {
    io.err('nothing changes, so nothing was said\n')
    return exits.ok
  }
  const body = `${marker}\n${plain(fitted(report, optionsOf(args, saved, io), forge.commentBudget - marker.length - 1), forge.html)}`
  if (found?.body.trim() === body.trim()) io.err(`the comment at ${forge.name} says so already\n`)
  else if (found === undefined) await forge.create(body)
  else await forge.update(found, body)
  io.err(`${found === undefined ? 'commented' : 'comment kept up to date'} at ${forge.name}\n`)
  return exits.ok
}

function summary(args: CiArgs, saved: SavedPlan, io: Io): number {
  const report = reportOfSaved(saved)
  // A budget in characters that no text can exceed in bytes by more than the emoji in its head.
  let text = fitted(report, optionsOf(args, saved, io), SUMMARY_BYTES)
  if (Buffer.byteLength(text) > SUMMARY_BYTES)
    text = fitted(report, optionsOf(args, saved, io), SUMMARY_BYTES / 3)
  const path = io.env['GITHUB_STEP_SUMMARY']
  if (path === undefined || path === '') io.out(text)
  else {
    try {
      appendFileSync(resolve(io.cwd, path), text)
    } catch (error) {
      throw new Quit('usage', `the job summary cannot be written: ${(error as Error).message}`)
    }
    io.out(workflowCommands(annotations(report, saved.playbook, saved.places)))
  }
  return exits.ok
}

async function check(args: CiArgs, saved: SavedPlan, io: Io): Promise<number> {
  const report = reportOfSaved(saved)
  const moving = movingSteps(report)
  const hasErrors =
    report.findings.some(({ finding }) => finding.severity === 'error') ||
    (report.rehearsed !== undefined && !isClean(report.rehearsed))
  const reached = {
    error: false,
    irreversible: moving.some(step => step.risk === 'irreversible'),
    interrupts: moving.some(step => step.risk !== 'none'),
    changes: moving.length > 0,
  }[args.failOn]
  const state = hasErrors || reached ? 'failure' : moving.length === 0 ? 'neutral' : 'success'
  const title = (planSummary(report).split('\nplan ')[0] ?? '').replaceAll(/\s*\n\s*/g, ' ')
  await forgeOf(io.env).check({
    name: `runbook ${saved.playbook}`,
    state,
    title,
    summary: fitted(report, optionsOf(args, saved, io), 60_000),
    annotations: annotations(report, saved.playbook, saved.places)
      .slice(0, MOST_ANNOTATIONS)
      .map(one => ({
        file: one.file,
        line: one.line,
        severity: one.severity,
        message: one.message,
        title: one.code,
      })),
  })
  io.err(`${state}: ${title}\n`)
  return state === 'failure' ? exits.refused : exits.ok
}

function optionsOf(args: CiArgs, saved: SavedPlan, io: Io): Omit<MarkdownOptions, 'degree'> {
  const previous = args.previous === undefined ? undefined : readSaved(args.previous, io)
  const base = args.base === undefined ? undefined : readSaved(args.base, io)
  return {
    playbook: saved.playbook,
    saved: args.plan.split('/').at(-1) ?? args.plan,
    ...(saved.seen !== undefined && { age: age(saved.seen.at, io.clock.now()) }),
    ...(previous !== undefined && { previous: previous.plan }),
    ...(base !== undefined && { drift: driftOf(saved, base) }),
    ...(args.link !== undefined && { link: args.link }),
  }
}

/** Steps that move without this change too: the hosts are not what the base branch says. */
function driftOf(saved: SavedPlan, base: SavedPlan): readonly StepId[] {
  const there = new Map(movingSteps(reportOfSaved(base)).map(step => [step.id, digest(step)]))
  return movingSteps(reportOfSaved(saved))
    .filter(step => there.get(step.id) === digest(step))
    .map(step => step.id)
}

/** GitHub and Gitea take annotations from what a job prints; ten of a kind, so the worst ten and how many more there are. */
function workflowCommands(all: readonly Annotation[]): string {
  const left = all.length - MOST_ANNOTATIONS
  return [
    ...all.slice(0, MOST_ANNOTATIONS).map(one => {
      const kind = one.severity === 'note' ? 'notice' : one.severity
      const at = `file=${property(one.file)},line=${one.line},col=${one.column},title=${property(one.code)}`
      return `::${kind} ${at}::${data(one.message)}\n`
    }),
    ...(left > 0 ? [`::notice title=runbook::${left} more in the job summary\n`] : []),
  ].join('')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/** Where HTML is shown as text, headings take the place of what opens and closes. */
function plain(text: string, html: boolean): string {
  if (html) return text
  return text
    .replace(/^<details><summary>(.*)<\/summary>$/gm, '**$1**')
    .replace(/^<\/details>$/gm, '')
    .replace(/&(amp|lt|gt);/g, (_, name: string) => ({ amp: '&', lt: '\\<', gt: '\\>' })[name] ?? '')
}
