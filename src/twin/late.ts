import { type Connect, type Session, TIMED_OUT } from '../hosts/session.ts'
import type { Exit } from '../plan/fact.ts'
import type { Calls } from './faults.ts'

/** The nth call takes longer than it may. The host answers, and says so. */
export interface Late {
  readonly at: number
  readonly kind: 'timed-out'
}

const stopped: Exit = { code: TIMED_OUT, stdout: '', stderr: 'stopped at its time limit', timedOut: true }
const unanswered: Exit = { code: undefined, stdout: '', stderr: 'the question was not answered in time' }

/**
 * Has the nth call run into its time limit. A command that takes time is stopped half-way, as its model says; one that is done at once was
 * slow only in the telling, so its effect stays and yet it counts as stopped. A question is left unanswered. A file is put in place or
 * not, so there a time limit is a lost answer, which is another fault: it is not touched.
 */
export function withLate(connect: Connect, calls: Calls, late: Late): Connect {
  const isDue = (): boolean => calls.count++ === late.at
  return async host => {
    const session = await connect(host)
    const spoilt: Session = {
      async probe(lines, options) {
        calls.probes.add(calls.count)
        return isDue() ? lines.map(() => unanswered) : session.probe(lines, options)
      },
      async exec(line, options) {
        if (!isDue()) return session.exec(line, options)
        const exit = await session.exec(line, { ...options, timeoutMs: 1 })
        return exit.timedOut === true ? exit : stopped
      },
      write(...file) {
        calls.count += 1
        return session.write(...file)
      },
      ...(session.read && {
        read(...piece: Parameters<NonNullable<Session['read']>>) {
          calls.probes.add(calls.count)
          calls.count += 1
          return session.read?.(...piece) ?? Promise.resolve(undefined)
        },
      }),
      ...(session.take && {
        take(...piece: Parameters<NonNullable<Session['take']>>) {
          calls.count += 1
          return session.take?.(...piece) ?? Promise.resolve(stopped)
        },
      }),
      close: () => session.close(),
    }
    return spoilt
  }
}
