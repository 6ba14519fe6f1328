import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { digest } from '../plan/canonical.ts'
import type { HostName, Plan } from '../plan/step.ts'
import { type Lease, takeLease } from '../run/lease.ts'
import { type Ending, type Holder, type Standing, STALE_SECONDS, standings, said } from '../run/standing.ts'
import type { Sessions } from '../run/world.ts'
import { clean } from '../views/clean.ts'
import { duration } from '../views/layout.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'

/** Who is at work here: person, machine, CI job, process. */
export type Self = Pick<Holder, 'who' | 'from' | 'ci' | 'process'>

export function self(env: NodeJS.ProcessEnv): Self {
  const ci = ciUrl(env)
  return {
    who: userInfo().username,
    from: hostname(),
    ...(ci !== undefined && { ci }),
    process: { table: processTable(), pid: process.pid },
  }
}

/** The page of the job that runs us, at the forges that say so. */
function ciUrl(env: NodeJS.ProcessEnv): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = env
  if (server !== undefined && repository !== undefined && id !== undefined)
    return `${server}/${repository}/actions/runs/${id}`
  return env['CI_JOB_URL'] ?? env['BUILD_URL'] ?? env['RUNBOOK_CI_URL']
}

/** Process numbers mean something only within one boot and one table of processes. '' where that cannot be told. */
function processTable(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return ''
  }
}

/** True only when the holder's process was here and is no more. */
export function isGone({ process: at }: Holder): boolean {
  if (at.table === '' || at.table !== processTable()) return false
  try {
    process.kill(at.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Hosts held for a run. */
export interface Held {
  readonly lease: Lease
  readonly holder: Holder
}

export interface HoldOptions {
  readonly run: string
  /** Runs whose interrupted leases are ours to take: our own, and one that we wind up. */
  readonly continues?: readonly string[]
  readonly lockTimeoutSeconds: number
  readonly io: Io
}

/** Takes the lease on all of these hosts. @throws Quit that shows the holder, after waiting as long as wanted */
export async function holdHosts(
  hosts: readonly HostName[],
  plan: Plan,
  sessions: Sessions,
  options: HoldOptions,
): Promise<Held> {
  const { run, io } = options
  const holder: Holder = {
    state: 'held',
    run,
    plan: digest(plan),
    name: plan.name,
    ...self(io.env),
    since: new Date(Date.now()).toISOString(),
  }
  let waits = false
  const taken = await takeLease(hosts, sessions, holder, {
    nonce: newNonce(),
    continues: [run, ...(options.continues ?? [])],
    isGone,
    waitSeconds: options.lockTimeoutSeconds,
    onWait(blocked) {
      if (!waits) io.err(`waiting for ${standingLine(blocked)}\n`)
      waits = true
    },
    clock: { now: () => Date.now(), sleep: ms => new Promise(resolve => setTimeout(resolve, ms)) },
  })
  if ('lease' in taken) return { lease: taken.lease, holder }
  throw locked(taken.blocked)
}

/**
 * What is seen while somebody else is at work may break any rule: then that is what to say.
 * @throws Quit 'locked' when a run that is not among `continues` holds one of the hosts
 */
export async function insistOnUnheld(
  hosts: readonly HostName[],
  sessions: Sessions,
  continues: readonly string[] = [],
): Promise<void> {
  const { seen } = await standings(hosts, sessions)
  const blocked = seen.find(({ state, holder }) => state !== 'free' && !continues.includes(holder?.run ?? ''))
  if (blocked) throw locked(blocked)
}

export function newNonce(): string {
  return randomBytes(16).toString('hex')
}

/** Gives the hosts back, with one line in the audit log of each. Hosts that cannot be told are named. */
export async function giveBack(
  { lease, holder }: Held,
  how: Ending['how'],
  result: string,
  io: Pick<Io, 'err'>,
): Promise<void> {
  const at = new Date(Date.now()).toISOString()
  const untold = await lease.end({ how, at, who: holder.who }, { at, ...said(holder), did: 'ended', result })
  if (untold.length > 0)
    io.err(
      `${untold.join(', ')} could not be told that this run is over; it counts as gone after ${STALE_SECONDS} s\n`,
    )
}

function locked(blocked: Standing): Quit {
  const { state, holder } = blocked
  const run = holder?.run ?? ''
  const help =
    state === 'interrupted'
      ? `that run is not over. One of: runbook resume ${run} | runbook resume --from-host ${blocked.host} FILE | runbook rollback ${run} | runbook abandon ${run}`
      : state === 'frozen'
        ? 'runbook lock release FILE ends it; ask who froze it first'
        : `wait with --lock-timeout 10m; a holder that is gone counts as such after ${STALE_SECONDS} s; runbook lock status FILE`
  return new Quit('locked', `${standingLine(blocked)}\nnothing was changed`, help)
}

/** Who holds a host, on one line. Its words come from a host, so they are cleaned. */
export function standingLine({ host, state, holder, ageSeconds }: Standing): string {
  if (state === 'free' || holder === undefined) return `${host}: free`
  const sign =
    state === 'frozen'
      ? ''
      : ageSeconds === undefined
        ? ', the host was started anew since'
        : `, last sign ${duration(ageSeconds)} ago`
  const what =
    state === 'frozen' ? 'frozen' : `${state} by run ${holder.run} of plan ${holder.plan.slice(0, 12)}`
  const ci = holder.ci === undefined ? '' : `, ${holder.ci}`
  const reason = holder.reason === undefined ? '' : `: ${holder.reason}`
  return clean(`${host}: ${what} by ${holder.who}@${holder.from} since ${holder.since}${ci}${sign}${reason}`)
}
