import type { Window } from '../hosts/ahead.ts'
import type { Fence } from '../hosts/custody.ts'
import { Unreachable } from '../hosts/session.ts'
import type { HostName } from '../plan/step.ts'
import { act, type Ending, type Holder, said, standing, type Standing, standings } from './standing.ts'
import type { Clock, Sessions } from './world.ts'

/** Leases on all hosts of a run. */
export interface Lease {
  readonly fences: ReadonlyMap<HostName, Fence>
  /** Hosts whose lease came to us from an earlier part of the same run, with nobody and no restart in between. */
  readonly continued: ReadonlySet<HostName>
  /** Tells every host that we live. Answers the host that is no longer ours; a host that cannot be reached is no answer. */
  beat(): Promise<HostName | undefined>
  /** Ends all of them; answers the hosts that could not be told, where the lease goes stale by itself. */
  end(how: Ending, audit: object): Promise<readonly HostName[]>
}

export interface TakeOptions {
  readonly nonce: string
  /** Runs that we go on with or wind up: their interrupted leases are ours to take. */
  readonly continues: readonly string[]
  /** True when this holder's process is known to be no more. */
  readonly isGone: (holder: Holder) => boolean
  /** For so long a lease that others hold is waited for. */
  readonly waitSeconds: number
  readonly onWait: (blocked: Standing) => void
  readonly clock: Clock
  readonly signal?: AbortSignal
}

export type Taken = { readonly lease: Lease } | { readonly blocked: Standing }

const RETRY_MS = 2_000
/** Well below the age at which hosts forget jobs. */
const REMEMBERED_SECONDS = 30 * 86_400

/**
 * Takes the lease on every host, in sorted order, all or none.
 * Sorted, because then of several that reach for overlapping hosts at least one gets all of its own.
 * @throws Unreachable, after giving back what was taken
 */
export async function takeLease(
  hosts: readonly HostName[],
  sessions: Sessions,
  holder: Holder,
  options: TakeOptions,
): Promise<Taken> {
  const { clock, waitSeconds, onWait, signal } = options
  const untilMs = clock.now() + waitSeconds * 1000
  for (;;) {
    const taken = await takeOnce([...hosts].sort(), sessions, holder, options)
    if ('lease' in taken) return taken
    const { state } = taken.blocked
    if (state === 'interrupted' || clock.now() >= untilMs || signal?.aborted === true) return taken
    onWait(taken.blocked)
    await clock.sleep(Math.max(0, Math.min(RETRY_MS, untilMs - clock.now())))
  }
}

async function takeOnce(
  hosts: readonly HostName[],
  sessions: Sessions,
  holder: Holder,
  options: TakeOptions,
): Promise<Taken> {
  const looks = await standings(hosts, sessions)
  const [lost] = looks.unreachable
  if (lost) throw lost
  const blocked = looks.seen.find(one => !mayTake(one, options))
  if (blocked) return { blocked }
  const fences = new Map<HostName, Fence>()
  const continued = new Set<HostName>()
  const record = JSON.stringify(holder)
  const audit = JSON.stringify({
    at: holder.since,
    ...said(holder),
    did: holder.state === 'frozen' ? 'froze' : 'began',
  })
  const back = async (): Promise<void> => {
    const how: Ending = { how: 'released', at: holder.since, who: holder.who }
    await leaseOn(fences, continued, sessions).end(how, {
      at: holder.since,
      ...said(holder),
      did: 'stepped back',
    })
  }
  try {
    for (const { host, epoch, state, holder: before, ageSeconds } of looks.seen) {
      const { nonce } = options
      const seen = await act(host, sessions, {
        verb: 'take',
        nonce,
        record,
        audit,
        ...(epoch > 0 && { over: epoch }),
      })
      if (seen.trouble !== undefined)
        throw new Unreachable(
          host,
          'lost',
          `${host} cannot note who holds it: ${seen.trouble}`,
          'Look at the disk of this host (full, read-only?).',
        )
      if (seen.nonce !== nonce || seen.ended !== undefined) {
        await back()
        return { blocked: standing(host, seen) }
      }
      fences.set(host, { epoch: seen.epoch, nonce })
      const sameRun = before?.run === holder.run && state !== 'free'
      if (sameRun && seen.epoch === epoch + 1 && ageSeconds !== undefined && ageSeconds < REMEMBERED_SECONDS)
        continued.add(host)
    }
  } catch (error) {
    await back()
    throw error
  }
  return { lease: leaseOn(fences, continued, sessions) }
}

