import type { Topology } from '../../playbook/topology.ts'
import type { Estate, EstateHost } from '../../twin/estate.ts'

/** What the twin's operating system keeps of a host, at `state.os`. */
export interface OsState {
  hostname: string
  /** Where other hosts reach it. */
  address: string
  distribution: string
  release: string
  cpus: number
  memoryMb: number
  freeDiskMb: number
  /** How far its clock is off. */
  skewMs: number
  curl: boolean
  root: boolean
  /** Installed packages and their versions. */
  packages: { [name: string]: string }
  /** systemd units that exist. */
  services: { [name: string]: { active: boolean; enabled: boolean } }
  /** What its package source offers: version, and the unit that the package brings. */
  archive: { [name: string]: { version: string; unit?: string } }
}

/** Differences from an ordinary host, which has 4 processors, 16 GB, 100 GB free, curl, root and no engine. */
export type BareHostOptions = Partial<OsState> & {
  /** An engine of this version is there already and runs. */
  readonly engine?: string
}

/** A host of the twin as a fresh machine: nothing on it but the operating system. */
export function bareHost(hostname: string, address: string, options: BareHostOptions = {}): EstateHost {
  const { engine, ...given } = options
  const os: OsState = {
    hostname,
    address,
    distribution: 'ubuntu',
    release: '18.04',
    cpus: 4,
    memoryMb: 16_384,
    freeDiskMb: 102_400,
    skewMs: 0,
    curl: true,
    root: true,
    packages: engine === undefined ? {} : { 'docker-ee': engine },
    services: {
      'unattended-upgrades': { active: true, enabled: true },
      ...(engine !== undefined && { docker: { active: true, enabled: true } }),
    },
    archive: {
      'docker-ee': { version: '5:19.03.15~3-0~ubuntu-bionic', unit: 'docker' },
      'docker-ee-cli': { version: '5:19.03.15~3-0~ubuntu-bionic' },
      'docker-ce': { version: '5:19.03.15~3-0~ubuntu-bionic', unit: 'docker' },
      'docker-ce-cli': { version: '5:19.03.15~3-0~ubuntu-bionic' },
      'docker.io': { version: '20.10.24', unit: 'docker' },
      'containerd.io': { version: '1.4.13-1' },
      containerd: { version: '1.6.20' },
      haproxy: { version: '1.8.8-1ubuntu0.13', unit: 'haproxy' },
      nginx: { version: '1.14.0-0ubuntu1.11', unit: 'nginx' },
      'nfs-common': { version: '1:1.3.4-2.1ubuntu5.5' },
      curl: { version: '7.58.0-2ubuntu3.24' },
      chrony: { version: '3.2-4ubuntu4.5', unit: 'chrony' },
    },
    ...given,
  }
  return {
    up: true,
    files: {},
    jobs: {},
    state: { os: structuredClone(os) as unknown as EstateHost['state'][string] },
  }
}

/**
 * The twin's hosts of a playbook, all bare. Where the playbook does not install the engine, it is there already.
 * `options` say by host what is different; '*' is for all.
 */
export function bareEstate(
  topology: Topology,
  options: { readonly [host: string]: BareHostOptions } = {},
): Estate {
  const present = topology.docker.install ? {} : { engine: fullVersion(topology.docker.version) }
  const hosts = Object.values(topology.hosts).map(({ name, address }) => {
    const engine = topology.docker.hosts.includes(name) ? present : {}
    return [name, bareHost(name, address, { ...engine, ...options['*'], ...options[name] })] as const
  })
  return { clockMs: 0, hosts: Object.fromEntries(hosts), shared: {} }
}

function fullVersion(version: string): string {
  const parts = version.split('.')
  return [...parts, '0', '0'].slice(0, Math.max(3, parts.length)).join('.')
}

/** The operating system of a host of the twin. It may be changed in place. */
export function osOf(estate: Estate, host: string): OsState {
  const os = estate.hosts[host]?.state['os']
  if (os === undefined) throw new Error(`${host} has no state.os; make it with bareHost`)
  return os as unknown as OsState
}
