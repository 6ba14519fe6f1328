import { movingSteps } from './overview.ts'
import { type Paint, table } from './layout.ts'
import type { PlanReport } from './text.ts'

const width = 80

/** The steps that are dangerous; the last column goes to a line of its own where a name leaves no room for it. */
export function riskLines(report: PlanReport, paint: Paint): readonly string[] {
  const risky = movingSteps(report).filter(step => step.risk !== 'none')
  if (risky.length === 0) return []
  const undone = risky.map(step => (step.undo === undefined ? 'nothing undoes it' : 'can be undone'))
  const rows = risky.map(step => [`  ${step.risk}`, `${report.plan.steps.indexOf(step) + 1}`, step.id])
  const whole = table(rows.map((row, i) => [...row, undone[i] ?? '']))
  const fits = whole.every(line => line.length <= width)
  const lines = fits
    ? whole.map(line => [line])
    : table(rows).map((line, i) => [line, `      ${undone[i] ?? ''}`])
  const painted = lines.flatMap((some, i) =>
    some.map(line => (risky[i]?.risk === 'irreversible' ? paint.red(line) : paint.yellow(line))),
  )
  return ['', paint.bold(`Risks (${risky.length})`), ...painted]
}
