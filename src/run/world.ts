import type { Connect, Session } from '../hosts/session.ts'
import type { Fact } from '../plan/fact.ts'
import type { Digest, Host, HostName, Json, Store } from '../plan/step.ts'
import type { Depot } from './depot.ts'
import type { Redact } from './redact.ts'

/** Time as the run sees it; virtual on the twin. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  sleep(ms: number): Promise<void>
}

/** Everything a run needs of the outside, handed in. */
export interface World {
  readonly hosts: { readonly [name: HostName]: Host }
  readonly connect: Connect
  readonly facts: ReadonlyMap<string, Fact>
  /** @throws Error that names the reference when it cannot be resolved */
  readonly secret: (reference: string) => string
  /** The pinned file's text. @throws Error when it is gone or its digest is another */
  readonly file: (file: string, sha256: Digest) => string
  readonly ask: (question: string, answer: Json) => Promise<{ readonly by: string; readonly answer: Json }>
  readonly clock: Clock
  readonly redact: Redact
  /** Opens a store. Absent: this world has none, and an op that needs one fails. @throws DepotError when it cannot be used at all */
  readonly depot?: (store: Store, sessions: Sessions) => Depot
}

/** One session a host, made when first needed and used for the whole run. */
export interface Sessions {
  /** @throws Unreachable */
  to(host: HostName): Promise<Session>
  closeAll(): Promise<void>
}

export function openSessions(hosts: World['hosts'], connect: Connect): Sessions {
  const open = new Map<HostName, Promise<Session>>()
  return {
    to(name) {
      const known = open.get(name)
      if (known) return known
      const host = hosts[name]
      if (!host) throw new Error(`no host is called ${name}`)
      const session = connect(host)
      open.set(name, session)
      // A host that could not be reached may be tried again later.
      session.catch(() => open.delete(name))
      return session
    },
    async closeAll() {
      await Promise.allSettled([...open.values()].map(async session => (await session).close()))
      open.clear()
    },
  }
}
