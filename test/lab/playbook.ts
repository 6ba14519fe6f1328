import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Lab } from './harness.ts'
import { dtrVersion, ucpVersion } from './images.ts'
import { storageMount } from './layout.ts'

/** Environment variable that the lab's playbook takes the administrator's password from. */
export const passwordVariable = 'RUNBOOK_LAB_PASSWORD'
export const adminPassword = 'lab-orca-password'
/** Names of the two balanced products; they resolve to the balancer on every host of the lab. */
export const registryName = 'dtr.lab'
export const controllerName = 'ucp.lab'

export interface PlaybookOptions {
  readonly managers?: readonly string[]
  readonly workers?: readonly string[]
  readonly replicas?: readonly string[]
  /** Host of the balancer; absent: no balancer, and the registry is called by its first replica's name. */
  readonly balancer?: string | undefined
  /** Hosts that the playbook knows and gives no part: what leaves the cluster can be asked to leave. */
  readonly spare?: readonly string[]
  readonly ucpVersion?: string
  /** An upgrade of UCP holds the workers back, and lets so many at a time follow. */
  readonly workersAtOnce?: number
  readonly dtrVersion?: string
  /** Findings that an operator has looked at, with the reason. */
  readonly accept?: Readonly<Record<string, string>>
  /** Backups beside the playbook, encrypted by `recipient` where there is one, with the images. */
  readonly backup?: { readonly recipient?: string }
  /** Go in as `adm`, who becomes root by a password, given in `sudoVariable`; default root by key. */
  readonly sudo?: boolean
}

/** Environment variable that a playbook with `sudo` takes adm's password from. */
export const sudoVariable = 'RUNBOOK_LAB_SUDO_PASSWORD'

/**
 * Writes a playbook that describes the lab as a cluster in high availability, and the files it names, into a directory.
 * Answers its path. The administrator's password is `adminPassword`, to be given in `passwordVariable`.
 */
export function writePlaybook(lab: Lab, directory: string, options: PlaybookOptions = {}): string {
  const { managers = ['m1', 'm2', 'm3'], workers = ['w1', 'w2'], replicas = ['d1', 'd2', 'd3'] } = options
  const balancer = 'balancer' in options ? options.balancer : 'lb1'
  const { spare = [], accept = {} } = options
  const named = [
    ...managers,
    ...replicas,
    ...workers,
    ...(balancer === undefined ? [] : [balancer]),
    ...spare,
  ]
  const playbook = {
    runbook: 1,
    name: 'lab',
    ssh: {
      ...(options.sudo === true
        ? { user: 'adm', sudo: 'password', sudoPassword: `env:${sudoVariable}` }
        : { user: 'root' }),
      identityFile: lab.keyPath,
      knownHosts: [lab.knownHostsPath],
      hostKeys: 'strict',
    },
    hosts: Object.fromEntries(named.map(name => [name, { address: lab.host(name).address }])),
    docker: { version: '20.10' },
    ucp: {
      version: options.ucpVersion ?? ucpVersion,
      managers,
      workers,
      adminUsername: 'admin',
      adminPassword: `env:${passwordVariable}`,
      sans: [controllerName],
      ...(options.workersAtOnce === undefined ? {} : { upgrade: { workersAtOnce: options.workersAtOnce } }),
      license: 'docker_subscription.lic',
    },
    dtr: {
      version: options.dtrVersion ?? dtrVersion,
      externalUrl: `https://${balancer === undefined ? `${replicas[0] ?? 'd1'}.lab` : registryName}`,
      replicas: replicas.map(host => ({ host })),
    },
    storage: { kind: 'path', path: storageMount },
    ...(options.backup === undefined
      ? {}
      : {
          backup: {
            to: { directory: 'backups' },
            images: { copy: true },
            ...(options.backup.recipient === undefined
              ? {}
              : { encrypt: { recipients: [options.backup.recipient], identity: 'file:backup.agekey' } }),
          },
        }),
    ...(balancer === undefined
      ? {}
      : {
          loadBalancer: {
            kind: 'haproxy',
            hosts: [balancer],
            ucp: { name: controllerName, port: 8443 },
            dtr: { name: registryName, port: 443 },
          },
        }),
  }
  const accepted = Object.entries(accept).map(([code, reason]) => ({ code, reason }))
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'docker_subscription.lic'), JSON.stringify(license, undefined, 2))
  const path = join(directory, 'lab.yml')
  writeFileSync(path, stringify(accepted.length === 0 ? playbook : { ...playbook, accept: accepted }))
  return path
}

/** A license by form only: the stand-ins check no signature. */
const license = { key_id: 'lab', private_key: 'none', authorization: 'none' }
