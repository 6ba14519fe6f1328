import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { drillState } from '../../run/drillState.ts'
import { drillText } from '../../views/drillForms.ts'
import { time } from '../../views/drillWords.ts'
import { table } from '../../views/layout.ts'
import { allDrills, drillIds, keptDrill } from '../drill/folder.ts'
import { loadGoodDrill } from '../drill/load.ts'
import { formOf, type ReportForm, reportOf, writeReports } from '../drill/reports.ts'
import { signReport, verifyReport } from '../drill/sign.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'

interface Place {
  readonly drillsDir: string
}

/** How far a drill is, and which faults are on as far as its journal knows. */
export function drillStatus(args: Place & { readonly drill?: string }, io: Io): number {
  const { at, record, past } = keptDrill(resolve(io.cwd, args.drillsDir), args.drill)
  const state = drillState(past.events)
  io.out(`${at.id} (${record.drill.mode}): ${state.ended ?? 'not ended'}\n`)
  for (const { id, title } of record.drill.phases)
    io.out(`  ${state.done.has(id) ? 'done' : 'open'}  ${id}: ${title}\n`)
  for (const { fault, host } of state.faults) io.out(`  fault on: ${fault} on ${host}\n`)
  if (state.ended === undefined || state.ended === 'stopped')
    io.err(`next: runbook drill resume ${at.id}, or runbook drill stop ${record.file}\n`)
  return state.faults.length > 0 ? exits.unsteady : exits.ok
}

export interface DrillReportArgs extends Place {
  readonly drill?: string
  readonly format: ReportForm | 'text'
  readonly sign: boolean
  readonly key?: string
  readonly verify?: string
}

/** The report of a drill in any form, from its journal; signed, or its signature looked at. */
export function drillReportVerb(args: DrillReportArgs, io: Io): number {
  const kept = keptDrill(resolve(io.cwd, args.drillsDir), args.drill)
  if (args.verify !== undefined) return verifyReport(kept.at, args.verify, io)
  if (args.sign) {
    if (args.key === undefined)
      throw new Quit('usage', 'name the SSH key to sign with: --key ~/.ssh/id_ed25519')
    writeReports(kept.at, io)
    return signReport(kept.at, args.key, io)
  }
  io.out(args.format === 'text' ? drillText(reportOf(kept), io.outPaint) : formOf(kept, args.format))
  return exits.ok
}

/** Drills here, the newest last, so that a trend can be seen. */
export function drillHistory(
  args: Place & { readonly json: boolean; readonly name?: string },
  io: Io,
): number {
  const all = allDrills(resolve(io.cwd, args.drillsDir), io.err)
    .filter(({ record }) => args.name === undefined || record.drill.name === args.name)
    .map(reportOf)
  if (args.json) {
    const drills = all.map(({ id, name, mode, outcome, passed, startedAt, figures }) => ({
      ...{ id, name, mode, outcome, passed, startedAt, figures },
    }))
    io.out(`${JSON.stringify({ format: 'runbook.drill-history/1', drills }, null, 1)}\n`)
    return exits.ok
  }
  if (all.length === 0) {
    io.out('no drill was carried out here yet\n')
    return exits.ok
  }
  const rto = (report: (typeof all)[number], service: string): number | null =>
    report.figures.services.find(one => one.service === service)?.rtoSeconds ?? null
  const rows = all.map(report => {
    const before = all.findLast(
      one =>
        one.name === report.name && one.mode === report.mode && one.id < report.id && one.outcome === 'done',
    )
    const lost = report.figures.losses.reduce((sum, one) => sum + one.lost.length, 0)
    return [
      report.id,
      report.mode,
      report.outcome,
      report.passed === null ? 'not told' : report.passed ? 'passed' : 'MISSED',
      `${time(rto(report, 'pull'))}${trend(rto(report, 'pull'), before && rto(before, 'pull'))}`,
      `${time(rto(report, 'push'))}${trend(rto(report, 'push'), before && rto(before, 'push'))}`,
      `${time(report.figures.workSeconds)}${trend(report.figures.workSeconds, before?.figures.workSeconds)}`,
      String(lost),
    ]
  })
  const head = ['drill', 'mode', 'outcome', 'objectives', 'pull', 'push', 'work', 'lost']
  io.out(`${table([head, ...rows]).join('\n')}\n`)
  return exits.ok
}

function trend(now: number | null, before: number | null | undefined): string {
  if (now === null || before === null || before === undefined || now === before) return ''
  return now > before ? ` (+${time(now - before)})` : ` (-${time(before - now)})`
}

/** @returns 18 when a drill of a file, or of a folder of them, is overdue: not carried out whole within its cadence, for real or at all */
export async function drillCheck(
  args: Place & { readonly file: string; readonly count?: string },
  io: Io,
): Promise<number> {
  const path = resolve(io.cwd, args.file)
  const files = statSync(path, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(path)
        .filter(name => /\.ya?ml$/.test(name))
        .map(name => join(args.file, name))
        .sort()
    : [args.file]
  const counted = (args.count ?? 'isolated,live').split(',')
  const reports =
    drillIds(resolve(io.cwd, args.drillsDir)).length === 0
      ? []
      : allDrills(resolve(io.cwd, args.drillsDir), io.err).map(reportOf)
  let late = 0
  for (const file of files) {
    const { drill } = await loadGoodDrill(file, io)
    if (drill.cadenceDays === undefined) {
      io.out(`${drill.name}: no cadence\n`)
      continue
    }
    const last = reports.findLast(
      one => one.name === drill.name && one.outcome === 'done' && counted.includes(one.mode),
    )
    const days = last === undefined ? undefined : (io.clock.now() - Date.parse(last.endedAt)) / 86_400_000
    const isLate = days === undefined || days > drill.cadenceDays
    if (isLate) late += 1
    const when =
      days === undefined ? `never carried out (${counted.join(' or ')})` : `${Math.floor(days)} days ago`
    io.out(`${drill.name}: ${when}, every ${drill.cadenceDays} days: ${isLate ? 'OVERDUE' : 'in time'}\n`)
  }
  return late > 0 ? exits.unsteady : exits.ok
}
