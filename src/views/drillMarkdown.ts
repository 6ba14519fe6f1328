import type { DrillReport } from './drillReport.ts'
import { exercise, figureRows, metWords, moments, resultWords, time } from './drillWords.ts'
import { duration } from './layout.ts'

/** The report for a repository or a pull request. */
export function drillMarkdown(report: DrillReport): string {
  const sum = (seconds: readonly (number | undefined)[]): number =>
    seconds.reduce<number>((a, b) => a + (b ?? 0), 0)
  const planned = sum(report.phases.map(one => one.plannedSeconds))
  const steps = report.phases.flatMap(phase => phase.steps)
  const count = (state: string): number => steps.filter(one => one.state === state).length
  const parts = [
    `# ${text(report.title)}`,
    `**${text(resultWords(report))}** (${exercise[report.mode]})`,
    table(
      ['', ''],
      [
        ['drill', `${report.name}, ${report.id}`],
        ['when', `${report.startedAt} to ${report.endedAt}`],
        [
          'by',
          [report.by, ...Object.entries(report.roles).map(([role, who]) => `${role}: ${who}`)].join(', '),
        ],
        ...(report.excluded.length > 0 ? [['might not help', report.excluded.join(', ')]] : []),
        ...(report.owner === undefined ? [] : [['owner', report.owner]]),
        ['drill file', `sha256 ${report.file}`],
        [
          'playbook',
          `sha256 ${report.playbook}${report.commit === undefined ? '' : `, commit ${report.commit}`}`,
        ],
        ['journal', `sha256 ${report.journal}`],
        ['tool', `runbook ${report.tool}`],
        ...(report.previous === undefined ? [] : [['previous', report.previous]]),
      ],
    ),
    '## Objectives, set beforehand, and what was measured',
    report.objectives.length === 0
      ? 'The drill names none.'
      : table(
          ['objective', 'allowed', 'measured', ''],
          report.objectives.map(one => [
            one.objective,
            duration(one.targetSeconds),
            time(one.seconds),
            metWords(one.met),
          ]),
        ),
    '## Figures',
    table(['', '', ''], figureRows(report)),
    '## Moments',
    table(
      ['', 'what', 'when'],
      moments(report).map(one => [one.name, one.what, one.at]),
    ),
    `## Phases${planned > 0 ? ` (planned ${duration(planned)}, took ${duration(sum(report.phases.map(one => one.seconds)))})` : ''}`,
    table(
      ['phase', 'what', 'planned', 'took', 'outcome', 'by', 'checkpoint'],
      report.phases.map(one => [
        one.id,
        one.title,
        one.plannedSeconds === undefined ? '' : duration(one.plannedSeconds),
        one.seconds === undefined ? '' : time(one.seconds),
        one.outcome,
        [
          one.by,
          one.answer === undefined
            ? undefined
            : typeof one.answer === 'string'
              ? one.answer
              : JSON.stringify(one.answer),
        ]
          .filter(word => word !== undefined)
          .join(': '),
        one.checkpoint ?? '',
      ]),
    ),
    `## Steps: ${count('executed')} executed, ${count('held already')} held already, ${count('failed')} failed, ${count('not executed')} not executed`,
    table(
      ['phase', 'step', 'host', 'state', 'took'],
      report.phases.flatMap(phase =>
        phase.steps.map(one => [
          phase.id,
          one.title,
          one.host,
          one.state,
          one.seconds === undefined ? '' : time(one.seconds),
        ]),
      ),
    ),
    '## Faults',
    report.faults.length === 0
      ? 'None.'
      : table(
          ['fault', 'host', 'on', 'undone', 'by'],
          report.faults.map(one => [one.fault, one.host, one.on, one.undone ?? 'NOT KNOWN', one.by ?? '']),
        ),
    '## Before and after',
    table(
      ['group', 'before', 'after'],
      Object.entries(report.groups.before).map(([name, share]) => [
        name,
        share,
        report.groups.after[name] ?? 'not known',
      ]),
    ),
    ...(report.guards.length === 0
      ? []
      : [
          '## Guards',
          table(
            ['guard', '', ''],
            report.guards.map(one => [
              one.guard,
              one.ok === null ? 'not told' : one.ok ? 'ok' : 'NO',
              one.detail,
            ]),
          ),
        ]),
    '## Findings',
    report.findings.length === 0 ? 'None.' : report.findings.map(one => `- ${text(one)}`).join('\n'),
    ...(report.controls.length === 0
      ? []
      : [
          '## Controls',
          table(
            ['control', ''],
            report.controls.map(one => [one, 'supports evidence for']),
          ),
          'A report supports evidence; whether a control is met is for its auditor to say.',
        ]),
  ]
  return `${parts.join('\n\n')}\n`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(text).join(' | ')} |`
  return [row(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(row)].join('\n')
}

/** Text from files and hosts as text, never as Markdown of its own. */
function text(words: string): string {
  return words.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[\\`*_{}<>[\]|#]/g, '\\$&')
}
