import type { Margin } from '../plan/quorum.ts'
import type { Plan, Step } from '../plan/step.ts'
import type { Failure, How } from '../run/event.ts'
import type { Fidelity } from '../run/fidelity.ts'
import type { Run, StepRun } from '../run/fold.ts'
import { fidelityLine } from './fidelity.ts'
import { failureDetail, failureLine, lastLines } from './failure.ts'
import { count, duration, noPaint, type Paint, table, wrap } from './layout.ts'
import { share, spareWords } from './marginWords.ts'

/** All that is said when a run has ended. */
export interface RunReport {
  readonly plan: Plan
  readonly run: Run
  readonly tookSeconds: number
  /** Every group as it is now; undefined when it could not be asked or nobody asked. */
  readonly quorums?: { readonly [name: string]: Margin }
  /** What a failure usually means, where that is known. */
  readonly meaning?: (failure: Failure, step: Step) => string | undefined
  /** How well the run kept to its plan. */
  readonly fidelity?: Fidelity
  /** The command to type next. */
  readonly next: string
}

const width = 80

/** How many steps ended in which way. */
export function tallySteps(run: Run): { readonly [how in How | 'failed' | 'in-doubt' | 'left']: number } {
  const tally = { changed: 0, already: 0, assumed: 0, failed: 0, 'in-doubt': 0, left: 0 }
  for (const step of run.steps.values()) {
    if (step.state === 'done') tally[step.how ?? 'changed'] += 1
    else if (step.state === 'failed' || step.state === 'in-doubt') tally[step.state] += 1
    else tally.left += 1
  }
  return tally
}

/** What was done, what went wrong and why, whether the cluster is safe, and what to type next. 80 columns. */
export function summaryText(report: RunReport, paint: Paint = noPaint): string {
  const { run, plan } = report
  const broken = plan.steps.flatMap(step => {
    const state = run.steps.get(step.id)
    return state?.failure && (state.state === 'failed' || state.state === 'in-doubt')
      ? [{ step, state, failure: state.failure }]
      : []
  })
  return [
    headline(report, paint),
    ...(report.fidelity === undefined ? [] : [fidelityLine(report.fidelity)]),
    ...broken.flatMap(one => failureBlock(one.step, one.state, one.failure, report, paint)),
    ...(run.held ?? []).map(
      ({ step, quorum, up, members }) =>
        `held back: ${step} would take ${quorum} (${up} of ${members} up) below its majority`,
    ),
    ...leftOutLines(plan, paint),
    ...overrideLines(plan),
    ...(run.outcome === 'done' ? [] : safety(report, paint)),
    ...(report.next === '' ? [] : [`next: ${paint.bold(report.next)}`]),
  ]
    .join('\n')
    .concat('\n')
}

/** Groups that were allowed to lose their majority, one line for each reason. */
function overrideLines({ quorums }: Plan): readonly string[] {
  const reasons = [...new Set(quorums.flatMap(quorum => quorum.mayBreak ?? []))]
  return reasons.map(
    reason =>
      `overridden: a step may leave ${quorums.map(({ name }) => name).join(', ')} without a majority (${reason})`,
  )
}

function leftOutLines({ without }: Plan, paint: Paint): readonly string[] {
  if (without === undefined) return []
  const { hosts, left } = without
  const undone = left.length === 0 ? 'nothing' : count(left.length, 'step')
  return wrap(
    `left out: ${hosts.join(', ')}; ${undone} undone for it, done by an apply without --without`,
    width,
    '  ',
  ).map(paint.yellow)
}

function headline(report: RunReport, paint: Paint): string {
  const { changed, already, assumed, failed, left, 'in-doubt': doubt } = tallySteps(report.run)
  const opaque = opaqueDone(report)
  const parts = [
    `${count(changed, 'change')}${opaque > 0 ? ` (${opaque} opaque)` : ''}`,
    ...(already > 0 ? [`${already} already so`] : []),
    ...(assumed > 0 ? [`${assumed} taken as done`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(doubt > 0 ? [`${doubt} in doubt`] : []),
    ...(left > 0 ? [`${left} not begun`] : []),
  ]
  const words = {
    done: paint.green('done'),
    failed: paint.red('failed'),
    stopped: paint.yellow('stopped'),
    'in-doubt': paint.red('in doubt'),
  }
  const outcome = report.run.outcome === undefined ? paint.yellow('not ended') : words[report.run.outcome]
  return `${report.plan.name}: ${outcome}, ${parts.join(', ')}, ${duration(report.tookSeconds)}`
}

/** Of the changes: those that ran because nothing tells whether they are needed. */
function opaqueDone({ plan, run }: RunReport): number {
  return plan.steps.filter(step => step.opaque === true && run.steps.get(step.id)?.how === 'changed').length
}

function failureBlock(
  step: Step,
  state: StepRun,
  failure: Failure,
  report: RunReport,
  paint: Paint,
): readonly string[] {
  const meaning = report.meaning?.(failure, step)
  const output = lastLines(failure)
  return [
    '',
    paint.red(`${state.state === 'in-doubt' ? 'in doubt' : 'failed'}: ${step.title} (${step.id})`),
    ...wrap(`  ${failureLine(failure)}`, width, '  '),
    ...failureDetail(failure).flatMap(line => wrap(`  ${line}`, width, '    ')),
    ...(output.length === 0
      ? []
      : [`  last ${count(output.length, 'line')}:`, ...output.map(line => paint.dim(`  | ${line}`))]),
    ...(meaning === undefined ? [] : wrap(`  usually means: ${meaning}`, width, '    ')),
  ]
}

function safety(report: RunReport, paint: Paint): readonly string[] {
  if (report.quorums === undefined)
    return ['', 'Is the cluster safe? The hosts could not be asked; `runbook status` asks again.', '']
  const groups = Object.entries(report.quorums)
  if (groups.length === 0) return ['']
  const lost = groups.filter(([, margin]) => margin.members > 0 && margin.spare < 0).map(([name]) => name)
  const verdict =
    lost.length === 0
      ? paint.green('yes, every group has its majority')
      : paint.red(`NO, majority lost: ${lost.join(', ')}`)
  const rows = table(groups.map(([name, margin]) => ['', name, `${share(margin)} up`, spareWords(margin)]))
  return ['', `Is the cluster safe? ${verdict}`, ...rows, '']
}
