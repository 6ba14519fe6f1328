import net from 'node:net'
import type { Duplex } from 'node:stream'
import { randomBytes } from 'node:crypto'
import type ssh2 from 'ssh2'
import type { Host } from '../plan/step.ts'
import { attemptsFor, authSequence } from './auth.ts'
import type { SshOptions } from './options.ts'
import { NoRoom } from './pool.ts'
import { Unreachable } from './session.ts'
import { type Shell, ShellLost, openShell } from './shell.ts'
import { becomeRoot, bootCommand } from './sudo.ts'
import type { Distrust, Trust } from './trust.ts'

/** One authenticated SSH connection. */
export interface Connection {
  /** @throws NoRoom, ShellLost or Unreachable ('sudo') */
  shell(): Promise<Shell>
  /** A stream to somewhere as the host sees it (for a jump). */
  forward(address: string, port: number): Promise<Duplex>
  readonly closed: () => boolean
  /** Drops the connection without ceremony: an orderly end costs a round trip. */
  close(): void
}

/** Without SHA-1, CBC, and DH groups below 2048 bits, all of which ssh2 still offers by itself. */
const ALGORITHMS = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  serverHostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
} as const satisfies ssh2.Algorithms

/** The server hung up before it said a word: sshd's MaxStartups does that at random. Safe to try again. */
export class TurnedAway extends Unreachable {}

/**
 * Connects and logs in. The first shell's channel is opened in the very event of the login, before ssh2 spends a round trip on
 * the server's further host keys.
 * @param through the stream to use in place of a TCP connection (a jump)
 * @throws Unreachable
 */
