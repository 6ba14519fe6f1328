import { join } from 'node:path'

/** One machine of the lab. `index` is the last byte of its address and of its hardware address. */
export interface HostSpec {
  readonly name: string
  readonly index: number
  /** `server` keeps the directory that all `client` hosts see at `storageMount` (over sshfs). */
  readonly storage?: 'server' | 'client'
}

/**
 * Where a lab lives and what its parts are called. Every name begins with `prefix`, so several labs, with a different
 * prefix and second byte of the network, can run on one machine.
 */
export interface Layout {
  readonly prefix: string
  /** Second byte of the network 10.N.0.0/16. */
  readonly network: number
  /** Kept between labs: the root file system and the images. */
  readonly cacheDirectory: string
  /** This lab's own: disks, keys, process ids. Removed by `down`. */
  readonly runDirectory: string
  readonly hosts: readonly HostSpec[]
}

/** The directory every replica sees, to be given as `--dtr-storage-volume`. */
export const storageMount = '/mnt/dtr-storage'
/** What lies behind `storageMount`, on the storage server. */
export const storageExport = '/srv/dtr-storage'
/** Names that resolve to the balancer on every host. */
export const balancerNames = ['dtr.lab', 'ucp.lab']

export const defaultHosts: readonly string[] = ['m1', 'm2', 'm3', 'd1', 'd2', 'd3', 'w1', 'w2', 'lb1']

const repository = join(import.meta.dirname, '..', '..')

/**
 * The layout asked for by the environment: RUNBOOK_LAB_DIR (default `.lab` in the checkout), RUNBOOK_LAB_PREFIX
 * (default `lab`), RUNBOOK_LAB_NETWORK (default 77).
 */
export function layout(names: readonly string[] = defaultHosts): Layout {
  const directory = process.env['RUNBOOK_LAB_DIR'] ?? join(repository, '.lab')
  const prefix = process.env['RUNBOOK_LAB_PREFIX'] ?? 'lab'
  const network = Number(process.env['RUNBOOK_LAB_NETWORK'] ?? '77')
  if (!/^[a-z]{1,6}$/.test(prefix))
    throw new Error(`RUNBOOK_LAB_PREFIX: expected 1 to 6 lower-case letters, got ${prefix}`)
  if (!Number.isInteger(network) || network < 1 || network > 254) {
    throw new Error(`RUNBOOK_LAB_NETWORK: expected 1 to 254, got ${String(network)}`)
  }
  const server = names.find(name => name.startsWith('lb')) ?? names[0]
  return {
    prefix,
    network,
    cacheDirectory: join(directory, 'cache'),
    runDirectory: join(directory, `run-${prefix}`),
    hosts: names.map((name, position) => ({
      name,
      index: position + 1,
      ...(name === server
        ? { storage: 'server' as const }
        : name.startsWith('d')
          ? { storage: 'client' as const }
          : {}),
    })),
  }
}

export const address = (of: Layout, host: HostSpec): string =>
  `10.${String(of.network)}.1.${String(host.index)}`
export const machineAddress = (of: Layout): string => `10.${String(of.network)}.0.1`
export const gateway = (of: Layout): string => `10.${String(of.network)}.0.2`
export const subnet = (of: Layout): string => `10.${String(of.network)}.0.0/16`
/** The switch's network namespace. */
export const switchName = (of: Layout): string => `${of.prefix}sw`
/** The host's port on the switch. */
export const portName = (of: Layout, host: HostSpec): string => `${of.prefix}h${String(host.index)}`
export const hostDirectory = (of: Layout, name: string): string => join(of.runDirectory, 'hosts', name)
export const keyPath = (of: Layout): string => join(of.runDirectory, 'id_ed25519')
export const knownHostsPath = (of: Layout): string => join(of.runDirectory, 'known_hosts')

/** @throws with the names there are */
export function hostNamed(of: Layout, name: string): HostSpec {
  const host = of.hosts.find(each => each.name === name)
  if (host === undefined) {
    throw new Error(`no host ${name} in this lab; there are ${of.hosts.map(each => each.name).join(' ')}`)
  }
  return host
}
