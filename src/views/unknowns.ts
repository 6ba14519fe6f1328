import { type Unknown, unknowns } from '../plan/unknowns.ts'
import { type Paint, table, wrap } from './layout.ts'
import type { PlanReport } from './text.ts'

const width = 80

/** What is known only later, with the step that makes it known. */
export function unknownsOf({ plan, outlooks }: PlanReport): readonly Unknown[] {
  return unknowns(plan, outlooks)
}

/** 'after step 9', 'while step 35 runs' */
export function whenKnown({ plan }: PlanReport, { step, when }: Unknown): string {
  const number = plan.steps.findIndex(one => one.id === step) + 1
  return when === 'after' ? `after step ${number}` : `while step ${number} runs`
}

/** `docker.jointoken@m1 token`: as it stands in the commands, where it is written `fact://…/token`. */
export function nameOf({ fact, host, pick }: Unknown): string {
  return `${fact}@${host} ${pick}`
}

export function unknownLines(report: PlanReport, paint: Paint): readonly string[] {
  const found = unknownsOf(report)
  if (found.length === 0) return []
  const rows = found.map(one => [`  ${nameOf(one)}`, whenKnown(report, one), one.step])
  const lines = table(rows)
  const shown = lines.every(line => line.length <= width)
    ? lines
    : rows.flatMap(row => wrap(row.join('  '), width, '    '))
  return [
    '',
    paint.bold(`Known only later (${found.length}): asked just before use, and never stored`),
    ...shown,
  ]
}
