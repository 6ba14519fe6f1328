import { factKey } from '../plan/fact.ts'
import { quote } from '../plan/quote.ts'
import { showCheck, showOp } from '../plan/show.ts'
import type { Check, Command, FactRef, Host, Op, Step, Value } from '../plan/step.ts'
import { BASH_HEAD } from './bashHead.ts'
import * as overview from './overview.ts'
import type { Questions } from './paper.ts'
import type { PlanReport } from './text.ts'

/**
 * The plan as a script for a person: bash and ssh are all it needs. Secrets come from environment variables that its head
 * names. What only a person can judge it shows and asks; every loop ends. It writes no journal: `runbook` is the better way.
 */
export function planBash(report: PlanReport, questions: Questions): string {
  const moving = overview.movingSteps(report)
  const names = new Names(moving, report.plan.hosts, questions)
  return [
    '#!/usr/bin/env bash',
    `# ${oneLine(report.plan.name)}: plan ${report.digest}`,
    `# ${oneLine(overview.levelWords(report))}. Run it in the playbook's folder.`,
    'set -uo pipefail',
    '',
    '# Secrets, by environment variable:',
    ...[...names.secrets].map(
      ([reference, name]) => `: "\${${name}:?set it to the secret ${reference.replace(/["$`\\}]/g, '')}}"`,
    ),
    '',
    BASH_HEAD,
    '',
    "# host  user@address  port  jump host  how commands become root's",
    ...Object.values(report.plan.hosts).map(host => hostLine(host, names)),
    ...[...names.files].map(([file, { name, sha256 }]) => `pinned ${name} ${quote(file)} ${sha256}`),
    ...moving.flatMap(step => stepLines(report, step, names, questions)),
    '',
    "echo 'All steps are done.'",
    '',
  ].join('\n')
}

/** Which variable stands for which secret, file and late value. */
class Names {
  readonly secrets = new Map<string, string>()
  readonly files = new Map<string, { readonly name: string; readonly sha256: string }>()
  readonly lates = new Map<string, string>()

  constructor(steps: readonly Step[], hosts: { readonly [name: string]: Host }, questions: Questions) {
    const visit = (value: unknown): void => {
      if (Array.isArray(value)) {
        value.forEach(visit)
        return
      }
      if (typeof value !== 'object' || value === null) return
      const one = value as { readonly [key: string]: unknown }
      if (typeof one['secret'] === 'string') this.secret(one['secret'])
      if (typeof one['file'] === 'string' && typeof one['sha256'] === 'string')
        this.file(one['file'], one['sha256'])
      if (typeof one['fact'] === 'string' && typeof one['host'] === 'string')
        visit(questions.get(one['fact'])?.probe(one['args'] as Check['is'] | undefined))
      Object.values(one).forEach(visit)
    }
    visit(hosts)
    visit(steps)
  }

  secret(reference: string): string {
    const known = this.secrets.get(reference)
    if (known !== undefined) return known
    const wanted = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(reference)?.[1] ?? `SECRET_${this.secrets.size + 1}`
    this.secrets.set(reference, wanted)
    return wanted
  }

  file(file: string, sha256: string): string {
    const name = this.files.get(file)?.name ?? `file_${this.files.size + 1}`
    this.files.set(file, { name, sha256 })
    return name
  }

  late(ref: FactRef, pick: string): string {
    const key = `${factKey(ref)} ${pick}`
    const name = this.lates.get(key) ?? `late_${this.lates.size + 1}`
    this.lates.set(key, name)
    return name
  }
}

function hostLine({ name, user, address, port, jump, sudo }: Host, names: Names): string {
  const root = sudo === 'no' ? 'no' : sudo === 'nopasswd' ? 'nopasswd' : 'password'
  const password = typeof sudo === 'object' ? ` "$${names.secret(sudo.secret)}"` : ''
  return `host ${quote(name)} ${quote(`${user}@${address}`)} ${port} ${quote(jump ?? '')} ${root}${password}`
}

function stepLines(report: PlanReport, step: Step, names: Names, questions: Questions): readonly string[] {
  const number = overview.numberOf(report, step)
  return [
    '',
    `# ${number}. ${oneLine(step.title)} (${step.id}, risk: ${step.risk})`,
    `step_${number}() {`,
    ...[
      `title ${quote(`${number}. ${step.title}`)}`,
      ...(step.goal.length === 0
        ? []
        : [`if ${and(step.goal, names, questions, 'held', 0)}; then return 0; fi`]),
      ...step.requires.map(
        check => `${ask(check, names, questions, 'needs', 30)} || stop ${quote(`${step.id} may not begin`)}`,
      ),
      ...(step.risk === 'irreversible' ? [`agree ${quote(`Nothing undoes this: ${step.title}.`)}`] : []),
      ...step.run.flatMap(op => opLines(op, step, names, questions)),
      ...step.goal.map(
        check =>
          `${ask(check, names, questions, 'until', step.withinSeconds)} || stop ${quote(`${step.id} did not reach its goal`)}`,
      ),
    ].map(line => `  ${line}`),
    '}',
    `step_${number}`,
  ]
}

