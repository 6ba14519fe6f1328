import { homedir, userInfo } from 'node:os'
import type { Duplex } from 'node:stream'
import type { Host } from '../plan/step.ts'
import { type Room, privateRoom } from './askpass.ts'
import { type Connection, connectOnce } from './connection.ts'
import { gates } from './gates.ts'
import { type Link, createLink } from './link.ts'
import { openMaster } from './master.ts'
import type { LeftOpen, SshOptions } from './options.ts'
import { startProxy } from './proxy.ts'
import { remoteSession } from './remote.ts'
import { type Connect, Unreachable } from './session.ts'
import { refused } from './sudo.ts'
import { trustFiles } from './trust.ts'
import { type Hop, type Way, configOf, wayTo } from './way.ts'

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
 */
export function connectSsh(options: SshOptions): Connect {
  const home = options.home ?? homedir()
  const links = new Map<string, { readonly link: Link; users: number }>()
  const gate = gates()
  const trust = trustFiles(options.knownHosts)
  let room: Room | undefined

  /** @param via the hosts and hops on the way so far, so that a circle is seen */
  const acquire = (target: Target, via: readonly string[]): Taken => {
    let entry = links.get(target.key)
    if (entry === undefined) {
      const { host } = target
      const config = target.open === undefined ? options : { ...options, open: { [host.name]: target.open } }
      let before: Taken | undefined
      let way: Way | undefined
      const byMaster = async (): Promise<Connection> => {
        room ??= privateRoom()
        const next = host.jump === undefined ? undefined : beforeOf(target, undefined, via, options)
        if (next !== undefined) before ??= acquire(next, [...via, target.key])
        const through = await before?.link.connection()
        const ssh = await configOf(host, options)
        const made = room
        return gate(next === undefined ? host.address : `through ${next.host.name}`, () =>
          openMaster(host, options, {
            room: made,
            home,
            config: ssh,
            ...(through !== undefined && { through }),
          }),
        )
      }
      const connect = async (): Promise<Connection> => {
        if (options.transport === 'openssh') return byMaster()
        // Loading it takes as long as asking `ssh` about a host, which another process does meanwhile.
        void import('ssh2').catch(() => undefined)
        way ??= await wayTo(host, config, home)
        const { proxy, ...found } = way
        const decided: Way = found
        const next = beforeOf(target, proxy, via, options)
        const name = next?.host.name ?? way.address
        if (next !== undefined) {
          before ??= acquire(next, [...via, target.key])
          // Not within the gate: those who wait for a jump would keep it from connecting.
          await before.link.connection()
        }
        return gate(next === undefined ? name : `through ${name}`, () =>
          connectOnce(host, decided, config, async () => {
            if (before !== undefined)
              return { trust, home, through: await throughJump(host, decided, name, before.link) }
            const command = proxy !== undefined && 'command' in proxy ? proxy.command : undefined
            return { trust, home, ...(command !== undefined && { proxy: startProxy(command) }) }
          }),
        )
      }
      const link = createLink(host.name, connect, {
        reconnectSeconds: options.reconnectSeconds ?? 60,
        refused: said => noShell({ ...host, user: way?.user ?? host.user }, said),
      })
      const close = async (): Promise<void> => {
        await link.close()
        await before?.release()
        if (links.size > 0) return
        room?.end()
        room = undefined
      }
      entry = { link: { ...link, close }, users: 0 }
      links.set(target.key, entry)
    }
    const held = entry
    held.users += 1
    let released = false
    return {
      link: held.link,
      release() {
        if (released) return undefined
        released = true
        held.users -= 1
        if (held.users > 0) return undefined
        if (links.get(target.key) === held) links.delete(target.key)
        return held.link.close()
      },
    }
  }

  return async host => {
    const { link, release } = acquire({ key: host.name, host }, [])
    try {
      await link.connection()
    } catch (error) {
      await release()
      throw error
    }
    return remoteSession(link, release, host.name)
  }
}

interface Taken {
  readonly link: Link
  readonly release: () => void | Promise<void>
}

/** A host of the playbook, or a hop that OpenSSH's configuration names. */
interface Target {
  readonly key: string
  readonly host: Host
  /** Of a hop: what its name leaves to the configuration. */
  readonly open?: readonly LeftOpen[]
  /** Of a hop: those before it, in place of what the configuration says of it. */
  readonly hops?: readonly Hop[]
}

/** What has to be passed first, if anything. */
function beforeOf(
  target: Target,
  proxy: Way['proxy'],
  via: readonly string[],
  options: SshOptions,
): Target | undefined {
  if (target.host.jump !== undefined) {
    const jump = jumpOf(target.host, via, options)
    return { key: jump.name, host: jump }
  }
  const hops = target.hops ?? (proxy !== undefined && 'hops' in proxy ? proxy.hops : [])
  const last = hops.at(-1)
  if (last === undefined) return undefined
  const shown = hops
    .map(({ user, address, port }) => `${user ?? ''}@${address}:${String(port ?? '')}`)
    .join(',')
  const key = `ProxyJump ${shown}`
  if (via.includes(key)) throw circle(target.host.name, [...via, target.key, key])
  const earlier = hops.slice(0, -1)
  return {
    key,
    host: {
      name: `${last.address} (ProxyJump of ${via[0] ?? target.key})`,
      address: last.address,
      port: last.port ?? 22,
      user: last.user ?? userInfo().username,
      roles: [],
      sudo: 'no',
    },
    open: [
      ...(last.user === undefined ? ['user' as const] : []),
      ...(last.port === undefined ? ['port' as const] : []),
    ],
    // The first hop is reached as its own configuration says, the others through those before them: as ssh -J does.
    ...(earlier.length > 0 && { hops: earlier }),
  }
}

function jumpOf(host: Host, via: readonly string[], options: SshOptions): Host {
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
  if (name === host.name || via.includes(name)) throw circle(host.name, [...via, host.name, name])
  return jump
}

function circle(host: string, via: readonly string[]): Unreachable {
  const shown = `the jump hosts go in a circle: ${via.join(' through ')}`
  return new Unreachable(host, 'connect', shown, 'Take one "jump" (or ProxyJump) away.')
}

async function throughJump(host: Host, way: Way, jumpName: string, jump: Link): Promise<Duplex> {
  const connection = await jump.connection()
  try {
    return await connection.forward(way.address, way.port)
  } catch (error) {
    throw new Unreachable(
      host.name,
      'connect',
      `${host.name}: ${jumpName} could not connect to ${way.address}:${String(way.port)}: ${error instanceof Error ? error.message : String(error)}`,
      `Check the address as ${jumpName} sees it, and that its SSH server allows forwarding (AllowTcpForwarding).`,
    )
  }
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
