import { structuredPatch } from 'diff'
import { canonical } from '../plan/canonical.ts'
import { type ChangedStep, isSame, type PlanDifference } from '../plan/difference.ts'
import { noPaint, type Paint } from './layout.ts'

/** How two plans differ, for a person. */
export function differenceText(between: PlanDifference, paint: Paint = noPaint): string {
  if (isSame(between)) return `the same plan ${between.to.slice(0, 12)}\n`
  const { added, removed, changed, unchanged, inputs } = between
  return [
    paint.bold(
      `plan ${between.from.slice(0, 12)} -> ${between.to.slice(0, 12)}: ${counts(between)}, ${unchanged} the same`,
    ),
    ...(inputs.length === 0 ? [] : [`beside the steps: ${inputs.join(', ')}`]),
    ...removed.map(id => paint.red(`- ${id}`)),
    ...added.map(id => paint.green(`+ ${id}`)),
    ...changed.flatMap(one => [
      paint.yellow(`~ ${one.step}: ${one.members.join(', ')}`),
      ...commandLines(one.commands).map(line => `    ${painted(line, paint)}`),
    ]),
  ]
    .join('\n')
    .concat('\n')
}

/** The same as Markdown. */
export function differenceMarkdown(between: PlanDifference): string {
  if (isSame(between)) return `The same plan \`${between.to.slice(0, 12)}\`.\n`
  const { added, removed, changed, unchanged, inputs } = between
  return [
    `#### Plan \`${between.from.slice(0, 12)}\` → \`${between.to.slice(0, 12)}\`: ${counts(between)}, ${unchanged} the same`,
    ...(inputs.length === 0 ? [] : ['', `Beside the steps: ${inputs.join(', ')}.`]),
    '',
    ...removed.map(id => `- removed \`${id}\``),
    ...added.map(id => `- added \`${id}\``),
    ...changed.flatMap(one => {
      const lines = commandLines(one.commands)
      const ticks = '`'.repeat(
        Math.max(2, ...lines.flatMap(line => [...line.matchAll(/`+/g)].map(found => found[0].length))) + 1,
      )
      return [
        `- changed \`${one.step}\`: ${one.members.join(', ')}`,
        ...(lines.length === 0
          ? []
          : ['', `  ${ticks}diff`, ...lines.map(line => `  ${line}`), `  ${ticks}`]),
      ]
    }),
  ]
    .join('\n')
    .concat('\n')
}

/** The same as one canonical JSON document. */
export function differenceJson(between: PlanDifference): string {
  return `${canonical({ format: 'runbook.plan-diff/1', same: isSame(between), ...between })}\n`
}

function counts({ added, removed, changed }: PlanDifference): string {
  return `${added.length} added, ${removed.length} removed, ${changed.length} changed`
}

/** Lines of the commands that differ, with a few around them: of a long script somebody changed one word, and that is what is to be seen. */
function commandLines({ removed, added }: ChangedStep['commands']): readonly string[] {
  const text = (commands: readonly string[]): string => commands.map(one => `${one}\n`).join('')
  const { hunks } = structuredPatch('', '', text(removed), text(added), '', '', { context: 2 })
  return hunks.flatMap((hunk, i) => [
    ...(i === 0 ? [] : ['  …']),
    ...hunk.lines.map(line => `${line.slice(0, 1)} ${line.slice(1)}`),
  ])
}

function painted(line: string, paint: Paint): string {
  if (line.startsWith('-')) return paint.red(line)
  return line.startsWith('+') ? paint.green(line) : line
}
