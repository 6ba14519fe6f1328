import { type Action, actionOf } from '../plan/action.ts'
import { type Margin, margins } from '../plan/quorum.ts'
import { rehearsedWords } from '../plan/rehearsed.ts'
import type { HostName, Step } from '../plan/step.ts'
import type { Outlook } from '../plan/preview.ts'
import { count } from './layout.ts'
import type { PlanReport } from './text.ts'

/** What a reviewer wants to know of one step that is dangerous. */
export interface RiskRow {
  readonly step: Step
  /** Counts from 1, in the order of execution. */
  readonly number: number
  readonly severity: 'error' | 'warning' | 'note'
  readonly why: string
  readonly guard: string
}

/** One row of the quorum timeline: a group changed. */
export interface TimelineRow {
  readonly label: string
  readonly low: { readonly [quorum: string]: Margin }
  readonly after: { readonly [quorum: string]: Margin }
}

/** More steps than these are named by their first and last. */
const MOST_NAMED = 3

/** Steps that will or may run, in order. */
export function movingSteps(report: PlanReport): readonly Step[] {
  const held = new Set(
    report.outlooks.filter(outlook => outlook.will === 'hold').map(outlook => outlook.step),
  )
  return report.plan.steps.filter(step => !held.has(step.id))
}

/** How many of the steps that will or may run are estimated by how long such steps took earlier. */
export function learntCount(report: PlanReport): number {
  return movingSteps(report).filter(step => Object.hasOwn(report.paces ?? {}, step.kind)).length
}

/** The same in words: ', 12 of the steps by earlier runs here', or nothing. */
export function learntWords(report: PlanReport): string {
  const learnt = learntCount(report)
  return learnt === 0 ? '' : `, ${learnt} of the steps by earlier runs here`
}

/** How many steps create, update and delete something. */
export function actions(report: PlanReport): { readonly [action in Action]: number } {
  const total = { create: 0, update: 0, delete: 0 }
  for (const step of movingSteps(report)) total[actionOf(step, report.facts)] += 1
  return total
}

/** How many of the steps that will or may run are opaque: nothing tells whether they are needed. */
export function opaqueCount(report: PlanReport): number {
  return movingSteps(report).filter(step => step.opaque === true).length
}

/** Of the steps that may run: those that are needed only if something does not come true by itself. */
export function ifNeededCount(report: PlanReport): number {
  return report.outlooks.filter(outlook => outlook.after !== undefined).length
}

/** 'only if still needed after step 5 and 7' of a step that the plan is not sure to need; '' of any other. */
export function condition(report: PlanReport, step: Step): string {
  const after = report.outlooks.find(outlook => outlook.step === step.id)?.after ?? []
  if (after.length === 0) return ''
  const numbers = after.map(id => String(report.plan.steps.findIndex(one => one.id === id) + 1))
  const last = numbers.at(-1) ?? ''
  const [first = ''] = numbers
  const named =
    numbers.length > MOST_NAMED
      ? `${first} to ${last}`
      : numbers.length > 1
        ? `${numbers.slice(0, -1).join(', ')} and ${last}`
        : last
  return `only if still needed after ${numbers.length === 1 ? 'step' : 'steps'} ${named}`
}

/** '12 steps, 1 more only if still needed and 2 that may run' */
export function movingWords(report: PlanReport): string {
  const number = (will: Outlook['will']): number =>
    report.outlooks.filter(outlook => outlook.will === will).length
  const ifNeeded = ifNeededCount(report)
  const unseen = number('depend') - ifNeeded
  return [
    count(number('run'), 'step'),
    ...(ifNeeded > 0 ? [`, ${ifNeeded} more only if still needed`] : []),
    ...(unseen > 0 ? [` and ${unseen} that may run`] : []),
  ].join('')
}

/** The position of a step, from 1. */
export function numberOf(report: PlanReport, step: Step): number {
  return report.plan.steps.indexOf(step) + 1
}

/** Everything dangerous, the worst first, each with what guards it. */
export function riskRows(report: PlanReport): readonly RiskRow[] {
  const rank = { error: 0, warning: 1, note: 2 }
  return movingSteps(report)
    .flatMap((step): RiskRow[] => {
      const number = numberOf(report, step)
      const undo = step.undo === undefined ? 'nothing undoes it' : 'can be undone'
      const guard =
        step.requires.length === 0
          ? 'goal is checked afterwards'
          : `begins only after ${step.requires.length === 1 ? 'its condition' : `${step.requires.length} conditions`} held`
      if (step.risk === 'irreversible')
        return [{ step, number, severity: 'error', why: `irreversible, ${undo}`, guard }]
      const low = thinnest(report, step)
      if (step.risk === 'interrupts')
        return [
          {
            step,
            number,
            severity: 'warning',
            why: `interrupts${low === undefined ? '' : `, ${low}`}, ${undo}`,
            guard,
          },
        ]
      if (low !== undefined) return [{ step, number, severity: 'warning', why: low, guard }]
      if (step.opaque === true)
        return [{ step, number, severity: 'note', why: 'opaque: runs every time', guard: 'none' }]
      return []
    })
    .sort((a, b) => rank[a.severity] - rank[b.severity] || a.number - b.number)
}

