import { homedir } from 'node:os'
import type { Host, HostName } from '../plan/step.ts'
import { type Connection, connectOnce } from './connection.ts'
import { type Link, createLink } from './link.ts'
import type { SshOptions } from './options.ts'
import { remoteSession } from './remote.ts'
import { type Connect, Unreachable } from './session.ts'
import { refused } from './sudo.ts'
import { type Trust, readTrust } from './trust.ts'

/** sshd lets ten log in at once by default and then turns some away at random. */
const HANDSHAKES_AT_A_GATE = 8
const HANDSHAKES_AT_ALL = 32

/**
 * Ways to hosts over SSH: one connection a host, shared by all its sessions and re-used until the last of them is closed; made
 * again when it is lost. Host keys are always verified, and before anything secret is sent.
 *
 * ```ts
 * const connect = connectSsh({ ...topology.ssh, host: (name) => topology.hosts[name], secret: resolveSecret })
 * const session = await connect(topology.hosts['m1'])          // throws Unreachable: connect, timeout, hostkey, auth
 * const [exit] = await session.probe([{ argv: ['uname', '-r'], env: {} }], { timeoutMs: 10_000 })
 * await session.close()                                        // the last session of a host drops the connection
 * ```
 * A sudo that is refused shows at the first request (Unreachable 'sudo').
 * @throws Error at the first connection when a known_hosts file cannot be read
 */
export function connectSsh(options: SshOptions): Connect {
  const home = options.home ?? homedir()
  const links = new Map<HostName, { readonly link: Link; users: number }>()
  const gate = gates()
  let trust: Trust | undefined

  const acquire = (
    host: Host,
    via: readonly HostName[],
  ): { readonly link: Link; readonly release: () => void } => {
    let entry = links.get(host.name)
    if (entry === undefined) {
      let releaseJump: (() => void) | undefined
      let jumpLink: Link | undefined
      const connect = async (): Promise<Connection> => {
        trust ??= readTrust(options, home)
        if (host.jump === undefined)
          return gate(host.address, () => connectOnce(host, options, { trust: trust as Trust, home }))
        if (jumpLink === undefined) {
          const taken = acquire(jumpOf(host, via, options), [...via, host.name])
          jumpLink = taken.link
          releaseJump = taken.release
        }
        return throughJump(host, jumpLink, options, { trust, home, gate })
      }
      const link = createLink(host.name, connect, {
        reconnectSeconds: options.reconnectSeconds ?? 60,
        refused: said => noShell(host, said),
      })
      const close = (): void => {
        link.close()
        releaseJump?.()
      }
      entry = { link: { ...link, close }, users: 0 }
      links.set(host.name, entry)
    }
    const held = entry
    held.users += 1
    let released = false
    return {
      link: held.link,
      release() {
        if (released) return
        released = true
        held.users -= 1
        if (held.users > 0) return
        if (links.get(host.name) === held) links.delete(host.name)
        held.link.close()
      },
    }
  }

  return async host => {
    const { link, release } = acquire(host, [])
    try {
      await link.connection()
    } catch (error) {
      release()
      throw error
    }
    return remoteSession(link, release, host.name)
  }
}

function jumpOf(host: Host, via: readonly HostName[], options: SshOptions): Host {
  const name = host.jump ?? ''
  const jump = options.host(name)
  if (jump === undefined) {
    throw new Unreachable(
      host.name,
      'connect',
      `${host.name} is to be reached through ${name}, which is not a host of the playbook`,
      'Name a host of the playbook in "jump".',
    )
  }
  if (name === host.name || via.includes(name)) {
    throw new Unreachable(
      host.name,
      'connect',
      `the jump hosts go in a circle: ${[...via, host.name, name].join(' through ')}`,
      'Take one "jump" away.',
    )
  }
  return jump
}

async function throughJump(
  host: Host,
  jump: Link,
  options: SshOptions,
  context: { readonly trust: Trust; readonly home: string; readonly gate: Gate },
): Promise<Connection> {
  const connection = await jump.connection()
  return context.gate(`through ${host.jump ?? ''}`, async () => {
    let through
    try {
      through = await connection.forward(host.address, host.port)
    } catch (error) {
      throw new Unreachable(
        host.name,
        'connect',
        `${host.name}: ${host.jump ?? ''} could not connect to ${host.address}:${String(host.port)}: ${error instanceof Error ? error.message : String(error)}`,
        `Check the address as ${host.jump ?? ''} sees it, and that its SSH server allows forwarding (AllowTcpForwarding).`,
      )
    }
    return connectOnce(host, options, { ...context, through })
  })
}

function noShell(host: Host, said: string): Unreachable {
  if (host.sudo !== 'no' && (said === '' || /sudo/i.test(said))) return refused(host, said)
  return new Unreachable(
    host.name,
    'connect',
    `${host.name}: the login works, but the host does not start "sh"${said === '' ? '' : `: ${said}`}`,
    `Check the login shell of ${host.user} there, and a forced command in authorized_keys.`,
  )
}

type Gate = <T>(name: string, task: () => Promise<T>) => Promise<T>

/** Lets at most 8 tasks of one name, and 32 in all, run at once. */
function gates(): Gate {
  const running = new Map<string, number>()
  const waiting: { readonly name: string; readonly start: () => void }[] = []
  let all = 0
  const free = (name: string): boolean =>
    all < HANDSHAKES_AT_ALL && (running.get(name) ?? 0) < HANDSHAKES_AT_A_GATE
  return async (name, task) => {
    if (!free(name)) await new Promise<void>(start => waiting.push({ name, start }))
    all += 1
    running.set(name, (running.get(name) ?? 0) + 1)
    try {
      return await task()
    } finally {
      all -= 1
      running.set(name, (running.get(name) ?? 1) - 1)
      const next = waiting.findIndex(entry => free(entry.name))
      if (next !== -1) waiting.splice(next, 1)[0]?.start()
    }
  }
}
