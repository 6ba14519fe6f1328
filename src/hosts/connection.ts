import net from 'node:net'
import type { Duplex } from 'node:stream'
import { randomBytes } from 'node:crypto'
import type { Host } from '../plan/step.ts'
import { algorithms } from './algorithms.ts'
import { type Attempts, attemptsFor, authSequence } from './auth.ts'
import type { SshOptions } from './options.ts'
import { fingerprint, keyType } from './known_hosts.ts'
import { checkPin } from './pins.ts'
import { NoRoom } from './pool.ts'
import type { Proxy } from './proxy.ts'
import { type Asked, type Phase, explain, tookTooLong } from './refusal.ts'
import { Unreachable } from './session.ts'
import { type Shell, ShellLost, openShell } from './shell.ts'
import { becomeRoot, bootCommand } from './sudo.ts'
import type { Distrust, Trust } from './trust.ts'
import type { Way } from './way.ts'

/** One authenticated SSH connection. */
export interface Connection {
  /** @throws NoRoom, ShellLost or Unreachable ('sudo') */
  shell(): Promise<Shell>
  /** A stream to somewhere as the host sees it (for a jump). */
  forward(address: string, port: number): Promise<Duplex>
  readonly closed: () => boolean
  /** Drops the connection without ceremony: an orderly end costs a round trip. */
  close(): void | Promise<void>
  /** The key that the host showed: 'ssh-ed25519 SHA256:…'. */
  readonly hostKey?: string
  /** A command that reaches %h:%p through it, where a program can (for a jump). */
  readonly proxyCommand?: string
}

/** What a connection is made with besides the host. */
export interface Means {
  readonly trust: Trust
  readonly home: string
  /** The stream to use in place of a TCP connection (a jump). */
  readonly through?: Duplex
  /** A program to use in place of a TCP connection. */
  readonly proxy?: Proxy
}

/**
 * Connects and logs in. Where that fails and encrypted keys were left out, the person is asked for their passphrases and it is
 * tried once more.
 * @param means called for each try: a stream can be used once
 * @throws Unreachable
 */
export async function connectOnce(
  host: Host,
  way: Way,
  options: SshOptions,
  means: () => Means | Promise<Means>,
): Promise<Connection> {
  const { default: lib } = await import('ssh2')
  const first = await means()
  const plain = await attemptsFor(host, way, options, first.home, lib, false)
  try {
    return await logIn(host, way, options, first, plain)
  } catch (error) {
    if (!(error instanceof Unreachable) || error.reason !== 'auth' || plain.locked === 0) throw error
    const unlocked = await attemptsFor(host, way, options, first.home, lib, true)
    return logIn(host, way, options, await means(), unlocked)
  }
}

/** The first shell's channel is opened in the very event of the login, before ssh2 spends a round trip on further host keys. */
async function logIn(
  host: Host,
  way: Way,
  options: SshOptions,
  { trust, through, proxy }: Means,
  { attempts, unusable }: Attempts,
): Promise<Connection> {
  const { default: lib } = await import('ssh2')
  const password = typeof host.sudo === 'object' ? await options.secret(host.sudo.secret) : undefined
  const where = `${host.name} (${way.user}@${way.address}:${String(way.port)})`
  const auth = authSequence(attempts)
  const offered = keyAlgorithms(host, way, trust)
  const given = through ?? proxy?.stream

  return new Promise((resolve, reject) => {
    const client = new lib.Client()
    const socket = given ?? (options.dial ?? dial(way))(way.address, way.port)
    let phase: Phase = given === undefined ? 'connect' : 'banner'
    let distrust: Distrust | undefined
    let unpinned: Unreachable | undefined
    let hostKey = ''
    let timer = setTimeout(late, options.connectTimeoutSeconds * 1000)
    let closed = false

    const asked = (): Asked => ({
      host: host.name,
      where,
      phase,
      connectTimeoutSeconds: options.connectTimeoutSeconds,
      distrust,
      tried: auth.tried,
      offered: auth.offered(),
      unusable,
    })
    function fail(error: Unreachable): void {
      clearTimeout(timer)
      client.destroy()
      socket.destroy()
      if (proxy === undefined || phase !== 'banner' || error.reason === 'hostkey') {
        reject(error)
        return
      }
      void proxy.failure().then(how => {
        const what = `${where}: the ProxyCommand is no way to it: ${how ?? error.message}`
        reject(new Unreachable(host.name, 'connect', what, `Try "ssh ${way.address}" on this machine.`))
      })
    }
    function next(to: Phase): void {
      phase = to
      clearTimeout(timer)
      if (to !== 'ready') timer = setTimeout(late, options.connectTimeoutSeconds * 1000)
    }
    function late(): void {
      fail(tookTooLong(asked()))
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
      fail(distrust === undefined && unpinned !== undefined ? unpinned : explain(error, asked()))
    })
    client.on('close', () => {
      closed = true
      if (phase !== 'ready') fail(explain(new Error('the server closed the connection'), asked()))
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
        hostKey,
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
            becomeRoot({ ...host, user: way.user }, channel, password).then(
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

    client.connect({
      sock: socket,
      username: way.user,
      readyTimeout: 0,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
      algorithms: algorithms(offered),
      hostVerifier: (key: Buffer) => {
        hostKey = `${keyType(key)} ${fingerprint(key)}`
        distrust = trust.check(way, key)
        unpinned = checkPin(host.name, where, hostKey, options.pins)
        return distrust === undefined && unpinned === undefined
      },
      authHandler: auth.handler,
    })
  })
}

function keyAlgorithms(host: Host, way: Way, trust: Trust): readonly string[] {
  try {
    return trust.algorithms(way)
  } catch (error) {
    const what = `${host.name}: the known host keys cannot be read: ${error instanceof Error ? error.message : String(error)}`
    throw new Unreachable(host.name, 'hostkey', what, 'Make the file readable, or take it out of the list.')
  }
}

function dial({ family, bindAddress }: Way): (address: string, port: number) => net.Socket {
  return (address, port) =>
    net.connect({
      host: address,
      port,
      noDelay: true,
      ...(family !== undefined && { family }),
      ...(bindAddress !== undefined && { localAddress: bindAddress }),
    })
}
