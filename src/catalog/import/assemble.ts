import type { Remark } from '../../playbook/draft.ts'
import type { HostSpec, Playbook } from '../../playbook/schema.gen.ts'
import type { Said } from './outcome.ts'

/** What the file refers to: the environment, as Launchpad fills it in, and what public repositories are called. */
export interface Surroundings {
  readonly env: (name: string) => string | undefined
  readonly publicRepository: (product: 'ucp' | 'dtr', version: string) => string
  readonly head: readonly string[]
}

/** A host as far as it has been read. */
export interface ImportedHost {
  address?: string
  user?: string
  port?: number
  identityFile?: string
  role?: string
  isWindows?: boolean
  bastion?: { address?: string; user?: string; port?: number; keyPath?: string }
}

interface Certificates {
  ca?: string
  cert?: string
  key?: string
}

/** What has been read so far, to be made a playbook at the end. */
export interface Assembly {
  name?: string
  readonly hosts: Map<number, ImportedHost>
  engine?: string
  readonly ucp: {
    version?: string
    repository?: string
    adminUsername?: string
    license?: string
    controllerPort?: number
    podCidr?: string
    certificates?: Certificates
    config?: { readonly [section: string]: { readonly [key: string]: boolean | number | string } }
    readonly sans: string[]
    readonly flags: string[]
  }
  readonly dtr: {
    version?: string
    repository?: string
    externalUrl?: string | undefined
    httpPort?: number
    httpsPort?: number
    nfsUrl?: string | undefined
    nfsOptions?: string | undefined
    path?: string | undefined
    certificates?: Certificates
    isSequential?: boolean
    readonly flags: string[]
  }
  readonly remarks: Remark[]
  readonly said: Said[]
  readonly around: Surroundings
}

/** Launchpad finds names out; here the name is written, and has to be the one the machine calls itself by (RB0803). */
const prefixes: { readonly [role: string]: string } = { manager: 'm', worker: 'w', msr: 'd', dtr: 'd' }

/** The playbook of all that was read, with remarks about what has to be seen to. */
export function assemble(assembly: Assembly): Playbook {
  const { ucp, dtr, remarks, around } = assembly
  const todo = (path: Remark['path'], text: string): void => void remarks.push({ path, text, todo: true })
  const { hosts, named } = namesOf(assembly)
  const having = (role: string): string[] => named.filter(one => one.role === role).map(one => one.name)
  const replicas = [...having('msr'), ...having('dtr')]
  todo(
    ['hosts'],
    'Launchpad finds host names out by itself. Here each host has to be called what `hostname` prints on it: rename these.',
  )
  for (const [i, host] of assembly.hosts)
    if (host.role === undefined && host.isWindows !== true)
      todo(['hosts'], `spec.hosts[${i}] has no role (${host.address ?? 'no address either'}): it is left out`)
  const version = ucp.version ?? '3.4.0'
  if (ucp.version === undefined)
    todo(['ucp', 'version'], 'no version was given; this is what Launchpad takes then')
  const dtrVersion = dtr.version ?? '2.9.0'
  if (replicas.length > 0 && dtr.version === undefined)
    todo(['dtr', 'version'], 'no version was given; this is what Launchpad takes then')
  if (replicas.length > 0 && dtr.externalUrl === undefined)
    todo(['dtr', 'externalUrl'], 'no name was given; clients log in under the one that is written here')
  if (assembly.engine === undefined) todo(['docker', 'version'], 'no version was given')
  if (replicas.length > 1 && dtr.nfsUrl === undefined && dtr.path === undefined)
    todo(['storage'], 'several replicas need storage that they share; Launchpad was given none')
  const own = (product: 'ucp' | 'dtr', given: string | undefined, of: string): { repository?: string } =>
    given === undefined || given === around.publicRepository(product, of) ? {} : { repository: given }
  return {
    runbook: 1,
    name: assembly.name === undefined || assembly.name === '' ? 'launchpad' : assembly.name,
    hosts,
    docker: { version: assembly.engine ?? '20.10' },
    ucp: {
      version,
      ...own('ucp', ucp.repository, version),
      managers: having('manager'),
      ...(having('worker').length > 0 && { workers: having('worker') }),
      adminUsername: ucp.adminUsername ?? 'admin',
      adminPassword: 'env:UCP_ADMIN_PASSWORD',
      ...(ucp.license !== undefined && { license: ucp.license }),
      ...(ucp.sans.length > 0 && { sans: [...new Set(ucp.sans)] }),
      ...(Number(ucp.controllerPort) > 0 && { controllerPort: Number(ucp.controllerPort) }),
      ...(ucp.podCidr !== undefined && { podCidr: ucp.podCidr }),
      ...certificatesOf(ucp.certificates),
      ...(ucp.config !== undefined && Object.keys(ucp.config).length > 0 && { config: ucp.config }),
      ...(ucp.flags.length > 0 && { extraFlags: ucp.flags }),
    },
    ...(replicas.length > 0 && {
      dtr: {
        version: dtrVersion,
        ...own('dtr', dtr.repository, dtrVersion),
        externalUrl: urlOf(dtr.externalUrl),
        replicas: replicas.map((host, i) => ({
          host,
          ...(dtr.isSequential === true && { id: String(i + 1).padStart(12, '0') }),
          ...(dtr.httpPort !== undefined && { httpPort: dtr.httpPort }),
          ...(dtr.httpsPort !== undefined && { httpsPort: dtr.httpsPort }),
        })),
        ...certificatesOf(dtr.certificates),
        ...(dtr.flags.length > 0 && { extraFlags: dtr.flags }),
      },
      storage:
        dtr.nfsUrl !== undefined
          ? { kind: 'nfs', url: dtr.nfsUrl, ...(dtr.nfsOptions !== undefined && { options: dtr.nfsOptions }) }
          : dtr.path !== undefined && dtr.path.startsWith('/')
            ? { kind: 'path', path: dtr.path }
            : { kind: 'local' },
    }),
  }
}

