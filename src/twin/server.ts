import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'
import type ssh2 from 'ssh2'
import type { Host, HostName } from '../plan/step.ts'
import type { Connect, Session } from '../hosts/session.ts'
import { bootCommand } from '../hosts/sudo.ts'
import { type Job, type ShellOptions, serveShell } from './shell.ts'

export interface ServeOptions extends ShellOptions {
  /** Channels at once on one connection, as sshd's MaxSessions. Default 10. */
  readonly maxSessions?: number
  /** Shown before the login. */
  readonly banner?: string
  /** The loopback address that a host is served on. Default 127.0.0.1 for all. */
  readonly address?: (host: HostName) => string
}

export interface Served {
  /** Port by host. */
  readonly ports: { readonly [name: HostName]: number }
  /** All hosts' keys in known_hosts form. */
  readonly knownHosts: string
  /** The private key that all hosts let in, in OpenSSH's form. */
  readonly clientKey: string
  /** The same host as it is reached here. */
  at(host: Host): Host
  /** Cuts all connections, or those of one host, as a broken line does. What runs goes on. */
  dropConnections(name?: HostName): void
  close(): Promise<void>
}

/**
 * Real SSH servers on loopback, one a host, in front of the sessions of a pretend estate. They let in one key, and no shell ever
 * runs: a channel must ask for the very command and prelude that hosts/ssh.ts sends, and messages are read as data. So what is
 * rehearsed is the real transport.
 */
export async function serveTwin(
  connect: Connect,
  hosts: readonly Host[],
  options: ServeOptions = {},
): Promise<Served> {
  const { default: lib } = await import('ssh2')
  const client = keyPair(lib)
  const allowed = parsed(lib, client.public)
  const ports: { [name: HostName]: number } = {}
  const listeners: Server[] = []
  const sockets = new Map<HostName, Set<Socket>>()
  let knownHosts = ''
  const addressOf = options.address ?? (() => '127.0.0.1')

  for (const host of hosts) {
    const key = keyPair(lib)
    const jobs = new Map<string, Job>()
    const open = new Set<Socket>()
    sockets.set(host.name, open)
    // One ssh2 server a connection: it never tells which socket a connection has, and we must be able to cut just that one.
    const listener = createServer({ noDelay: true }, socket => {
      open.add(socket)
      socket.on('close', () => open.delete(socket))
      const server = new lib.Server({
        hostKeys: [key.private],
        ...(options.banner === undefined ? {} : { banner: options.banner }),
      })
      server.on('error', () => undefined)
      server.on('connection', connection => {
        serveConnection(connection, host, connect(host), jobs, allowed, options, () => socket.destroy())
      })
      server.injectSocket(socket)
    })
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(0, addressOf(host.name), resolve)
    })
    const port = (listener.address() as AddressInfo).port
    ports[host.name] = port
    listeners.push(listener)
    const publicKey = parsed(lib, key.public)
    knownHosts += `[${addressOf(host.name)}]:${String(port)} ${publicKey.type} ${publicKey.getPublicSSH().toString('base64')}\n`
  }

  const dropConnections = (name?: HostName): void => {
    for (const [host, open] of sockets) {
      if (name !== undefined && name !== host) continue
      for (const socket of open) socket.destroy()
    }
  }
  return {
    ports,
    knownHosts,
    clientKey: client.private,
    at: ({ name, user, roles, sudo, site }) => ({
      name,
      address: addressOf(name),
      port: ports[name] ?? 0,
      user,
      roles,
      sudo,
      ...(site === undefined ? {} : { site }),
    }),
    dropConnections,
    async close() {
      dropConnections()
      await Promise.all(
        listeners.map(
          listener =>
            new Promise<void>(resolve =>
              listener.close(() => {
                resolve()
              }),
            ),
        ),
      )
    },
  }
}

/** Now and then ssh2 makes a key that it cannot read itself. */
function keyPair(lib: typeof ssh2): { readonly private: string; readonly public: string } {
  for (;;) {
    const made = lib.utils.generateKeyPairSync('ed25519')
    const both = [lib.utils.parseKey(made.public), lib.utils.parseKey(made.private)]
    if (!both.some(key => key instanceof Error)) return made
  }
}

function parsed(lib: typeof ssh2, key: string): ssh2.ParsedKey {
  const result = lib.utils.parseKey(key)
  if (result instanceof Error) throw result
  return result
}

function serveConnection(
  connection: ssh2.Connection,
  host: Host,
  session: Promise<Session>,
  jobs: Map<string, Job>,
  allowed: ssh2.ParsedKey,
  options: ServeOptions,
  drop: () => void,
): void {
  // A host that is down has no SSH server either.
  session.catch(drop)
  admit(connection, host, allowed)
  let sessions = 0
  connection.on('error', () => undefined)
  connection.on('session', (accept, reject) => {
    if (sessions >= (options.maxSessions ?? 10)) {
      reject()
      return
    }
    sessions += 1
    const channelSession = accept()
    channelSession.on('close', () => {
      sessions -= 1
    })
    channelSession.on('exec', (acceptExec, rejectExec, { command }) => {
      if (command === bootCommand(host.sudo)) serveShell(acceptExec(), host, session, jobs, options, drop)
      else rejectExec()
    })
  })
  connection.on('tcpip', (_accept, reject) => {
    reject()
  })
}

function admit(connection: ssh2.Connection, host: Host, allowed: ssh2.ParsedKey): void {
  connection.on('authentication', context => {
    if (context.method !== 'publickey' || context.username !== host.user) {
      context.reject(['publickey'])
      return
    }
    const right = context.key.data.equals(allowed.getPublicSSH())
    if (
      right &&
      (context.signature === undefined ||
        allowed.verify(context.blob ?? Buffer.alloc(0), context.signature, context.hashAlgo))
    ) {
      context.accept()
    } else context.reject(['publickey'])
  })
}
