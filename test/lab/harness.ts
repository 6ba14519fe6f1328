import type { CommandOptions, Result } from './command.ts'
import type { LabUser } from './access.ts'
import { ssh } from './access.ts'
import { enter, initOf, insideOf, powerCut, powerOn, pressButton, ready } from './host.ts'
import type { HostSpec, Layout } from './layout.ts'
import { address, hostNamed, keyPath, knownHostsPath } from './layout.ts'
import { setFreezer } from './process.ts'
import { cable, heal, lose, partition } from './switch.ts'
import type { UpOptions } from './up.ts'
import { lowerLab, raiseLab } from './up.ts'

/** One host of a lab that is up, as a test sees it. */
export interface LabHost {
  readonly name: string
  readonly address: string
  /** Over ssh, strictly checked host key, user root by default. */
  exec(line: string, options?: CommandOptions & { readonly user?: LabUser }): Promise<Result>
  /** Into the host's namespaces without ssh: works with the cable out too. */
  enter(argv: readonly string[], options?: CommandOptions): Promise<Result>
  /** Path of the Docker socket on this machine. Changes with every start of the host. */
  dockerSocket(): string
  /** Path of a file of the host on this machine. Changes with every start of the host. */
  path(inside: string): string
  on(): boolean
  /** Power cut: SIGKILL to everything at once. */
  kill(): Promise<void>
  /** Switches it on and waits for sshd and dockerd. */
  start(): Promise<void>
  /** Orderly: systemd is asked to start again. Returns at once. */
  reboot(): void
  /** Every process stands still; the kernel still answers TCP connects. */
  freeze(): void
  thaw(): void
  cable(state: 'in' | 'out'): Promise<void>
  /** Loses the share (0 to 1) of what it sends, until `Lab.heal`. */
  lose(share: number): Promise<void>
}

/** A lab that is up. */
export interface Lab {
  readonly layout: Layout
  readonly hosts: readonly LabHost[]
  /** Private key that opens root, ops and adm. */
  readonly keyPath: string
  readonly knownHostsPath: string
  /** @throws when there is none of that name */
  host(name: string): LabHost
  partition(left: string, right: string): Promise<void>
  heal(): Promise<void>
}

/** Brings a lab up (or takes the one that is up with the same hosts). @throws MachineCannot */
export async function labUp(options: UpOptions = {}): Promise<Lab> {
  return labOf(await raiseLab(options))
}

export const labDown = lowerLab

export function labOf(of: Layout): Lab {
  const hosts = of.hosts.map(host => hostOf(of, host))
  return {
    layout: of,
    hosts,
    keyPath: keyPath(of),
    knownHostsPath: knownHostsPath(of),
    host: name => {
      hostNamed(of, name)
      return hostOf(of, hostNamed(of, name))
    },
    partition: (left, right) => partition(of, hostNamed(of, left), hostNamed(of, right)),
    heal: () => heal(of),
  }
}

function hostOf(of: Layout, host: HostSpec): LabHost {
  const group = `${of.prefix}/${host.name}`
  return {
    name: host.name,
    address: address(of, host),
    exec: (line, options) => ssh(of, host, line, options),
    enter: (argv, options) => enter(of, host, argv, options),
    dockerSocket: () => insideOf(of, host, '/run/docker.sock'),
    path: inside => insideOf(of, host, inside),
    on: () => initOf(of, host) !== undefined,
    kill: () => powerCut(of, host),
    start: async () => {
      await powerOn(of, host)
      await ready(of, host)
    },
    reboot: () => {
      pressButton(of, host, 'reboot')
    },
    freeze: () => {
      setFreezer(group, 'FROZEN')
    },
    thaw: () => {
      setFreezer(group, 'THAWED')
    },
    cable: state => cable(of, host, state),
    lose: share => lose(of, host, share),
  }
}
