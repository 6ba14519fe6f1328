import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { drillCsv, drillJunit, drillText } from '../../views/drillForms.ts'
import { drillHtml } from '../../views/drillHtml.ts'
import { drillMarkdown } from '../../views/drillMarkdown.ts'
import { drillReport, type DrillReport } from '../../views/drillReport.ts'
import type { Event } from '../../run/event.ts'
import type { Io } from '../io.ts'
import { type DrillFolder, drillIds, keptDrill, type KeptDrill } from './folder.ts'

/** Every form of a report: the end of its file's name, and how it is made. */
const forms = {
  json: ['report.json', (report: DrillReport) => `${JSON.stringify(report, null, 1)}\n`],
  md: ['report.md', drillMarkdown],
  html: ['report.html', drillHtml],
  junit: ['report.xml', drillJunit],
  csv: ['report.csv', drillCsv],
} as const satisfies {
  readonly [form: string]: readonly [string, (report: DrillReport, events: readonly Event[]) => string]
}
export type ReportForm = keyof typeof forms

/** The report of a drill that was kept, with the one of the same name before it. */
export function reportOf({ at, record, past }: KeptDrill): DrillReport {
  const journal = createHash('sha256').update(readFileSync(at.journal).subarray(0, past.bytes)).digest('hex')
  const before = drillIds(dirname(at.folder)).filter(id => id < at.id && id.includes(record.drill.name))
  return drillReport({ ...record, journal }, past.events, before.at(-1))
}

/** One form of it. */
export function formOf(kept: KeptDrill, form: ReportForm): string {
  return forms[form][1](reportOf(kept), kept.past.events)
}

/** Writes every form beside the journal. */
export function writeReports(
  { folder, id }: DrillFolder,
  io: Pick<Io, 'outPaint'>,
): { readonly files: readonly string[]; readonly summary: string } {
  const kept = keptDrill(dirname(folder), id)
  const report = reportOf(kept)
  const files = Object.values(forms).map(([name, make]) => {
    const path = join(folder, name)
    writeFileSync(path, make(report, kept.past.events), { mode: 0o600 })
    return path
  })
  return { files, summary: drillText(report, io.outPaint) }
}
