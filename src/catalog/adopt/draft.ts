import type { Facts } from '../../plan/fact.ts'
import { factKey } from '../../plan/fact.ts'
import type { HostName, Json } from '../../plan/step.ts'
import { compareVersions } from '../../plan/version.ts'
import type { Draft, Remark } from '../../playbook/draft.ts'
import type { DtrSection, Playbook, SshDefaults, UcpSection } from '../../playbook/schema.gen.ts'
import { member, shown } from '../os/text.ts'
import { balancerOf } from './balancer.ts'
import { type Admin, controllerPort, type FoundNode, type FoundReplica, replicasOf } from './questions.ts'
import { storageOf } from './storage.ts'

/** What was found, and how it was reached. */
export interface Found {
  readonly name: string
  /** Where the name comes from, for a person to judge it. */
  readonly nameFrom: string
  readonly ssh: SshDefaults
  readonly nodes: readonly FoundNode[]
  /** Hosts that are no nodes, by name with their address: a person says that they are balancers. */
  readonly balancers: { readonly [host: HostName]: string }
  /** Nodes that could not be asked, with the reason. */
  readonly unreachable: { readonly [host: HostName]: string }
  readonly admin: Admin
  /** Why nobody logged in, when nobody did. */
  readonly noLogin?: string
  readonly facts: Facts
  /** The repository that is meant when a playbook names none. */
  readonly publicRepository: (product: 'ucp' | 'dtr', version: string) => string
  readonly head: readonly string[]
}

/** A playbook that declares what was found. What could not be told is a remark, never a guess without one. Pure. */
export function draftOf(found: Found): Draft {
  const { nodes, facts, unreachable, admin } = found
  const remarks: Remark[] = []
  const todo = (path: Remark['path'], text: string): void => void remarks.push({ path, text, todo: true })
  const note = (path: Remark['path'], text: string): void => void remarks.push({ path, text })
  note(['name'], found.nameFrom)
  const kept = nodes.filter(node => {
    if (node.os.toLowerCase() === 'windows')
      todo(['hosts'], `${node.hostname} is a Windows node: runbook leaves it alone`)
    return node.os.toLowerCase() !== 'windows'
  })
  const names = kept.map(node => node.hostname)
  note(['ssh'], 'taken to be the same for all nodes as for the manager that was asked')
  for (const { hostname, address } of kept) {
    const said = unreachable[hostname]
    if (address === null) todo(['hosts', hostname], `the managers do not know the address of ${hostname}`)
    if (said !== undefined)
      todo(
        ['hosts', hostname],
        `${hostname} could not be asked, so nothing is known of what it carries: ${said}`,
      )
  }
  const managers = kept.filter(node => node.role === 'manager').map(node => node.hostname)
  const replicas = replicasOf(names, facts)
  const carriers = new Set(replicas.map(one => one.host))
  const workers = names.filter(name => !managers.includes(name) && !carriers.has(name))
  const ucp = ucpOf(found, managers, workers, names, todo, note)
  const dtr = ucp && dtrOf(found, replicas, todo, note)
  const balancers = Object.keys(found.balancers)
  const loadBalancer = balancerOf(balancers, facts, todo)
  if (balancers.length === 0)
    todo(
      ['loadBalancer'],
      'loadBalancer: no node knows of one. When a balancer stands before the managers or the registry, declare it (init --balancer NAME=ADDRESS reads one of runbook), so that nodes are taken out of it before they are changed.',
    )
  const playbook: Playbook = {
    runbook: 1,
    name: found.name,
    ssh: found.ssh,
    hosts: Object.fromEntries([
      ...kept.map(({ hostname, address }) => [hostname, { address: address ?? hostname }] as const),
      ...Object.entries(found.balancers).map(([name, address]) => [name, { address }] as const),
    ]),
    docker: { version: engineVersion(names, facts, todo) },
    ...(ucp && { ucp }),
    ...(dtr && { dtr }),
    ...(dtr && { storage: storageOf(settings(found, replicas), todo, note) }),
    ...(loadBalancer && { loadBalancer }),
  }
  note(
    ['docker'],
    'docker.install: where the engine came from, no host tells; it is needed when a bare host is to join',
  )
  note(
    ['ucp', 'adminUsername'],
    `secrets are references: ${admin.password.secret} is read when runbook runs, and stands nowhere`,
  )
  return { playbook, remarks, head: found.head }
}

type Say = (path: Remark['path'], text: string) => void

function engineVersion(names: readonly HostName[], facts: Facts, todo: Say): string {
  const seen = names.flatMap(host => {
    const version = member(facts.get(factKey({ fact: 'docker.engine', host })), 'version')
    return typeof version === 'string' ? [version.replace(/[-+~].*$/, '')] : []
  })
  const versions = [...new Set(seen)].sort(compareVersions)
  const [first] = versions
  if (first === undefined) {
    todo(['docker', 'version'], 'no host told its version')
    return '19.03'
  }
  if (versions.length === 1) return first
  const lines = new Set(versions.map(version => version.split('.').slice(0, 2).join('.')))
  const [line] = lines
  if (lines.size === 1 && line !== undefined) return line
  todo(['docker', 'version'], `the hosts run ${versions.join(', ')}: write the one they shall all have`)
  return versions.at(-1) ?? first
}

