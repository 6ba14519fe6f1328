import { join } from 'node:path'
import { products } from '../../catalog/index.ts'
import type { Fact } from '../../plan/fact.ts'
import type { RulePage } from '../../plan/finding.ts'
import type { KindPage } from '../../plan/kind.ts'
import { showCheck, showCommand, showOp } from '../../plan/show.ts'
import type { Step } from '../../plan/step.ts'
import { nearest } from '../../playbook/nearest.ts'
import { loadPlaybook } from '../../playbook/read.ts'
import { count, wrap, wrapCommand } from '../../views/layout.ts'
import { exits, Quit } from '../exit.ts'
import { codePages, factPages, kindPages } from '../explained.ts'
import type { Io } from '../io.ts'
import { packageRoot } from '../package.ts'
import { offline } from '../survey.ts'

const width = 80

/** Prints the page of a code, of a kind of step, or of a fact. */
export function explain(args: { readonly what: string }, io: Io): number {
  const page = codePages.find(one => one.code === args.what.toUpperCase())
  const kind = kindPages.find(one => one.kind === args.what)
  const fact = factPages.find(one => one.name === args.what)
  // Some actions ask their host a question of their own name.
  const found = [
    ...(page === undefined ? [] : [pageText(page)]),
    ...(kind === undefined ? [] : [kindText(kind)]),
    ...(fact === undefined ? [] : [factText(fact)]),
  ]
  if (found.length === 0) throw unknown(args.what)
  io.out(found.join('\n'))
  return exits.ok
}

function pageText({ code, title, severity, why, fix }: RulePage): string {
  return `${code} (${severity}): ${title}\n\n${text(why)}\n\nWhat to do: ${text(fix, 12)}\n`
}

function kindText({ kind, title, when, does, care }: KindPage): string {
  const page = [`${kind}: ${title}`, `When: ${when}`, does, `Care: ${care}`].map(words => text(words))
  const planned = exampleSteps().filter(step => step.kind === kind)
  return `${[...page, ...planned.slice(0, 1).map(step => exampleText(step, planned.length))].join('\n\n')}\n`
}

/** One step of that kind as it is planned, with its conditions and commands. */
function exampleText(step: Step, times: number): string {
  const list = (name: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : `\n${name}\n${lines.map(line => `  ${line}\n`).join('')}`
  const risks = {
    none: 'interrupts nobody',
    interrupts: 'interrupts those it serves',
    irreversible: 'cannot be taken back',
  }
  return [
    `As planned for playbooks/dtr-ha.yml on bare hosts, ${count(times, 'time')}; this is the first:\n`,
    `${step.id}: ${step.title} (section ${step.section})\n`,
    `Risk: ${risks[step.risk]}. In doubt about how it ended: ${step.inDoubt === 'ask' ? 'a person must look' : 'it is safe to repeat'}.\n`,
    `Takes about ${step.takes.p50Seconds} s, ${step.takes.p90Seconds} s when slow.\n`,
    list('Only where', step.requires.map(showCheck)),
    list(
      'Runs',
      step.run.flatMap(op => wrapCommand(showOp(op), width - 2)),
    ),
    list('Done when', [...step.goal.map(showCheck), `(within ${step.withinSeconds} s)`]),
    list('Undone by', step.undo?.run.flatMap(op => wrapCommand(showOp(op), width - 2)) ?? ['nothing']),
  ]
    .join('')
    .trimEnd()
}

function factText(fact: Fact): string {
  return `${fact.name}: a question put to a host${fact.secret ? '; its answer is secret' : ''}\n\n${text(fact.about)}\n\nAsked by\n${probeText(fact)}`
}

/** Many probes need arguments; those that do not are shown whole. */
function probeText(fact: Fact): string {
  try {
    return wrapCommand(showCommand(fact.probe(undefined)), width - 2)
      .map(line => `  ${line}\n`)
      .join('')
  } catch {
    return '  a command that depends on what is asked for\n'
  }
}

function text(words: string, indent = 0): string {
  return words
    .split('\n')
    .flatMap((line, i) => wrap(' '.repeat(i === 0 ? indent : 0) + line, width))
    .join('\n')
    .trimStart()
}

function exampleSteps(): readonly Step[] {
  const { topology, digest } = loadPlaybook(join(packageRoot(), 'playbooks', 'dtr-ha.yml'))
  return topology === undefined || digest === undefined ? [] : offline(topology, digest, products).plan.steps
}

function unknown(what: string): Quit {
  const kinds = kindPages.map(page => page.kind)
  const near = nearest(what, [
    ...kinds,
    ...factPages.map(fact => fact.name),
    ...codePages.map(page => page.code),
  ])
  return new Quit(
    'usage',
    `nothing is called '${what}'`,
    near === undefined
      ? `a code like ${codePages[0]?.code ?? 'RB0101'}, or a kind of step: ${kinds.join(', ')}`
      : `did you mean '${near}'?`,
  )
}
