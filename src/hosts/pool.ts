import { type Shell, ShellLost } from './shell.ts'

/** The server has no room for a further channel on this connection (sshd's MaxSessions). */
export class NoRoom extends Error {
  override readonly name = 'NoRoom'
}

export interface Pool {
  /** Runs the task with a shell of its own; waits its turn when all are busy. @throws ShellLost, and what `open` rejects with */
  use<T>(task: (shell: Shell) => Promise<T>): Promise<T>
  /** How many shells this connection can have, as far as is known. */
  limit(): number
  close(): void
}

interface Waiter {
  readonly give: (shell: Shell) => void
  readonly refuse: (error: Error) => void
}

/** sshd allows 10 sessions on a connection and counts one that is just closing for a while. */
export const MOST_SHELLS = 8

/**
 * At most `most` shells on one connection, opened when all others are busy and kept open. Where the server has room for fewer,
 * the pool shrinks to what it got.
 * @param open opens one shell; rejects with NoRoom when the server refuses the channel
 */
export function shellPool(open: () => Promise<Shell>, most = MOST_SHELLS): Pool {
  const idle: Shell[] = []
  const all = new Set<Shell>()
  const waiters: Waiter[] = []
  let opening = 0
  let limit = most

  const serve = (): void => {
    while (waiters.length > 0) {
      const shell = idle.pop()
      if (shell === undefined) break
      if (shell.closed()) all.delete(shell)
      else waiters.shift()?.give(shell)
    }
    for (const shell of all) if (shell.closed()) all.delete(shell)
    while (waiters.length > opening && all.size + opening < limit) {
      opening += 1
      open().then(
        shell => {
          opening -= 1
          all.add(shell)
          idle.push(shell)
          serve()
        },
        (error: unknown) => {
          opening -= 1
          if (error instanceof NoRoom && all.size + opening > 0) limit = Math.max(1, all.size + opening)
          else {
            const why = error instanceof NoRoom ? new ShellLost(false, error.message) : error
            waiters.shift()?.refuse(why instanceof Error ? why : new Error(String(why)))
          }
          serve()
        },
      )
    }
  }

  return {
    async use(task) {
      const shell = await new Promise<Shell>((give, refuse) => {
        waiters.push({ give, refuse })
        serve()
      })
      try {
        return await task(shell)
      } finally {
        if (shell.closed()) all.delete(shell)
        else idle.push(shell)
        serve()
      }
    },
    limit: () => limit,
    close() {
      for (const shell of all) shell.close()
      for (const waiter of waiters.splice(0)) waiter.refuse(new ShellLost(true, ''))
    },
  }
}
