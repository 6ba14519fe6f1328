import { digest } from '../../plan/canonical.ts'
import { endLease, takeLease } from '../../run/lease.ts'
import { type Ending, type Holder, type Standing, standings } from '../../run/standing.ts'
import type { Sessions } from '../../run/world.ts'
import { clean } from '../../views/clean.ts'
import { exits, Quit } from '../exit.ts'
import { reach } from '../fetch.ts'
import { isGone, newNonce, self, standingLine } from '../hold.ts'
import type { Io } from '../io.ts'
import { secondsOf } from '../seconds.ts'

interface LockArgs {
  readonly what: 'status' | 'freeze' | 'release' | 'break'
  readonly file: string
  readonly reason?: string
  readonly ttl?: string
  readonly json: boolean
}

/** Says or changes who may change the hosts of a playbook. */
export async function lock(args: LockArgs, io: Io): Promise<number> {
  const { what, reason } = args
  if ((what === 'freeze' || what === 'break') && reason === undefined)
    throw new Quit('usage', `lock ${what} needs --reason`, `runbook lock ${what} ${args.file} --reason '…'`)
  const { good, sessions } = await reach(args.file, io)
  try {
    if (what === 'freeze')
      return await freeze(args, good.topology.name, Object.keys(good.topology.hosts), sessions, io)
    const { seen, unreachable } = await standings(Object.keys(good.topology.hosts), sessions)
    if (what === 'status') {
      if (args.json) io.out(`${JSON.stringify({ format: 'runbook.lock/1', hosts: seen })}\n`)
      else for (const one of seen) io.out(`${standingLine(one)}\n`)
    } else await end(what, seen, reason, sessions, io)
    for (const lost of unreachable) io.err(`${lost.host} could not be asked: ${clean(lost.message)}\n`)
    return unreachable.length > 0 ? exits.unreachable : exits.ok
  } finally {
    await sessions.closeAll()
  }
}

async function freeze(
  { reason, ttl }: LockArgs,
  name: string,
  hosts: readonly string[],
  sessions: Sessions,
  io: Io,
): Promise<number> {
  const holder: Holder = {
    state: 'frozen',
    run: '',
    plan: digest({}),
    name,
    ...self(io.env),
    since: new Date(Date.now()).toISOString(),
    ...(reason !== undefined && { reason }),
    ...(ttl !== undefined && { ttlSeconds: secondsOf(ttl, '--ttl') }),
  }
  const taken = await takeLease(hosts, sessions, holder, {
    nonce: newNonce(),
    continues: [],
    isGone,
    waitSeconds: 0,
    onWait: () => undefined,
    clock: io.clock,
  })
  if ('blocked' in taken)
    throw new Quit(
      'locked',
      `${standingLine(taken.blocked)}\nnothing was frozen`,
      'wait for its end, or break it',
    )
  io.out(`${hosts.length} hosts are frozen: ${reason ?? ''}\n`)
  return exits.ok
}

/** `release` ends what is frozen; `break` also what is held, whose holder then can begin nothing more. */
async function end(
  what: 'release' | 'break',
  seen: readonly Standing[],
  reason: string | undefined,
  sessions: Sessions,
  io: Io,
): Promise<void> {
  const chosen = seen.filter(one => one.state === 'frozen' || (what === 'break' && one.state !== 'free'))
  const other = seen.find(one => one.state !== 'free' && !chosen.includes(one))
  if (other)
    throw new Quit(
      'locked',
      `${standingLine(other)}\nonly what is frozen is released`,
      'runbook lock break FILE --reason ends it by force',
    )
  const { who, from } = self(io.env)
  const at = new Date(Date.now()).toISOString()
  const why = reason === undefined ? {} : { reason }
  const how: Ending = { how: what === 'break' ? 'broken' : 'released', at, who, ...why }
  for (const one of chosen) {
    const { host, holder } = one
    const run = holder?.run ?? ''
    const audit = { at, who, from, did: what === 'break' ? 'broke' : 'released', run, ...why }
    if (one.state === 'frozen' || holder === undefined) {
      await endLease(one, sessions, how, audit)
      continue
    }
    // Ours takes its place, so that its holder can begin nothing more, and ends at once.
    const taken = await takeLease(
      [host],
      sessions,
      { ...holder, ...self(io.env), since: at, ...why },
      {
        nonce: newNonce(),
        continues: [run],
        isGone: () => true,
        waitSeconds: 0,
        onWait: () => undefined,
        clock: io.clock,
      },
    )
    if ('blocked' in taken) throw new Quit('locked', standingLine(taken.blocked), 'look again')
    await taken.lease.end(how, audit)
  }
  io.out(`${chosen.length} hosts are free again\n`)
}
