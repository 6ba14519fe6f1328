import type { Connection } from './connection.ts'
import { TurnedAway } from './refusal.ts'
import { type Pool, shellPool } from './pool.ts'
import { Unreachable } from './session.ts'
import { ShellLost, type Shell } from './shell.ts'

/** A connection that is made again when it was lost. */
export interface Link {
  /** The connection in use, made now if there is none. @throws Unreachable */
  connection(): Promise<Connection>
  /**
   * Runs the task with a shell of its own. When the shell is lost, runs it again with another, on a new connection if need be, so
   * the task must be one that may be repeated. A task that came further before the loss says so by `progress()`.
   * @throws Unreachable
   */
  use<T>(task: (shell: Shell, pool: Pool, progress: () => void) => Promise<T>): Promise<T>
  close(): void | Promise<void>
}

/** Losses in a row without any progress that a request outlives, however short the time. */
const LOSSES = 5
/** Tries of a first connection that the server turned away (MaxStartups drops at random). */
const FIRST_TRIES = 6

/**
 * @param connect makes one connection; rejects with Unreachable
 * @param refused what a host that starts no shell means, from what it said
 */
export function createLink(
  name: string,
  connect: () => Promise<Connection>,
  options: { readonly reconnectSeconds: number; readonly refused: (said: string) => Unreachable },
): Link {
  let current: { readonly connection: Connection; readonly pool: Pool } | undefined
  let connecting: Promise<{ readonly connection: Connection; readonly pool: Pool }> | undefined
  let before = false
  let closed = false

  const fresh = async (): Promise<{ readonly connection: Connection; readonly pool: Pool }> => {
    const until = performance.now() + options.reconnectSeconds * 1000
    for (let tries = 1; ; tries++) {
      try {
        const connection = await connect()
        before = true
        current = { connection, pool: shellPool(() => connection.shell()) }
        if (closed) await current.connection.close()
        return current
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        const passing =
          error instanceof TurnedAway ||
          (before && (error.reason === 'connect' || error.reason === 'timeout'))
        if (!passing || closed || performance.now() > until || (!before && tries >= FIRST_TRIES)) {
          if (!before || error.reason === 'hostkey' || error.reason === 'auth') throw error
          throw new Unreachable(
            name,
            'lost',
            `the connection to ${name} was lost and could not be made again within ${String(options.reconnectSeconds)} s: ${error.message}`,
            'What was running there goes on by itself. When the host can be reached again, resume: it is picked up where it is.',
          )
        }
        await pause(Math.min(5000, 100 * 2 ** tries))
      }
    }
  }

  const get = (): Promise<{ readonly connection: Connection; readonly pool: Pool }> => {
    if (closed)
      return Promise.reject(
        new Unreachable(name, 'lost', `the session with ${name} was closed`, 'Connect again.'),
      )
    if (current !== undefined && !current.connection.closed()) return Promise.resolve(current)
    connecting ??= fresh().finally(() => {
      connecting = undefined
    })
    return connecting
  }

  return {
    connection: async () => (await get()).connection,
    async use(task) {
      let losses = 0
      let since = performance.now()
      for (;;) {
        const { connection, pool } = await get()
        try {
          return await pool.use(shell =>
            task(shell, pool, () => {
              losses = 0
              since = performance.now()
            }),
          )
        } catch (error) {
          if (!(error instanceof ShellLost)) throw error
          losses += 1
          if (!error.greeted && !connection.closed() && losses > 1) throw options.refused(error.noise)
          if (losses > LOSSES && performance.now() - since > options.reconnectSeconds * 1000) {
            throw new Unreachable(
              name,
              'lost',
              `${name}: the connection was lost ${String(losses)} times in a row`,
              'Look at the network to this host, then resume.',
            )
          }
          await pause(Math.min(2000, 50 * 2 ** losses))
        }
      }
    },
    close() {
      closed = true
      current?.pool.close()
      return current?.connection.close()
    },
  }
}

/** Half of the time at least, the rest by chance, so that many do not come back at one moment. */
function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms * (0.5 + Math.random() / 2)))
}
