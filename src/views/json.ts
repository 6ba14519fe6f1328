import { canonical } from '../plan/canonical.ts'
import { margins } from '../plan/quorum.ts'
import { estimate } from './estimate.ts'
import { ifNeededCount, learntCount, movingSteps, opaqueCount } from './overview.ts'
import { type PlanReport, counts } from './text.ts'
import { unknownsOf } from './unknowns.ts'

/**
 * Everything `planText` says, as one canonical JSON document and a newline. The same input gives the same bytes.
 * New members may be added under the same format name; none is renamed or taken away.
 */
export function planDocument(report: PlanReport): string {
  const moving = movingSteps(report)
  const unknown = unknownsOf(report)
  const [ifNeeded, learnt] = [ifNeededCount(report), learntCount(report)]
  return `${canonical({
    format: 'runbook.preview/1',
    digest: report.digest,
    level: report.level,
    after: report.after,
    rehearsed: report.rehearsed,
    counts: { ...counts(report.outlooks), opaque: opaqueCount(report), ...(ifNeeded > 0 && { ifNeeded }) },
    estimate: { ...estimate(moving, report.paces), ...(learnt > 0 && { learnt }) },
    now: margins(report.plan.quorums, report.facts),
    outlook: report.outlooks,
    ...(unknown.length > 0 && { unknowns: unknown }),
    findings: report.findings.map(({ finding, place }) => ({ ...finding, place })),
    plan: report.plan,
  })}\n`
}
