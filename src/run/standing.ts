import type { LeaseSeen } from '../hosts/custody.ts'
import { Unreachable } from '../hosts/session.ts'
import type { Digest, HostName } from '../plan/step.ts'
import type { Sessions } from './world.ts'

/** What the holder of a lease says of itself. Nothing in it is secret, and nothing in it is compared with another clock. */
export interface Holder {
  /** Of a frozen host: nobody shall change it, and no run does. */
  readonly state: 'held' | 'frozen'
  /** The run's id; '' when frozen. */
  readonly run: string
  readonly plan: Digest
  readonly name: string
  readonly who: string
  /** The machine the controller runs on. */
  readonly from: string
  /** Where to look at it, when a CI system runs it. */
  readonly ci?: string
  /** Tells the controller's process among all: the machine's boot and process table, and the process there. */
  readonly process: { readonly table: string; readonly pid: number }
  /** RFC 3339, by the holder's clock: to show, not to compare. */
  readonly since: string
  readonly reason?: string
  readonly ttlSeconds?: number
}

/** How a lease ended; stands beside it until the next one. */
export interface Ending {
  /** 'left': its run is not over, and nobody shall begin another one before it is. */
  readonly how: 'released' | 'left' | 'broken'
  readonly at: string
  readonly who: string
  readonly reason?: string
}

/** One host's lease as a controller sees it. */
export interface Standing {
  readonly host: HostName
  /** 'interrupted': its holder is gone and its run is not over. */
  readonly state: 'free' | 'held' | 'interrupted' | 'frozen'
  readonly holder?: Holder
  readonly epoch: number
  readonly ageSeconds?: number
}

/** A holder that gave no sign for so long, by the target's clock, is taken for gone. */
export const STALE_SECONDS = 90

/** What a lease means. Pure. @throws SyntaxError when it was written by something else than a runbook of ours */
export function standing(host: HostName, seen: LeaseSeen): Standing {
  const { epoch, ageSeconds } = seen
  if (epoch === 0) return { host, state: 'free', epoch }
  const holder = JSON.parse(seen.record) as Holder
  const base = { host, holder, epoch, ...(ageSeconds !== undefined && { ageSeconds }) }
  if (seen.ended !== undefined) {
    const left = (JSON.parse(seen.ended) as Ending).how === 'left'
    return { ...base, state: left ? 'interrupted' : 'free' }
  }
  if (holder.state === 'frozen') {
    const over = holder.ttlSeconds !== undefined && ageSeconds !== undefined && ageSeconds > holder.ttlSeconds
    return { ...base, state: over ? 'free' : 'frozen' }
  }
  return { ...base, state: ageSeconds === undefined || ageSeconds > STALE_SECONDS ? 'interrupted' : 'held' }
}

/** Reads what every host says, changing nothing. A host that cannot be asked is named. */
export async function standings(
  hosts: readonly HostName[],
  sessions: Sessions,
): Promise<{ readonly seen: readonly Standing[]; readonly unreachable: readonly Unreachable[] }> {
  const unreachable: Unreachable[] = []
  const seen = await Promise.all(
    hosts.map(async host => {
      try {
        return [standing(host, await act(host, sessions, { verb: 'look' }))]
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        unreachable.push(error)
        return []
      }
    }),
  )
  return { seen: seen.flat(), unreachable }
}

/** The members of a holder that an audit line has. */
export function said({ who, from, ci, run, plan, name, reason }: Holder): object {
  return {
    who,
    from,
    ...(ci !== undefined && { ci }),
    run,
    plan,
    name,
    ...(reason !== undefined && { reason }),
  }
}

type Act = Parameters<NonNullable<Awaited<ReturnType<Sessions['to']>>['lease']>>[0]

/** Asks one host something about its lease. @throws Unreachable */
export async function act(host: HostName, sessions: Sessions, what: Act): Promise<LeaseSeen> {
  const session = await sessions.to(host)
  if (session.lease === undefined) throw new Error(`the session with ${host} knows no leases`)
  return session.lease(what)
}
