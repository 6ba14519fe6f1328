import { afterEach } from 'vitest'
import type { SshOptions } from '../../src/hosts/options.ts'
import { type Session, Unreachable } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import type { Host } from '../../src/plan/step.ts'
import { type ServeOptions, type Served, serveTwin } from '../../src/twin/server.ts'
import { type Toy, toy } from './toySession.ts'

/** The pretended host behind real SSH, for the tests of one file; what they open is closed after each. */
export function twinServers(): {
  readonly open: { close(): Promise<void> }[]
  readonly serve: (host: Toy, options?: ServeOptions, as?: Host) => Promise<Served>
  readonly session: (served: Served, more?: Partial<SshOptions>, host?: Host) => Promise<Session>
} {
  const open: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.close()
  })
  return {
    open,
    async serve(host, options = {}, as = toy) {
      const served = await serveTwin(host.connect, [as], options)
      open.push(served)
      return served
    },
    async session(served, more = {}, host = toy) {
      const made = await connectSsh(optionsFor(served, more))(served.at(host))
      open.push(made)
      return made
    },
  }
}

export function optionsFor(served: Served, more: Partial<SshOptions> = {}): SshOptions {
  return {
    knownHostsFiles: [],
    knownHosts: served.knownHosts,
    hostKeys: 'strict',
    connectTimeoutSeconds: 5,
    reconnectSeconds: 2,
    host: () => undefined,
    secret: reference => reference.replace('env:', ''),
    privateKeys: [served.clientKey],
    ...more,
  }
}

/** How a promise was refused. @throws when it was not */
export async function failure(promise: Promise<unknown>): Promise<Unreachable> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof Unreachable)) throw error as Error
  return error
}