export async function connectOnce(
  host: Host,
  options: SshOptions,
  context: { readonly trust: Trust; readonly home: string; readonly through?: Duplex },
): Promise<Connection> {
  const { default: lib } = await import('ssh2')
  const { attempts, unusable } = await attemptsFor(host, options, context.home, lib)
  const password = typeof host.sudo === 'object' ? await options.secret(host.sudo.secret) : undefined
  const address = host.address.replace(/^\[(.*)\]$/, '$1')
  const where = `${host.name} (${host.user}@${address}:${String(host.port)})`
  const limitMs = options.connectTimeoutSeconds * 1000
  const auth = authSequence(attempts)
  const onFile = context.trust.algorithms(address, host.port)
  const serverHostKey = [...ALGORITHMS.serverHostKey].sort((a, b) => place(onFile, a) - place(onFile, b))

  return new Promise((resolve, reject) => {
    const client = new lib.Client()
    const socket = context.through ?? (options.dial ?? dial)(address, host.port)
    let phase: 'connect' | 'banner' | 'auth' | 'ready' = context.through === undefined ? 'connect' : 'banner'
    let distrust: Distrust | undefined
    let timer = setTimeout(late, limitMs)
    let closed = false

    function fail(error: Unreachable): void {
      clearTimeout(timer)
      reject(error)
      client.destroy()
      socket.destroy()
    }
    function next(to: typeof phase): void {
      phase = to
      clearTimeout(timer)
      if (to !== 'ready') timer = setTimeout(late, limitMs)
    }
    function late(): void {
      const after = `within ${String(options.connectTimeoutSeconds)} s`
      if (phase === 'connect')
        fail(new Unreachable(host.name, 'timeout', `${where}: no TCP connection ${after}`, HELP.connect))
      else if (phase === 'banner') {
        fail(
          new Unreachable(
            host.name,
            'timeout',
            `${where}: connected, but the SSH server did not finish its greeting ${after}`,
            HELP.banner,
          ),
        )
      } else
        fail(
          new Unreachable(host.name, 'timeout', `${where}: the login did not end ${after}`, HELP.slowLogin),
        )
    }

    if (phase === 'connect') {
      socket.once('connect', () => {
        next('banner')
      })
    }
    client.on('handshake', () => {
      if (phase === 'banner') next('auth')
    })
    client.on('error', error => {
      if (error.level === 'agent' || phase === 'ready') return
      fail(explain(error))
    })
    client.on('close', () => {
      closed = true
      if (phase !== 'ready') fail(explain(new Error('the server closed the connection')))
    })
    client.on('ready', () => {
      next('ready')
      let first: Promise<Shell> | undefined = openChannel()
      first.catch(() => undefined)
      resolve({
        shell() {
          const shell = first ?? openChannel()
          first = undefined
          return shell
        },
        forward: (to, port) =>
          new Promise((give, refuse) => {
            client.forwardOut('127.0.0.1', 0, to, port, (error, stream) => {
              if (error === undefined) give(stream)
              else refuse(error)
            })
          }),
        closed: () => closed,
        close() {
          closed = true
          client.destroy()
          socket.destroy()
        },
      })
    })

    function openChannel(): Promise<Shell> {
      return new Promise((give, refuse) => {
        if (closed) {
          refuse(new ShellLost(false, ''))
          return
        }
        const onClose = (): void => {
          refuse(new ShellLost(false, ''))
        }
        client.once('close', onClose)
        // On a connection that has just gone `exec` throws.
        const open = (run: () => void): void => {
          try {
            run()
          } catch {
            onClose()
          }
        }
        open(() =>
          client.exec(bootCommand(host.sudo), (error, channel) => {
            client.removeListener('close', onClose)
            if (error !== undefined) {
              const reason = (error as { reason?: unknown }).reason
              refuse(
                typeof reason === 'number' ? new NoRoom(error.message) : new ShellLost(false, error.message),
              )
              return
            }
            becomeRoot(host, channel, password).then(
              () => {
                give(openShell(channel, randomBytes(16).toString('hex')))
              },
              (why: unknown) => {
                channel.destroy()
                refuse(why instanceof Error ? why : new Error(String(why)))
              },
            )
          }),
        )
      })
    }

    function explain(error: Error & { level?: string; code?: string | number }): Unreachable {
      if (distrust !== undefined)
        return new Unreachable(host.name, 'hostkey', `${where}: ${distrust.message}`, distrust.help)
      if (
        error.level === 'client-authentication' ||
        (phase === 'auth' && /authentication/i.test(error.message))
      ) {
        const tried =
          auth.tried.length === 0 ? 'there was nothing to log in with' : `tried ${auth.tried.join(', ')}`
        const offered = auth.offered().length === 0 ? '' : `; the server takes ${auth.offered().join(', ')}`
        const notes = unusable.length === 0 ? '' : `; not usable: ${unusable.join('; ')}`
        const why = error.level === 'client-authentication' ? '' : ` (${error.message})`
        return new Unreachable(
          host.name,
          'auth',
          `${where}: the login was refused${why}: ${tried}${offered}${notes}`,
          HELP.auth,
        )
      }
      if (phase === 'connect') {
        return new Unreachable(
          host.name,
          'connect',
          `${where}: no connection: ${CONNECT_ERRORS[String(error.code)] ?? error.message}`,
          HELP.connect,
        )
      }
      if (phase === 'auth') {
        return new Unreachable(
          host.name,
          'connect',
          `${where}: the connection broke during the login: ${error.message}`,
          HELP.brokenLogin,
        )
      }
      if (/before handshake/.test(error.message) || error.code === 'ECONNRESET') {
        return new TurnedAway(
          host.name,
          'connect',
          `${where}: the server hung up before its greeting`,
          HELP.turnedAway,
        )
      }
      return new Unreachable(
        host.name,
        'connect',
        `${where}: no SSH connection: ${error.message}`,
        HELP.banner,
      )
    }

    client.connect({
      sock: socket,
      username: host.user,
      readyTimeout: 0,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
      algorithms: { ...mutable(ALGORITHMS), serverHostKey },
      hostVerifier: (key: Buffer) => {
        distrust = context.trust.check(address, host.port, key)
        return distrust === undefined
      },
      authHandler: auth.handler,
    })
  })
}

function dial(address: string, port: number): net.Socket {
  return net.connect({ host: address, port, noDelay: true })
}

function place(onFile: readonly string[], algorithm: string): number {
  const at = onFile.indexOf(algorithm)
  return at === -1 ? onFile.length : at
}

function mutable(lists: typeof ALGORITHMS): ssh2.Algorithms {
  return { kex: [...lists.kex], cipher: [...lists.cipher], hmac: [...lists.hmac] }
}

const CONNECT_ERRORS: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to its network',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
  ETIMEDOUT: 'no answer',
}

const HELP = {
  connect:
    'Check the address and port in the playbook, that the host is up, and that no firewall is in between.',
  banner:
    'Check that an SSH server listens on this port (it may be hung or out of memory), and that it takes modern algorithms.',
  slowLogin: "Check the host's name service and PAM; a login that waits for DNS is the usual cause.",
  brokenLogin:
    "Try again. If it stays so, the server's log says why it hung up (an account that is locked, a login that crashes).",
  turnedAway:
    'The SSH server limits how many may log in at once (MaxStartups), or its log says why it hung up. Try again.',
  auth: 'Check user and identityFile in the playbook, and ~/.ssh/authorized_keys on the host.',
}