function opLines(op: Op, step: Step, names: Names, questions: Questions): readonly string[] {
  if ('ask' in op) return [`agree ${quote(op.ask)}`]
  if ('await' in op)
    return op.await.map(
      check =>
        `${ask(check, names, questions, 'until', op.withinSeconds)} || stop ${quote(`${step.id}: it did not come true in time`)}`,
    )
  // A shell has no store; a person does it, and says so.
  if ('store' in op) return [`agree ${quote(`By hand, on ${op.on ?? step.host}: ${showOp(op)}.`)}`]
  const on = quote(op.on ?? step.host)
  if ('write' in op)
    return [
      ...lateLines([op.content], names, questions),
      `input=${word(op.content, names)}`,
      `put ${on} ${quote(op.write)} ${op.mode} || stop ${quote(`${step.id}: ${op.write} could not be written`)}`,
    ]
  return [
    ...lateLines(parts(op.exec), names, questions),
    ...callLines(op.exec, names),
    `on ${on} ${op.timeoutSeconds} ${quote(op.failsOn ?? '')} || stop ${quote(`${step.id}: a command failed on ${op.on ?? step.host}`)}`,
  ]
}

/** Sets `words`, `vars` and `input` for `on`. */
function callLines(command: Command, names: Names): readonly string[] {
  const env = Object.entries(command.env ?? {}).map(([name, value]) => `${quote(name)} ${word(value, names)}`)
  return [
    `words=(${command.argv.map(value => word(value, names)).join(' ')})`,
    `vars=(${env.join(' ')})`,
    `input=${command.stdin === undefined ? "''" : word(command.stdin, names)}`,
  ]
}

/** Asks for the values that are known only now, by the probe of their own fact. */
function lateLines(values: readonly Value[], names: Names, questions: Questions): readonly string[] {
  const found = new Map<string, { readonly fact: FactRef; readonly pick: string }>()
  const visit = (value: Value): void => {
    if (typeof value === 'string') return
    if ('fact' in value) found.set(names.late(value.fact, value.pick), value)
    else if ('join' in value) value.join.forEach(visit)
    else if ('json' in value) visit(value.json)
  }
  values.forEach(visit)
  return [...found].flatMap(([name, { fact, pick }]) => {
    const question = questions.get(fact.fact)
    if (question === undefined) return [`stop ${quote(`no question is called ${fact.fact}`)}`]
    const filter = question.picks?.[pick] ?? ''
    return [
      ...callLines(question.probe(fact.args), names),
      `late ${name} ${quote(fact.host)} ${quote(`${fact.fact} ${pick}`)} ${question.secret === true ? 'secret' : 'open'} ${quote(filter)}`,
    ]
  })
}

function ask(check: Check, names: Names, questions: Questions, how: string, seconds: number): string {
  const probe = questions.get(check.fact)?.probe(check.args)
  if (probe === undefined) return `stop ${quote(`no question is called ${check.fact}`)}`
  const set = callLines(probe, names).join('; ')
  return `{ ${set}; judge ${how} ${quote(check.host)} ${seconds} ${quote(showCheck(check))}; }`
}

function and(
  some: readonly Check[],
  names: Names,
  questions: Questions,
  how: string,
  seconds: number,
): string {
  return some.map(check => ask(check, names, questions, how, seconds)).join(' && ')
}

function parts(command: Command): readonly Value[] {
  return [
    ...command.argv,
    ...Object.values(command.env ?? {}),
    ...(command.stdin === undefined ? [] : [command.stdin]),
  ]
}

/** A value as one word of bash. */
function word(value: Value, names: Names): string {
  if (typeof value === 'string') return quote(value)
  if ('secret' in value) return `"$${names.secret(value.secret)}"`
  if ('fact' in value) return `"$${names.late(value.fact, value.pick)}"`
  if ('file' in value) return `"$${names.file(value.file, value.sha256)}"`
  if ('join' in value) return value.join.map(part => word(part, names)).join('') || "''"
  return `"$(json ${word(value.json, names)})"`
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ')
}
