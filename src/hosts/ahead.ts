import type { Exit } from '../plan/fact.ts'
import { judge, type Telling, type Told } from '../plan/telling.ts'
import type { Fence } from './custody.ts'
import type { Line, Session } from './session.ts'

/** A question whose answer the host itself can judge. */
export interface Look {
  readonly line: Line
  readonly telling: Telling
}

/** An effect that takes a few seconds at most. A command has a name, as every job has: the same name never starts twice. */
export type Deed =
  | { readonly exec: Line; readonly job: string; readonly timeoutSeconds: number }
  | { readonly write: string; readonly content: Uint8Array; readonly mode: string }

/** One step of a window. Where all of `needs` hold and some of `goal` does not, the deeds are done and the goal is looked at again. */
export interface Stride {
  readonly needs: readonly Look[]
  readonly goal: readonly Look[]
  readonly deeds: readonly Deed[]
}

/**
 * What a host tells of the strides, in their order. `seen` are the newest answers to the goal's looks.
 * - already: the goal held and nothing was done. `lost`: a part of the window may have been done under a line that was lost since, so
 *   it may be our doing all the same.
 * - begun, line, ended: the deeds.
 * - done: each deed ended with 0 and the goal holds.
 * What is not told of was not begun, once the window is over.
 */
export interface Tale {
  already(stride: number, seen: readonly Exit[], lost: boolean): void
  begun(stride: number): void
  line(stride: number, stream: 'out' | 'err', text: string): void
  ended(stride: number, deed: number, exit: Exit): void
  done(stride: number, seen: readonly Exit[]): void
}

/** Strides one after another, up to the first that does not come to its end. */
export interface Window {
  readonly strides: readonly Stride[]
  readonly fence?: Fence
  readonly tale: Tale
}

/** Where a window stopped: 'look' before any deed of that stride, 'deed' and 'goal' after one; 'unable': this host cannot do windows. */
export interface Halt {
  readonly stride: number
  readonly at: 'look' | 'deed' | 'goal' | 'unable'
  /** A part of the window went with a line that was lost: what is not told of may have begun. */
  readonly lost?: true
}

/** How long one look may take. Seconds. */
export const LOOK_SECONDS = 30

/**
 * What the functions of aheadPrelude.ts do on a real host, in the words of a session. The twin's hosts go by it.
 * @throws what the session throws: then the line was cut there, or the host is not ours any more
 */
export async function strideByStride(
  session: Pick<Session, 'probe' | 'exec' | 'write'>,
  { strides, fence, tale }: Window,
): Promise<Halt | undefined> {
  const look = async (
    looks: readonly Look[],
  ): Promise<{ readonly seen: readonly Exit[]; readonly told: readonly Told[] }> => {
    const seen = await session.probe(
      looks.map(({ line }) => line),
      { timeoutMs: LOOK_SECONDS * 1000 },
    )
    const told = looks.map(({ telling }, i) =>
      judge(telling, seen[i] ?? { code: undefined, stdout: '', stderr: '' }),
    )
    return { seen, told }
  }
  for (const [stride, { needs, goal, deeds }] of strides.entries()) {
    const before = await look([...needs, ...goal])
    const needed = before.told.slice(0, needs.length)
    const wanted = before.told.slice(needs.length)
    if (needed.some(told => told !== 'holds') || wanted.includes('unknown')) return { stride, at: 'look' }
    if (wanted.every(told => told === 'holds')) {
      tale.already(stride, before.seen.slice(needs.length), false)
      continue
    }
    tale.begun(stride)
    for (const [index, deed] of deeds.entries()) {
      const exit =
        'write' in deed
          ? await session.write(deed.write, deed.content, deed.mode, fence)
          : await session.exec(deed.exec, {
              job: deed.job,
              timeoutMs: deed.timeoutSeconds * 1000,
              onLine: (stream, text) => {
                tale.line(stride, stream, text)
              },
              ...(fence && { fence }),
            })
      tale.ended(stride, index, exit)
      if (exit.code !== 0 || exit.timedOut) return { stride, at: 'deed' }
    }
    const after = await look(goal)
    if (after.told.some(told => told !== 'holds')) return { stride, at: 'goal' }
    tale.done(stride, after.seen)
  }
  return undefined
}