function mayTake({ state, holder }: Standing, { continues, isGone }: TakeOptions): boolean {
  if (state === 'free') return true
  if (holder === undefined || state === 'frozen' || !continues.includes(holder.run)) return false
  return state === 'interrupted' || isGone(holder)
}

function leaseOn(
  fences: ReadonlyMap<HostName, Fence>,
  continued: ReadonlySet<HostName>,
  sessions: Sessions,
): Lease {
  const beating = new Set<HostName>()
  return {
    fences,
    continued,
    async beat() {
      const lost = await Promise.all(
        [...fences].map(async ([host, { epoch, nonce }]) => {
          // A host that is slow to answer is not asked again before it has.
          if (beating.has(host)) return undefined
          beating.add(host)
          try {
            const seen = await act(host, sessions, { verb: 'beat', epoch })
            return seen.epoch !== epoch || seen.nonce !== nonce || seen.ended !== undefined ? host : undefined
          } catch (error) {
            if (error instanceof Unreachable) return undefined
            throw error
          } finally {
            beating.delete(host)
          }
        }),
      )
      return lost.find(host => host !== undefined)
    },
    async end(how, audit) {
      const record = JSON.stringify(how)
      const untold = await Promise.all(
        [...fences].map(async ([host, { epoch }]) => {
          try {
            const line = JSON.stringify(audit)
            const seen = await act(host, sessions, { verb: 'end', epoch, record, audit: line })
            return seen.trouble === undefined ? [] : [host]
          } catch (error) {
            if (error instanceof Unreachable) return [host]
            throw error
          }
        }),
      )
      return untold.flat()
    },
  }
}

/** Ends whatever lease a host has, whoever holds it. */
export async function endLease(
  { host, epoch }: Standing,
  sessions: Sessions,
  how: Ending,
  audit: object,
): Promise<void> {
  await act(host, sessions, { verb: 'end', epoch, record: JSON.stringify(how), audit: JSON.stringify(audit) })
}

/**
 * The same sessions, whose effects begin only while the lease is ours.
 *
 * Where an earlier part of this run held the host until we came, a job that the host does not know was never begun there: what
 * it keeps of jobs lies beside that lease, and what was still on its way is fenced off. So such a job is begun, under its old
 * name, where otherwise nobody could say.
 */
export function fenced(
  sessions: Sessions,
  { fences, continued }: Pick<Lease, 'fences' | 'continued'>,
): Sessions {
  return {
    async to(name) {
      const session = await sessions.to(name)
      const fence = fences.get(name)
      if (fence === undefined) return session
      return {
        ...session,
        exec(line, { attachOnly, ...options }) {
          const only = attachOnly === true && !continued.has(name)
          return session.exec(line, { ...options, fence, ...(only && { attachOnly }) })
        },
        write: (path, content, mode) => session.write(path, content, mode, fence),
        ...(session.ahead !== undefined && {
          ahead: (window: Window) => session.ahead?.({ ...window, fence }) ?? Promise.resolve(undefined),
        }),
        ...(session.take && {
          take: (path: string, from: number, bytes: Uint8Array, mode: string) =>
            session.take?.(path, from, bytes, mode, fence) ?? Promise.reject(new Error('it takes no files')),
        }),
      }
    },
    closeAll: () => sessions.closeAll(),
  }
}
