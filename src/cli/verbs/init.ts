import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { products } from '../../catalog/index.ts'
import { preview } from '../../plan/preview.ts'
import { type Draft, draftText } from '../../playbook/draft.ts'
import type { SshDefaults } from '../../playbook/schema.gen.ts'
import { clean } from '../../views/clean.ts'
import { count } from '../../views/layout.ts'
import { adopt, lookingAt } from '../adopt.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { packageRoot } from '../package.ts'
import { lookAhead } from '../prospect.ts'

export interface InitArgs {
  /** ssh://[user@]manager[:port] */
  readonly from?: string
  readonly out?: string
  readonly name?: string
  readonly force: boolean
  /** 'lb1=198.51.100.10,lb2=198.51.100.11' */
  readonly balancer?: string
  readonly identityFile?: string
  readonly knownHosts?: string
  readonly sudo?: 'none' | 'nopasswd'
  readonly adminUsername: string
  /** A reference, never the password itself. */
  readonly adminPassword: string
}

/** What is written where no name is given. */
export const DEFAULT_OUT = 'runbook.yml'

/** Writes the playbook of a cluster that runs, then makes its plan, which should be empty. Hosts are only read. */
export async function init(args: InitArgs, io: Io): Promise<number> {
  if (args.from === undefined)
    throw new Quit('usage', 'init needs a cluster to read', 'runbook init --from ssh://USER@MANAGER')
  const out = args.out ?? DEFAULT_OUT
  insistOnNew(out, args.force, io)
  if (!/^(env|file|age|cmd|prompt):./.test(args.adminPassword))
    throw new Quit(
      'usage',
      '--admin-password takes a reference and no password',
      'env:NAME, file:PATH, cmd:COMMAND or prompt:QUESTION',
    )
  const { address, ssh } = seedOf(args.from, args)
  const folder = dirname(resolve(io.cwd, out))
  const draft = await adopt(
    {
      address,
      ssh,
      folder,
      admin: { username: args.adminUsername, password: { secret: args.adminPassword } },
      ...(args.name !== undefined && { name: args.name }),
      ...(args.balancer !== undefined && { balancers: balancersOf(args.balancer) }),
      head: [
        `Read from ${args.from} by runbook init, ${new Date(io.clock.now()).toISOString().slice(0, 10)}. Nothing was changed there.`,
        'Lines with TODO say what could not be told. Read all of it before you apply anything.',
      ],
    },
    lookingAt(folder, io),
    io,
  )
  writeDraft(draft, out, io)
  return await planOf(out, io)
}

/** @throws Quit when the file is there and nobody said that it may go */
export function insistOnNew(out: string, force: boolean, io: Io): void {
  if (!force && existsSync(resolve(io.cwd, out)))
    throw new Quit('usage', `${out} is there already`, 'name another one with --out, or say --force')
}

/** Writes the playbook, and beside it the schema that its first line names, for editors. */
export function writeDraft(draft: Draft, out: string, io: Io): void {
  const path = resolve(io.cwd, out)
  const schema = join('.runbook', 'playbook.schema.json')
  try {
    mkdirSync(join(dirname(path), '.runbook'), { recursive: true })
    writeFileSync(
      join(dirname(path), schema),
      readFileSync(join(packageRoot(), 'schemas', 'playbook.schema.json')),
    )
    writeFileSync(path, draftText(draft, schema))
  } catch (error) {
    throw new Quit('usage', `${out} cannot be written: ${(error as Error).message}`)
  }
  const todos = draft.remarks.filter(remark => remark.todo)
  io.out(
    `${basename(out)}: ${count(Object.keys(draft.playbook.hosts).length, 'host')}, ${count(todos.length, 'thing')} to look at\n`,
  )
  for (const { path: at, text } of todos) io.out(`  TODO ${at.join('.')}: ${clean(text)}\n`)
}

/** Makes the plan of what was written: what is declared should be what is there. */
async function planOf(out: string, io: Io): Promise<number> {
  const good = await loadGood(out, io)
  const { seen, sessions } = await lookAhead(good, products, 'look', io)
  await sessions.closeAll()
  const titles = new Map(seen.plan.steps.map(step => [step.id, step.title]))
  const moving = preview(seen.plan, seen.facts).filter(one => one.will !== 'hold')
  const errors = seen.findings.filter(finding => finding.severity === 'error')
  if (moving.length === 0) io.out('its plan is empty: what it declares is what is there\n')
  else {
    io.out(`its plan is not empty (${moving.length}): look at these before you apply it\n`)
    for (const { step, will } of moving)
      io.out(`  ${will === 'run' ? '+' : '?'} ${titles.get(step) ?? ''}  [${step}]\n`)
  }
  for (const { code, message } of errors) io.out(`  error ${code}: ${message}\n`)
  for (const [host, error] of seen.unreachable)
    io.err(`${host} could not be asked: ${clean(error.message)}\n`)
  io.err(`next: runbook ${moving.length === 0 ? 'status' : 'plan'} ${out}\n`)
  if (seen.unreachable.size > 0) return exits.unreachable
  if (errors.length > 0) return exits.refused
  return moving.length === 0 ? exits.ok : exits.changes
}

/** @throws Quit when it is no such URL */
function seedOf(
  from: string,
  { identityFile, knownHosts, sudo }: Pick<InitArgs, 'identityFile' | 'knownHosts' | 'sudo'>,
): { readonly address: string; readonly ssh: SshDefaults } {
  const found =
    /^ssh:\/\/(?:([^@:/]+)@)?(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(?::(\d{1,5}))?\/?$/.exec(from)
  const [, user = 'root', address, port] = found ?? []
  if (address === undefined || Number(port ?? 22) > 65_535)
    throw new Quit(
      'usage',
      `'${from}' is no place of a manager`,
      'ssh://USER@MANAGER or ssh://USER@MANAGER:PORT',
    )
  const mode = sudo ?? (user === 'root' ? 'none' : 'nopasswd')
  return {
    address: address.replace(/^\[(.*)\]$/, '$1'),
    ssh: {
      user,
      ...(port !== undefined && port !== '22' && { port: Number(port) }),
      ...(identityFile !== undefined && { identityFile }),
      ...(knownHosts !== undefined && { knownHosts: [knownHosts] }),
      ...(mode !== 'none' && { sudo: mode }),
    },
  }
}

/** @throws Quit when it is no list of names with addresses */
function balancersOf(text: string): { readonly [name: string]: string } {
  const pairs = text.split(',').map((part): [string, string] => {
    const [, name, address] = /^([A-Za-z0-9][A-Za-z0-9.-]*)=([A-Za-z0-9][A-Za-z0-9.:-]*)$/.exec(part) ?? []
    if (name === undefined || address === undefined)
      throw new Quit('usage', `'${part}' is no balancer`, '--balancer lb1=198.51.100.10,lb2=198.51.100.11')
    return [name, address]
  })
  return Object.fromEntries(pairs)
}