function certificatesOf(given: Certificates | undefined): {
  certificates?: { ca: string; cert: string; key: string }
} {
  const { ca, cert, key } = given ?? {}
  return ca === undefined || cert === undefined || key === undefined
    ? {}
    : { certificates: { ca, cert, key } }
}

function urlOf(given: string | undefined): string {
  if (given === undefined || given === '') return 'https://dtr.example.com'
  return given.includes('://') ? given : `https://${given}`
}

/** Hosts under made-up names, in the order of the file, and the bastions that lead to them. */
function namesOf({ hosts }: Assembly): {
  readonly hosts: { readonly [name: string]: HostSpec }
  readonly named: readonly { readonly name: string; readonly role: string }[]
} {
  const made: { [name: string]: HostSpec } = {}
  const named: { name: string; role: string }[] = []
  const bastions = new Map<string, string>()
  const counts = new Map<string, number>()
  for (const [, host] of [...hosts].sort(([a], [b]) => a - b)) {
    const prefix = prefixes[host.role ?? '']
    if (prefix === undefined || host.isWindows === true) continue
    const count = (counts.get(prefix) ?? 0) + 1
    counts.set(prefix, count)
    const name = `${prefix}${count}`
    const { bastion } = host
    let jump: string | undefined
    if (bastion?.address !== undefined) {
      const key = `${bastion.user ?? ''}@${bastion.address}:${bastion.port ?? 22}`
      jump = bastions.get(key)
      if (jump === undefined) {
        jump = `bastion${bastions.size + 1}`
        bastions.set(key, jump)
        made[jump] = specOf({
          ...bastion,
          ...(bastion.keyPath !== undefined && { identityFile: bastion.keyPath }),
        })
      }
    }
    made[name] = { ...specOf(host), ...(jump !== undefined && { jump }) }
    named.push({ name, role: host.role ?? '' })
  }
  return { hosts: made, named }
}

function specOf({
  address,
  user,
  port,
  identityFile,
}: Pick<ImportedHost, 'address' | 'user' | 'port' | 'identityFile'>): HostSpec {
  return {
    address: address ?? '0.0.0.0',
    ...(user !== undefined && user !== 'root' && { user }),
    ...(user !== undefined && user !== 'root' && { sudo: 'nopasswd' as const }),
    ...(port !== undefined && port !== 22 && { port }),
    ...(identityFile !== undefined && { identityFile }),
  }
}
