import type { Fact } from '../plan/fact.ts'
import { takesOf } from '../plan/pace.ts'
import { showCheck, showCommand, showOp } from '../plan/show.ts'
import type { Check, Step } from '../plan/step.ts'
import * as overview from './overview.ts'
import { count, roughly } from './layout.ts'
import type { PlanReport } from './text.ts'

/** The questions by name, so that a person can put them by hand. */
export type Questions = ReadonlyMap<string, Pick<Fact, 'probe' | 'about' | 'secret' | 'picks'>>

/** The plan as a runbook for hands: each step with what must hold, what to type, and how to see that it worked. */
export function planPaper(report: PlanReport, questions: Questions): string {
  const moving = overview.movingSteps(report)
  const hosts = Object.values(report.plan.hosts)
  return [
    `# ${report.plan.name}: runbook on paper`,
    '',
    `Plan \`${report.digest}\`. ${overview.levelWords(report)}. ${count(moving.length, 'step')}.`,
    '',
    'Do the steps in this order, one at a time. Look first: a step whose end already holds is done. Stop when something is not',
    'as it says. `secret://…` is a secret to fetch from where it is kept; `fact://…` is what the question of that name answers.',
    '',
    '## Hosts',
    '',
    '| host | address | user | roles |',
    '|---|---|---|---|',
    ...hosts.map(
      host =>
        `| ${host.name} | ${host.address}${host.port === 22 ? '' : `:${host.port}`} | ${host.user} | ${host.roles.join(', ')} |`,
    ),
    ...moving.flatMap(step => stepPaper(report, step, questions)),
  ]
    .join('\n')
    .concat('\n')
}

function stepPaper(report: PlanReport, step: Step, questions: Questions): readonly string[] {
  const needed = overview.condition(report, step).replace(/^only /, '')
  return [
    '',
    `## ${overview.numberOf(report, step)}. ${step.title}`,
    '',
    `On **${step.host}**, about ${roughly(takesOf(step, report.paces).p50Seconds)}, risk: ${step.risk}${step.risk !== 'none' && step.undo === undefined ? ', nothing undoes it' : ''}. \`${step.id}\``,
    ...(step.needs.length === 0 ? [] : [`After ${step.needs.map(id => `\`${id}\``).join(', ')}.`]),
    ...(needed === '' ? [] : [`Needed ${needed}: look at its end first.`]),
    ...checks('Begin only when', step.requires, questions),
    ...(step.run.length === 0 ? [] : ['', 'Type:', '']),
    ...step.run.flatMap(op => {
      const on = 'await' in op || 'ask' in op ? step.host : (op.on ?? step.host)
      const said = 'write' in op ? `${showOp(op)}, content:\n${contentOf(op.content)}` : showOp(op)
      return [`- [ ] on ${on}`, '', ...fence(said).map(line => `  ${line}`), '']
    }),
    ...checks('Done when', step.goal, questions),
  ]
}

function contentOf(value: Parameters<typeof showCommand>[0]['argv'][number]): string {
  return showCommand({ argv: [], stdin: value }).replace(/^ ?<<< /, '')
}

function checks(title: string, some: readonly Check[], questions: Questions): readonly string[] {
  if (some.length === 0) return []
  return [
    '',
    `${title}:`,
    '',
    ...some.flatMap(check => {
      const probe = questions.get(check.fact)?.probe(check.args)
      return [
        `- [ ] \`${showCheck(check)}\`, asked on ${check.host} by`,
        '',
        ...fence(probe === undefined ? `(no question is called ${check.fact})` : showCommand(probe)).map(
          line => `  ${line}`,
        ),
        '',
      ]
    }),
  ]
}

function fence(body: string): readonly string[] {
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map(found => found[0].length))
  const ticks = '`'.repeat(longest + 1)
  return [`${ticks}sh`, ...body.split('\n'), ticks]
}