function ucpOf(
  found: Found,
  managers: readonly HostName[],
  workers: readonly HostName[],
  names: readonly HostName[],
  todo: Say,
  note: Say,
): UcpSection | undefined {
  const { facts, nodes, admin } = found
  const seen = names.flatMap(host => {
    const node = facts.get(factKey({ fact: 'ucp.node', host }))
    const [version, image] = [member(node, 'version'), member(node, 'image')]
    return typeof version === 'string' && typeof image === 'string' ? [{ version, image }] : []
  })
  const versions = [...new Set(seen.map(one => one.version))].sort(compareVersions)
  const version = versions.at(-1)
  if (version === undefined) {
    todo(['hosts'], 'no node that was asked carries UCP: this is a swarm without it')
    return undefined
  }
  if (versions.length > 1)
    todo(
      ['ucp', 'version'],
      `nodes run ${versions.join(' and ')}: an upgrade stopped half way; the newer one is written here`,
    )
  const repository = prefix(seen.find(one => one.version === version)?.image ?? '')
  const port = controllerPort(names, facts)
  if (port === undefined) todo(['ucp'], 'controllerPort: no controller that was asked runs; 443 is taken')
  const known = new Set([
    ...managers,
    ...nodes.filter(node => node.role === 'manager').flatMap(node => node.address ?? []),
    // Names that UCP gives every one of its certificates by itself [D: ee/ucp/admin/configure/use-your-own-tls-certificates.md].
    'localhost',
    '127.0.0.1',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ])
  const certified = managers.map(host =>
    member(facts.get(factKey({ fact: 'ucp.webnames', host, args: { port: port ?? 443 } })), 'names'),
  )
  const lists = certified.filter(list => Array.isArray(list)) as readonly (readonly string[])[]
  // A name that only some have is that manager's own.
  const sans = [...new Set(lists.flat())]
    .filter(name => !known.has(name) && lists.every(list => list.includes(name)))
    .sort()
  if (lists.length === 0)
    todo(
      ['ucp'],
      'sans: the names in the certificate of UCP could not be read (openssl on a manager tells them); add those of its balancer',
    )
  note(
    ['ucp'],
    'podCidr, certificates, extraFlags and config are not read: they matter when UCP is installed or when you declare what they shall be',
  )
  const licensed = managers.some(
    host =>
      member(
        facts.get(factKey({ fact: 'docker.config', host, args: { name: 'com.docker.license' } })),
        'name',
      ) !== undefined,
  )
  note(
    ['ucp'],
    licensed
      ? 'license: the cluster has one; name its file here to have it put back should it go missing'
      : 'license: the cluster has none',
  )
  return {
    version,
    ...(repository !== '' && repository !== found.publicRepository('ucp', version) && { repository }),
    managers: [...managers],
    ...(workers.length > 0 && { workers: [...workers] }),
    adminUsername: admin.username,
    adminPassword: admin.password.secret,
    ...(sans.length > 0 && { sans }),
    ...(port !== undefined && port !== 443 && { controllerPort: port }),
  }
}

function dtrOf(
  found: Found,
  replicas: readonly FoundReplica[],
  todo: Say,
  note: Say,
): DtrSection | undefined {
  const versions = [...new Set(replicas.map(one => one.version).filter(one => one !== ''))].sort(
    compareVersions,
  )
  const version = versions.at(-1)
  if (version === undefined) return undefined
  if (versions.length > 1)
    todo(
      ['dtr', 'version'],
      `replicas run ${versions.join(' and ')}: an upgrade stopped half way; the newer one is written here`,
    )
  const told = settings(found, replicas)
  const placed = member(told, 'replicas')
  const host = member(told, 'host')
  const why =
    found.noLogin ??
    (member(told, 'code') === undefined
      ? 'no replica answered'
      : `the registry answered ${shown(member(told, 'code'))}`)
  if (typeof host !== 'string' || host === '')
    todo(['dtr', 'externalUrl'], `the name clients use could not be read: ${why}`)
  const strangers = Object.keys(typeof placed === 'object' && placed !== null ? placed : {}).filter(
    id => !replicas.some(one => one.id === id),
  )
  for (const id of strangers)
    todo(
      ['dtr', 'replicas'],
      `the database knows a member ${id} of which no host that was asked carries anything: a ghost, or its host could not be asked`,
    )
  const repository = replicas.find(one => one.version === version)?.repository ?? ''
  note(['dtr'], 'certificates and extraFlags are not read: declare them when runbook shall see to them')
  return {
    version,
    ...(repository !== '' && repository !== found.publicRepository('dtr', version) && { repository }),
    externalUrl: `https://${typeof host === 'string' && host !== '' ? host : 'dtr.example.com'}`,
    replicas: replicas.map(one => {
      const at = member(placed, one.id)
      const httpPort = one.httpPort ?? numberOf(member(at, 'httpPort'))
      const httpsPort = one.httpsPort ?? numberOf(member(at, 'httpsPort'))
      if (!one.running) todo(['dtr', 'replicas'], `replica ${one.id} on ${one.host} does not run`)
      return {
        host: one.host,
        id: one.id,
        ...(httpPort !== undefined && httpPort !== 80 && { httpPort }),
        ...(httpsPort !== undefined && httpsPort !== 443 && { httpsPort }),
      }
    }),
  }
}

/** What the first replica that let us in says of the registry; failing that, how one refused. */
function settings({ facts, admin }: Found, replicas: readonly FoundReplica[]): Json | undefined {
  const said = replicas.flatMap(({ host, httpsPort }) => {
    const args = { port: httpsPort ?? 443, username: admin.username, password: { ...admin.password } }
    return facts.get(factKey({ fact: 'dtr.settings', host, args })) ?? []
  })
  return said.find(one => member(one, 'host') !== undefined) ?? said[0]
}

/** 'mirantis' of 'mirantis/ucp-agent:3.3.2'. */
function prefix(image: string): string {
  return image.split('/').slice(0, -1).join('/')
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}
