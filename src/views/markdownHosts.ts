import { takesOf } from '../plan/pace.ts'
import { showOp } from '../plan/show.ts'
import type { Step } from '../plan/step.ts'
import { fileChanges, type FileChange } from './fileChange.ts'
import { count, roughly } from './layout.ts'
import type { Degree } from './markdown.ts'
import { details, fence, text } from './markdownText.ts'
import * as overview from './overview.ts'
import type { PlanReport } from './text.ts'

/** Each host's steps, folded, with commands and file diffs as far as the degree has them. */
export function hosts(report: PlanReport, degree: Degree): readonly string[] {
  const moving = overview.stepsByHost(report)
  const idle = Object.keys(report.plan.hosts).filter(host => !moving.has(host))
  return [
    '',
    ...[...moving].flatMap(([host, steps]) => {
      const final = steps.filter(step => step.risk === 'irreversible').length
      const address = report.plan.hosts[host]?.address ?? ''
      return details(
        `${text(host)} (${text(address)}): ${count(steps.length, 'step')}${final > 0 ? `, ${final} irreversible` : ''}`,
        steps.flatMap(step => stepBlock(report, step, degree)),
      )
    }),
    ...(idle.length === 0
      ? []
      : degree >= 1
        ? [`${count(idle.length, 'host')} unchanged.`]
        : details(`${count(idle.length, 'host')} unchanged`, [idle.map(text).join(' ')])),
  ]
}

function stepBlock(report: PlanReport, step: Step, degree: Degree): readonly string[] {
  const needed = overview.condition(report, step)
  const title = `**${overview.numberOf(report, step)}** \`${step.id}\` ${text(step.title)}${needed === '' ? '' : `, _${needed}_`}`
  if (degree >= 3) return [`- ${title}: ${count(step.run.length, 'op')}`]
  const files = fileChanges(step, report.present ?? new Map())
  return [
    `${title}${step.needs.length === 0 ? '' : ` (after ${step.needs.map(id => `\`${id}\``).join(', ')})`}`,
    ...(step.run.length === 0 ? [] : fence('sh', step.run.map(showOp).join('\n'))),
    ...files.flatMap(file => fileBlock(file, degree)),
    '',
  ]
}

function fileBlock(file: FileChange, degree: Degree): readonly string[] {
  const name = `\`${file.path}\` on ${text(file.host)}`
  const note = file.note === undefined ? '' : ` (${text(file.note)})`
  if (file.diff === '') return [`${name}${note === '' ? ': unchanged' : note}`]
  if (degree >= 2) return [`${name} +${file.added} −${file.removed}${note}`]
  return [`${name}${note}`, ...fence('diff', file.diff)]
}

/** All steps in the order of execution, folded. */
export function wholeList(report: PlanReport): readonly string[] {
  const moving = overview.movingSteps(report)
  if (moving.length === 0) return []
  return [
    ...details(
      'Whole ordered list',
      moving.map(step => {
        const needed = overview.condition(report, step)
        return `${overview.numberOf(report, step)}. \`${step.id}\` ${text(step.title)}, on ${text(step.host)}, ${roughly(takesOf(step, report.paces).p50Seconds)}${needed === '' ? '' : `, ${needed}`}`
      }),
    ),
  ]
}
