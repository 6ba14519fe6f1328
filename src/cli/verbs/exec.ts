import { createHash } from 'node:crypto'
import { products } from '../../catalog/index.ts'
import { auditScript } from '../../catalog/os/scripts.ts'
import { Unreachable } from '../../hosts/session.ts'
import type { Exit } from '../../plan/fact.ts'
import { quote } from '../../plan/quote.ts'
import type { HostName, Plan } from '../../plan/step.ts'
import { nearest } from '../../playbook/nearest.ts'
import type { Topology } from '../../playbook/topology.ts'
import { fenced } from '../../run/lease.ts'
import { openSessions, type Sessions, type World } from '../../run/world.ts'
import { clean } from '../../views/clean.ts'
import { exits, Quit } from '../exit.ts'
import { giveBack, holdHosts, self } from '../hold.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { fetchSecrets, secretsIn } from '../secrets.ts'
import { secondsOf } from '../seconds.ts'
import { realWorld } from '../world.ts'

export interface ExecArgs {
  /** Roles and hosts, separated by commas; 'all'. */
  readonly where: string
  /** What stands behind `--`. */
  readonly '--'?: readonly string[]
  readonly playbook: string
  /** It changes something: the hosts are held meanwhile. */
  readonly write: boolean
  readonly yes: boolean
  readonly json: boolean
  readonly timeout?: string
  readonly lockTimeout?: string
}

/** How it ended on one host. */
type Ended = Exit | Unreachable

/**
 * Runs one command on the hosts of a role. Without `--write` it is taken for a look: nobody is kept off, nothing is taken up again, and
 * whether it really changes nothing is the word of who typed it. With `--write` the hosts are held as for an apply.
 * @returns the highest exit code; 11 when a host could not be asked, 17 when nobody saw how it ended
 */
export async function exec(args: ExecArgs, io: Io): Promise<number> {
  const command = args['--'] ?? []
  if (command.length === 0)
    throw new Quit('usage', 'exec needs a command behind --', `runbook exec ${args.where} -- docker ps`)
  if (args.write && !args.yes && !io.interactive)
    throw new Quit('usage', 'nobody is there to say yes to a change', 'add --yes')
  const timeoutMs = secondsOf(args.timeout ?? (args.write ? '10m' : '30s'), '--timeout') * 1000
  const { topology, folder } = await loadGood(args.playbook, io)
  const hosts = chosen(args.where, topology)
  const { ssh } = topology
  const secret = await fetchSecrets(secretsIn([topology.hosts]), { env: io.env, folder })
  const world = realWorld({ hosts: topology.hosts, ssh, folder, products, secret, may: 'change', io })
  await maskAll(topology, world, folder, io)
  const line = command.map(quote).join(' ')
  if (world.redact.text(line) !== line)
    throw new Quit(
      'usage',
      'a secret stands in the command, where every user of the host can read it',
      'let the command read it from a file there',
    )
  if (args.write && !args.yes) await consent(line, hosts, io)
  const sessions = openSessions(topology.hosts, world.connect)
  const id = `exec-${createHash('sha256').update(`${world.clock.now()} ${process.pid} ${line}`).digest('hex').slice(0, 16)}`
  try {
    const ended = args.write
      ? await held(topology, hosts, sessions, { id, lockTimeout: args.lockTimeout, io }, on =>
          change(command, hosts, on, id, timeoutMs),
        )
      : await look(command, hosts, sessions, timeoutMs)
    await leaveWord(hosts, ended, sessions, {
      id,
      name: topology.name,
      line,
      did: args.write ? 'changed' : 'looked',
      io,
    })
    show(ended, line, world, args.json, io)
    return worst(ended)
  } finally {
    await sessions.closeAll()
  }
}

/** The hosts that are meant, in the playbook's order. @throws Quit for a word that is neither role nor host */
function chosen(where: string, { hosts, roles }: Topology): readonly HostName[] {
  const words = where.split(',').filter(word => word !== '')
  const meant = new Set<HostName>()
  for (const word of words) {
    const found = word === 'all' ? Object.keys(hosts) : hosts[word] ? [word] : roles[word]
    if (found === undefined || found.length === 0) {
      const known = ['all', ...Object.keys(roles).filter(role => roles[role]?.length), ...Object.keys(hosts)]
      const near = nearest(word, known)
      throw new Quit(
        'usage',
        `'${word}' is no role and no host of this playbook`,
        near === undefined ? `one of ${known.join(', ')}` : `did you mean ${near}?`,
      )
    }
    for (const host of found) meant.add(host)
  }
  if (meant.size === 0) throw new Quit('usage', 'no host was named', 'a role, a host, or all')
  return Object.keys(hosts).filter(host => meant.has(host))
}

/** Whatever secrets the playbook names and can be read without asking anybody: none of them may be shown. */
async function maskAll(topology: Topology, { redact }: World, folder: string, io: Io): Promise<void> {
  for (const reference of secretsIn([topology]).filter(one => /^(env|file|age):/.test(one))) {
    try {
      redact.add((await fetchSecrets([reference], { env: io.env, folder }))(reference))
    } catch (error) {
      // What is not there cannot be shown.
      if (!(error instanceof Quit)) throw error
    }
  }
}

async function consent(line: string, hosts: readonly HostName[], io: Io): Promise<void> {
  const given = (await io.question(`Run ${line}\non ${hosts.join(', ')}? [y/N] `)).trim()
  if (!/^y(es)?$/i.test(given)) throw new Quit('unanswered', 'not agreed to; nothing was changed')
}

type Results = ReadonlyMap<HostName, Ended>

