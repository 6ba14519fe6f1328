import type { Connect, Session } from './session.ts'

/** A command that changes something was asked of a session that may only look. A fault of ours, never of the user. */
export class ReadOnly extends Error {
  override readonly name = 'ReadOnly'
}

/** The same hosts, only to look at: `exec` and `write` throw before anything is sent. For plan, status and dry runs. */
export function readonly(connect: Connect): Connect {
  return async host => {
    const session = await connect(host)
    const refuse = (what: string): never => {
      throw new ReadOnly(
        `${what} on ${host.name} in a session that may only look; this is a fault in runbook`,
      )
    }
    return {
      probe: (lines, options) => session.probe(lines, options),
      exec: line => Promise.resolve().then(() => refuse(`"${line.argv[0] ?? ''}"`)),
      write: path => Promise.resolve().then(() => refuse(`writing ${path}`)),
      ...(session.audit && { audit: (lines: number) => session.audit?.(lines) ?? Promise.resolve('') }),
      ...(session.hostKey !== undefined && {
        hostKey: () => session.hostKey?.() ?? Promise.resolve(undefined),
      }),
      close: () => session.close(),
    } satisfies Session
  }
}