/** Said of a step that takes a group to where it can lose no member. Only groups that were further from it before count. */
function thinnest(report: PlanReport, step: Step): string | undefined {
  const at = report.outlooks.findIndex(outlook => outlook.step === step.id)
  const outlook = report.outlooks[at]
  const before = report.outlooks[at - 1]?.margins ?? margins(report.plan.quorums, report.facts)
  for (const [name, low] of Object.entries(outlook?.lowest ?? {})) {
    const was = before[name]
    if (was === undefined || was.members === 0 || low.spare >= was.spare || low.spare > 0) continue
    return low.spare < 0
      ? `${name} loses its majority`
      : `${name} has no spare member (${low.up}/${low.members})`
  }
  return undefined
}

/** 'now', then one row whenever a group changes. A plan that moves none gives one row; no groups, none. */
export function timelineRows(report: PlanReport): readonly TimelineRow[] {
  const names = report.plan.quorums.map(quorum => quorum.name)
  if (names.length === 0) return []
  let before = margins(report.plan.quorums, report.facts)
  const rows: TimelineRow[] = [{ label: 'now', low: before, after: before }]
  for (const outlook of report.outlooks) {
    const hasMoved = names.some(
      name =>
        differs(before[name], outlook.margins[name]) || differs(outlook.margins[name], outlook.lowest[name]),
    )
    if (hasMoved && outlook.will !== 'hold') rows.push(row(report, outlook))
    before = outlook.margins
  }
  return rows
}

function row(report: PlanReport, outlook: Outlook): TimelineRow {
  const index = report.plan.steps.findIndex(step => step.id === outlook.step)
  return {
    label: index === -1 ? outlook.step : `${index + 1} ${outlook.step}`,
    low: outlook.lowest,
    after: outlook.margins,
  }
}

function differs(a: Margin | undefined, b: Margin | undefined): boolean {
  return a?.up !== b?.up || a?.members !== b?.members
}

/** The margin nearest to loss while the plan runs, of groups that exist today; undefined when none is touched. */
export function lowestMargin(
  report: PlanReport,
): { readonly name: string; readonly margin: Margin } | undefined {
  const now = margins(report.plan.quorums, report.facts)
  let lowest: { readonly name: string; readonly margin: Margin } | undefined
  for (const outlook of report.outlooks) {
    if (outlook.will === 'hold') continue
    for (const [name, margin] of Object.entries(outlook.lowest)) {
      if ((now[name]?.members ?? 0) === 0) continue
      if (lowest === undefined || margin.spare < lowest.margin.spare) lowest = { name, margin }
    }
  }
  return lowest
}

/** Steps nothing undoes: beyond the first of them there is no way back. */
export function pointsOfNoReturn(report: PlanReport): readonly Step[] {
  return movingSteps(report).filter(step => step.risk === 'irreversible' && step.undo === undefined)
}

/** Hosts in the plan's order with their steps that move; hosts without any are left out. */
export function stepsByHost(report: PlanReport): ReadonlyMap<HostName, readonly Step[]> {
  const moving = movingSteps(report)
  return new Map(
    Object.keys(report.plan.hosts)
      .map((host): [string, readonly Step[]] => [host, moving.filter(step => step.host === host)])
      .filter(([, steps]) => steps.length > 0),
  )
}

/** What the plan was made from, in a few words that never depend on a clock. */
export function levelWords(report: PlanReport): string {
  const rehearsed = report.rehearsed === undefined ? '' : `; ${rehearsedWords(report.rehearsed)}`
  return `${askedWords(report)}${rehearsed}`
}

function askedWords(report: PlanReport): string {
  const hosts = Object.keys(report.plan.hosts).length
  if (report.level === 'offline')
    return `offline plan: no host was asked, all are taken as ${report.after === undefined ? 'bare' : `${report.after} leaves them`}`
  if (report.level === 'snapshot')
    return `offline plan from a snapshot${report.seenAt === undefined ? '' : ` of ${report.seenAt}`}`
  return `live plan: ${hosts === 1 ? '1 host was' : `${hosts} hosts were`} asked`
}