async function onEach(
  hosts: readonly HostName[],
  sessions: Sessions,
  act: (host: HostName, session: Awaited<ReturnType<Sessions['to']>>) => Promise<Exit | undefined>,
): Promise<Results> {
  const unknown: Exit = { code: undefined, stdout: '', stderr: '' }
  const ended = await Promise.all(
    hosts.map(async (host): Promise<[HostName, Ended]> => {
      try {
        return [host, (await act(host, await sessions.to(host))) ?? unknown]
      } catch (error) {
        if (error instanceof Unreachable) return [host, error]
        throw error
      }
    }),
  )
  return new Map(ended)
}

/** As questions are put: no job, no lease. */
function look(
  argv: readonly string[],
  hosts: readonly HostName[],
  sessions: Sessions,
  timeoutMs: number,
): Promise<Results> {
  return onEach(
    hosts,
    sessions,
    async (_, session) => (await session.probe([{ argv, env: {} }], { timeoutMs }))[0],
  )
}

/** As effects are: a named job that a lost connection does not end, begun only while the host is ours. */
function change(
  argv: readonly string[],
  hosts: readonly HostName[],
  sessions: Sessions,
  id: string,
  timeoutMs: number,
): Promise<Results> {
  return onEach(hosts, sessions, (host, session) =>
    session.exec({ argv, env: {} }, { job: `${id}-${host}`, timeoutMs, onLine: () => undefined }),
  )
}

async function held(
  { name, hosts }: Topology,
  scope: readonly HostName[],
  sessions: Sessions,
  { id, lockTimeout, io }: { readonly id: string; readonly lockTimeout: string | undefined; readonly io: Io },
  act: (sessions: Sessions) => Promise<Results>,
): Promise<Results> {
  const plan: Plan = {
    format: 'runbook.plan/1',
    name,
    from: { playbook: '', facts: '' },
    hosts,
    quorums: [],
    steps: [],
  }
  const lockTimeoutSeconds = secondsOf(lockTimeout ?? '0s', '--lock-timeout')
  const ours = await holdHosts(scope, plan, sessions, { run: id, lockTimeoutSeconds, io })
  let how = 'failed'
  try {
    const ended = await act(fenced(sessions, ours.lease))
    how = worst(ended) === exits.ok ? 'ok' : 'failed'
    return ended
  } finally {
    await giveBack(ours, 'released', how, io)
  }
}

/** One line in the audit log of each host, as an apply leaves. A host that cannot write it is told of. */
async function leaveWord(
  hosts: readonly HostName[],
  ended: Results,
  sessions: Sessions,
  {
    id,
    name,
    line,
    did,
    io,
  }: {
    readonly id: string
    readonly name: string
    readonly line: string
    readonly did: string
    readonly io: Io
  },
): Promise<void> {
  const { who, from } = self(io.env)
  const at = new Date(Date.now()).toISOString()
  const untold = await Promise.all(
    hosts.map(async host => {
      const end = ended.get(host)
      if (end === undefined || end instanceof Unreachable) return []
      const said = JSON.stringify({
        at,
        who,
        from,
        did,
        name,
        run: id,
        command: line,
        code: end.code ?? null,
      })
      const argv = ['sh', '-c', auditScript, 'runbook-os-audit', said]
      const session = await sessions.to(host)
      const exit = await session.exec(
        { argv, env: {} },
        { job: `${id}-${host}-audit`, timeoutMs: 30_000, onLine: () => undefined },
      )
      return exit.code === 0 ? [] : [host]
    }),
  )
  const lost = untold.flat()
  if (lost.length > 0) io.err(`the audit log of ${lost.join(', ')} could not be written\n`)
}

function show(ended: Results, line: string, { redact }: World, json: boolean, io: Io): void {
  const safe = (text: string): string => redact.text(clean(text))
  if (json) {
    const hosts = [...ended].map(([host, end]) => [
      host,
      end instanceof Unreachable
        ? { unreachable: safe(end.message) }
        : {
            code: end.code ?? null,
            stdout: safe(end.stdout),
            stderr: safe(end.stderr),
            ...(end.timedOut && { timedOut: true }),
          },
    ])
    io.out(
      `${JSON.stringify({ format: 'runbook.exec/1', command: line, hosts: Object.fromEntries(hosts) as object })}\n`,
    )
    return
  }
  const width = Math.max(...[...ended.keys()].map(host => host.length))
  for (const [host, end] of ended) {
    const lines = (text: string): string =>
      safe(text)
        .replace(/\n$/, '')
        .split('\n')
        .map(one => `${host.padEnd(width)} | ${one}\n`)
        .join('')
    if (end instanceof Unreachable) {
      io.err(`${host.padEnd(width)} ! could not be asked: ${safe(end.message)}\n`)
      continue
    }
    if (end.stdout !== '') io.out(lines(end.stdout))
    if (end.stderr !== '') io.err(lines(end.stderr))
    if (end.timedOut) io.err(`${host.padEnd(width)} ! ran out of its time and was stopped\n`)
    else if (end.code === undefined) io.err(`${host.padEnd(width)} ! nobody saw how it ended\n`)
    else if (end.code !== 0) io.err(`${host.padEnd(width)} ! exit code ${end.code}\n`)
  }
}

function worst(ended: Results): number {
  const all = [...ended.values()]
  if (all.some(end => !(end instanceof Unreachable) && end.code === undefined)) return exits.inDoubt
  if (all.some(end => end instanceof Unreachable)) return exits.unreachable
  return Math.max(0, ...all.map(end => (end instanceof Unreachable ? 0 : (end.code ?? 0))))
}
