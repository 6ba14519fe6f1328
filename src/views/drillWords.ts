import type { DrillReport } from './drillReport.ts'
import { duration } from './layout.ts'

/** Seconds for people: null is "not known". */
export function time(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined
    ? 'not known'
    : seconds < 1
      ? `${seconds} s`
      : duration(seconds)
}

export const metWords = (met: boolean | null): string => (met === null ? 'not told' : met ? 'met' : 'MISSED')

/** What kind of exercise auditors call it. */
export const exercise: { readonly [mode in DrillReport['mode']]: string } = {
  tabletop: 'tabletop: no host was touched',
  readiness: 'readiness check: nothing was broken',
  rehearse: 'rehearsal on pretended hosts, in pretended time',
  isolated: 'functional, on hosts that may be thrown away',
  live: 'full, on the cluster itself',
}

/** One line for the whole. */
export function resultWords(report: DrillReport): string {
  if (report.outcome !== 'done')
    return `${report.outcome}${report.outcomeDetail === undefined ? '' : `: ${report.outcomeDetail}`}`
  return report.passed === null
    ? 'carried out; an objective could not be told'
    : report.passed
      ? 'carried out, every objective met'
      : 'carried out, objectives missed'
}

/** The moments of a drill, T0 to T7, in order; those that did not happen are left out. */
export function moments({
  figures,
}: DrillReport): readonly { readonly name: string; readonly what: string; readonly at: string }[] {
  const firstFailed = figures.services.flatMap(one => one.firstFailedAt ?? []).sort()[0]
  const lastBack = figures.services
    .flatMap(one => one.backAt ?? [])
    .sort()
    .at(-1)
  return (
    [
      ['T0', 'fault', figures.faultAt],
      ['T1', 'first failed try', firstFailed],
      ['T2', 'noticed', figures.detectedAt],
      ['T3', 'declared', figures.declaredAt],
      ['T4', 'recovery began', figures.recoveryAt],
      ['T5', 'every service back', lastBack],
      ['T6', 'full redundancy', figures.fullAt],
      ['T7', 'failback done', figures.failbackAt],
    ] as const
  ).flatMap(([name, what, at]) => (at === undefined ? [] : [{ name, what, at }]))
}

/** Every figure as a row: what, value, what it means. */
export function figureRows({ figures }: DrillReport): readonly (readonly [string, string, string])[] {
  return [
    ...figures.services.map(one => {
      const failed = `${one.failed} of ${one.tries} tries failed${one.unknown > 0 ? `, ${one.unknown} could not be told` : ''}; outage ${time(one.outageSeconds)} in all`
      return [
        `RTO ${one.service}`,
        one.rtoSeconds === 0 ? 'no outage' : time(one.rtoSeconds),
        failed,
      ] as const
    }),
    ...figures.losses.map(one => {
      const value =
        one.rpoSeconds === 0 ? 'nothing lost' : `${one.atLeast ? 'at least ' : ''}${time(one.rpoSeconds)}`
      const counts = `${one.before} written before the fault, ${one.after} after it; ${one.lost.length} lost${one.unknown > 0 ? `, ${one.unknown} could not be told` : ''}`
      return [`RPO ${one.of}`, value, counts] as const
    }),
    ['detection', time(figures.detectionSeconds), 'T2 - T0'],
    ['decision', time(figures.decisionSeconds), 'T3 - T2'],
    ['work', time(figures.workSeconds), 'T5 (or T6, when nothing was out) - T4'],
    ['without spare', time(figures.withoutSpareSeconds), 'T6 - T5 (or T0, when nothing was out)'],
    ['redundancy', time(figures.redundancySeconds), 'T6 - T0'],
  ]
}
