import { strideByStride, type Window } from '../hosts/ahead.ts'
import { type Connect, type Session, Unreachable } from '../hosts/session.ts'

export const faultKinds = ['refused', 'reply-lost', 'exit-1', 'killed-before', 'killed-after'] as const
/** What goes wrong with the nth call (counted from 0 over all hosts: probe batches, execs and writes alike). */
export interface Fault {
  readonly at: number
  readonly kind: (typeof faultKinds)[number]
}

/** The controller is gone: nothing after this happens in this process. */
export class Killed extends Error {
  override readonly name = 'Killed'
}

/** Counts calls, so that a sweep knows how many there are. */
export interface Calls {
  count: number
  /** Which of them were probes: they change nothing on a host. */
  readonly probes: Set<number>
  /** Set when the controller was killed. */
  dead: boolean
}

const untold: Window['tale'] = {
  already: () => undefined,
  begun: () => undefined,
  line: () => undefined,
  ended: () => undefined,
  done: () => undefined,
}

/** Spoils the nth call. Knows nothing of what the call is for. */
export function withFault(connect: Connect, calls: Calls, fault?: Fault): Connect {
  const spoil = async <T>(host: string, call: () => Promise<T>, failed: T, probe = false): Promise<T> => {
    if (calls.dead) throw new Killed()
    if (probe) calls.probes.add(calls.count)
    const mine = calls.count++ === fault?.at ? fault.kind : undefined
    const lost = (): Unreachable =>
      new Unreachable(
        host,
        'lost',
        `the connection to ${host} was lost`,
        'resume when the host answers again',
      )
    switch (mine) {
      case undefined:
        return call()
      case 'refused':
        throw lost()
      case 'reply-lost':
        await call()
        throw lost()
      case 'exit-1':
        return failed
      case 'killed-before':
        calls.dead = true
        throw new Killed()
      case 'killed-after':
        // The host goes on with what it was given; only the controller is dead.
        void call().catch(() => undefined)
        calls.dead = true
        throw new Killed()
    }
  }
  return async host => {
    const session = await connect(host)
    const failed = { code: 1, stdout: '', stderr: 'injected failure' }
    /** @param isAlone not within a window, where a look that is lost is one thing and its lost answer another: the host goes on */
    const spoilt = (isAlone: boolean): Session => ({
      probe: (lines, options) =>
        spoil(
          host.name,
          () => session.probe(lines, options),
          lines.map(() => failed),
          isAlone,
        ),
      exec: (line, options) => spoil(host.name, () => session.exec(line, options), failed),
      write: (path, content, mode) => spoil(host.name, () => session.write(path, content, mode), failed),
      ...(session.read !== undefined && {
        read: (path: string, from: number, blocks: number) =>
          spoil(host.name, async () => session.read?.(path, from, blocks), undefined, isAlone),
      }),
      ...(session.take !== undefined && {
        take: (path: string, from: number, bytes: Uint8Array, mode: string) =>
          spoil(host.name, async () => (await session.take?.(path, from, bytes, mode)) ?? failed, failed),
      }),
      ...(session.ahead !== undefined && { ahead }),
      close: () => session.close(),
    })
    /** Each look and each deed in a window is a call of its own. */
    async function ahead(window: Window): Promise<Awaited<ReturnType<typeof strideByStride>>> {
      let over = 0
      const tale = {
        ...window.tale,
        already(stride, seen, lost) {
          over = stride + 1
          window.tale.already(stride, seen, lost)
        },
        done(stride, seen) {
          over = stride + 1
          window.tale.done(stride, seen)
        },
      } satisfies Window['tale']
      try {
        return await strideByStride(spoilt(false), { ...window, tale })
      } catch (error) {
        // Where only the answer was lost, the host may have gone on to the end of the window.
        if (fault?.kind === 'reply-lost' || fault?.kind === 'killed-after')
          await strideByStride(session, { strides: window.strides.slice(over), tale: untold }).catch(
            () => undefined,
          )
        throw error
      }
    }
    return spoilt(true)
  }
}

/**
 * The fault that this one cannot be told from: nothing happens on a host when a probe reaches it, so it makes no difference
 * whether it was lost on its way there or on its way back.
 */
export function sameAs(fault: Fault, calls: Pick<Calls, 'probes'>): Fault {
  if (!calls.probes.has(fault.at)) return fault
  if (fault.kind === 'reply-lost') return { at: fault.at, kind: 'refused' }
  return fault.kind === 'killed-after' ? { at: fault.at, kind: 'killed-before' } : fault
}
