import { readFileSync } from 'node:fs'
import { exitMeanings, exits } from '../src/cli/exit.ts'
import { codePages, factPages, kindPages } from '../src/cli/explained.ts'
import { flags } from '../src/cli/flags.ts'
import { type VerbEntry, verbTable } from '../src/cli/verbTable.ts'
import type { RulePage } from '../src/plan/finding.ts'

const made =
  '<!-- Made by `npm run docs` from the texts of `runbook explain`, `--help` and the schema. Do not edit. -->'

/** The reference by file name, made from the very texts that the command prints. */
export function reference(): { readonly [file: string]: string } {
  return {
    'findings.md': findings(),
    'steps.md': steps(),
    'facts.md': facts(),
    'exit-codes.md': exitCodes(),
    'commands.md': commands(),
    'playbook.md': playbook(),
  }
}

function page(title: string, ...parts: readonly string[]): string {
  return `${[`# ${title}`, made, ...parts].join('\n\n')}\n`
}

/** What stands in a cell of a table: no line ends, and no `|` that would end the cell. */
function cell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

const subjects: { readonly [two: string]: string } = {
  '01': 'Files, YAML and schema',
  '02': 'References',
  '03': 'Sizing',
  '04': 'Versions',
  '05': 'Storage',
  '06': 'Load balancer',
  '07': 'Network',
  '08': 'What the hosts say',
  '09': 'Own steps',
}

function findings(): string {
  const groups = [...new Set(codePages.map(one => one.code.slice(2, 4)))]
  return page(
    'Findings',
    'What `validate`, `plan` and `apply` may say. An error stops; a warning or a note does not. The same page is printed by `runbook explain CODE`.',
    ...groups.flatMap(group => [
      `## RB${group}xx: ${subjects[group] ?? 'Others'}`,
      ...codePages.filter(one => one.code.slice(2, 4) === group).map(finding),
    ]),
  )
}

function finding({ code, title, severity, why, fix, acceptable }: RulePage): string {
  const may = acceptable === true ? ' May be accepted with a reason (`accept:`).' : ''
  return `### ${code}: ${title}\n\n*${severity}.*${may} ${why}\n\n**What to do:** ${fix}`
}

function steps(): string {
  return page(
    'Kinds of steps',
    'What a plan is made of. `runbook explain KIND` prints the same, with the exact conditions and commands of one such step.',
    ...kindPages.map(
      ({ kind, title, when, does, care }) =>
        `## ${kind}\n\n**${title}.** ${does}\n\n*When:* ${when}\n\n*Care:* ${care}`,
    ),
  )
}

function facts(): string {
  return page(
    'Facts',
    'The questions that hosts are asked, all of them read-only. An answer, `null` for *there is none*, or *could not tell*, which is never taken for `null`.',
    table(
      ['fact', 'answer'],
      factPages.map(({ name, about, secret }) => [
        `\`${name}\``,
        `${about}${secret === true ? ' Secret.' : ''}`,
      ]),
    ),
  )
}

function exitCodes(): string {
  return page(
    'Exit codes',
    'Never changed, only added to.',
    table(
      ['code', 'means'],
      Object.entries(exits).map(([name, code]) => [String(code), exitMeanings[name as keyof typeof exits]]),
    ),
  )
}

function commands(): string {
  return page(
    'Commands',
    'The same as `runbook COMMAND --help`. `--help`, `--version`, `--debug` and `--no-color` go with every one.',
    ...verbTable.flatMap(entry =>
      [entry, ...(entry.more ?? []).map(one => ({ ...one, under: entry }))].map(command),
    ),
  )
}

function command(entry: VerbEntry & { readonly under?: VerbEntry }): string {
  const before = entry.under === undefined ? '' : `${entry.under.typed.split(' ')[0] ?? ''} `
  const words = Object.entries(entry.words ?? {}).map(([name, { describe, choices }]) => [
    `\`${name}\``,
    `${describe}${choices === undefined ? '' : `: ${choices.join(', ')}`}`,
  ])
  const own = entry.flags.map(name => {
    const flag: Flag = { ...flags[name], ...entry.instead?.[name] }
    const more = [
      ...(flag.choices === undefined ? [] : [`one of ${flag.choices.join(', ')}`]),
      ...(flag.default === undefined || flag.default === false ? [] : [`default ${String(flag.default)}`]),
    ]
    const short = flag.alias === undefined ? '' : `, \`-${flag.alias}\``
    return [`\`--${name}\`${short}`, `${flag.describe}${more.length === 0 ? '' : ` (${more.join('; ')})`}`]
  })
  const all = [...words, ...own]
  return `## runbook ${before}${entry.typed}\n\n${entry.does}.${all.length === 0 ? '' : `\n\n${table(['', ''], all)}`}`
}

interface Flag {
  readonly describe: string
  readonly choices?: readonly string[]
  readonly default?: string | number | boolean
  readonly alias?: string
}

interface Schema {
  readonly $ref?: string
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: string | number | boolean
  readonly examples?: readonly unknown[]
  readonly required?: readonly string[]
  readonly properties?: { readonly [key: string]: Schema }
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly $defs?: { readonly [name: string]: Schema }
}

function playbook(): string {
  const schema = JSON.parse(
    readFileSync(new URL('../schemas/playbook.schema.json', import.meta.url), 'utf8'),
  ) as Schema
  return page(
    'Playbook',
    `${schema.description ?? ''} Editors complete and check it with \`runbook schema playbook\`.`,
    section('Top level', schema, schema),
    ...Object.entries(schema.$defs ?? {}).map(([name, one]) => section(name, one, schema)),
  )
}

function section(name: string, schema: Schema, all: Schema): string {
  const variants = schema.oneOf ?? []
  return [
    `## ${name}`,
    ...(name === 'Top level' || schema.description === undefined ? [] : [schema.description]),
    ...(variants.length === 0 ? [] : [`One of: ${variants.map(kindOf).join('; ')}.`]),
    ...keys(schema, all),
    ...variants.flatMap(one => keys(one, all, one.title)),
  ].join('\n\n')
}

function keys(schema: Schema, all: Schema, title?: string): readonly string[] {
  const entries = Object.entries(schema.properties ?? {})
  if (entries.length === 0) return []
  const rows = entries.map(([key, one]) => [
    `\`${key}\`${schema.required?.includes(key) === true ? ' *' : ''}`,
    kindOf(one),
    [
      one.description ?? all.$defs?.[one.$ref?.replace('#/$defs/', '') ?? '']?.description ?? '',
      ...(one.default === undefined ? [] : [`Default: \`${JSON.stringify(one.default)}\`.`]),
      ...(one.examples?.[0] === undefined ? [] : [`Example: \`${JSON.stringify(one.examples[0])}\``]),
    ].join(' '),
  ])
  const written = table(['key (* must be there)', 'kind', 'meaning'], rows)
  return title === undefined ? [written] : [`### ${title}`, written]
}

/** A few words for what may stand there; what has a section of its own is linked. */
function kindOf(schema: Schema): string {
  const name = schema.$ref?.replace('#/$defs/', '')
  if (name !== undefined) return `[${name}](#${name.toLowerCase()})`
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum !== undefined) return schema.enum.map(one => `\`${JSON.stringify(one)}\``).join(', ')
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'anything' : kindOf(schema.items)}`
  if (typeof schema.additionalProperties === 'object')
    return `names with ${kindOf(schema.additionalProperties)}`
  if (schema.oneOf !== undefined) return schema.oneOf.map(kindOf).join(' or ')
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? [])
  return types.length === 0 ? (schema.title ?? 'anything') : types.join(' or ')
}
