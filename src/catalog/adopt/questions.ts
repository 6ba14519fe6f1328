import type { Facts } from '../../plan/fact.ts'
import { factKey } from '../../plan/fact.ts'
import type { FactRef, HostName, Json } from '../../plan/step.ts'
import { isObject, member } from '../os/text.ts'

/** A node of the swarm as its managers know it. */
export interface FoundNode {
  readonly id: string
  readonly hostname: HostName
  readonly role: string
  /** Null: the managers do not know it. */
  readonly address: string | null
  readonly os: string
}

/** The administrator that questions behind a login are put as. */
export interface Admin {
  readonly username: string
  readonly password: { readonly secret: string }
}

/** What is asked of the manager whose address a person gave. */
export function firstQuestions(host: HostName): readonly FactRef[] {
  return ['os.machine', 'docker.swarm', 'docker.members'].map(fact => ({ fact, host }))
}

/** The nodes, sorted by hostname; undefined when the host did not name any: it is no manager, or there is no leader. */
export function nodesOf(host: HostName, facts: Facts): readonly FoundNode[] | undefined {
  const seen = facts.get(factKey({ fact: 'docker.members', host }))
  return Array.isArray(seen) && seen.length > 0 ? seen : undefined
}

/** What is asked of every node. */
export function nodeQuestions(hosts: readonly HostName[]): readonly FactRef[] {
  return hosts.flatMap(host => [
    ...[
      'os.machine',
      'docker.engine',
      'docker.swarm',
      'ucp.node',
      'ucp.front',
      'dtr.replica',
      'dtr.ports',
    ].map(fact => ({
      fact,
      host,
    })),
    { fact: 'docker.config', host, args: { name: 'com.docker.license' } },
  ])
}

/** A replica that a host carries. */
export interface FoundReplica {
  readonly host: HostName
  readonly id: string
  readonly version: string
  readonly running: boolean
  readonly httpPort: number | undefined
  readonly httpsPort: number | undefined
  readonly repository: string
}

export function replicasOf(hosts: readonly HostName[], facts: Facts): readonly FoundReplica[] {
  return hosts.flatMap(host => {
    const parts = facts.get(factKey({ fact: 'dtr.replica', host }))
    const fronts = facts.get(factKey({ fact: 'dtr.ports', host }))
    return Object.entries(isObject(parts) ? parts : {})
      .filter(([, part]) => Number(member(part, 'containers') ?? 0) > 0)
      .map(([id, part]) => {
        const front = member(fronts, id)
        const version = member(part, 'version')
        const repository = member(front, 'repository')
        return {
          host,
          id,
          version: typeof version === 'string' ? version : '',
          running: member(part, 'running') === true,
          httpPort: numberOf(member(front, 'httpPort')),
          httpsPort: numberOf(member(front, 'httpsPort')),
          repository: typeof repository === 'string' ? repository : '',
        }
      })
  })
}

/** UCP's port on the first host that tells one. */
export function controllerPort(hosts: readonly HostName[], facts: Facts): number | undefined {
  return hosts
    .map(host => numberOf(member(facts.get(factKey({ fact: 'ucp.front', host })), 'port')))
    .find(port => port)
}

/** What only the products themselves tell: names of UCP's certificate, and with a login the settings of the registry. */
export function productQuestions(
  hosts: readonly HostName[],
  facts: Facts,
  admin: Admin | undefined,
): readonly FactRef[] {
  const port = controllerPort(hosts, facts)
  const managers = hosts.filter(host => isObject(facts.get(factKey({ fact: 'ucp.front', host }))))
  return [
    ...(port === undefined ? [] : managers.map(host => ({ fact: 'ucp.webnames', host, args: { port } }))),
    ...replicasOf(hosts, facts).flatMap(replica =>
      admin === undefined || replica.httpsPort === undefined
        ? []
        : [settingsOf(replica.host, replica.httpsPort, admin)],
    ),
  ]
}

/** `dtr.settings` through one replica. */
export function settingsOf(host: HostName, port: number, { username, password }: Admin): FactRef {
  return { fact: 'dtr.settings', host, args: { port, username, password: { ...password } } }
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}
