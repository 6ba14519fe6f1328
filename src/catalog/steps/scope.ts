import { factKey, type Facts } from '../../plan/fact.ts'
import type { Host, HostName, Json } from '../../plan/step.ts'
import type { Plain } from '../../playbook/steps.ts'
import type { Topology } from '../../playbook/topology.ts'
import { isObject } from '../os/text.ts'

/** What expressions and templates can see. Templates get it as it is; expressions get whole numbers as CEL's int. */
export interface Scope {
  readonly host: HostView
  /** Undefined: not known. */
  readonly machine: { readonly [name: string]: Json } | undefined
  readonly vars: { readonly [name: string]: Plain }
  readonly hosts: readonly HostView[]
  readonly roles: { readonly [role: string]: readonly HostName[] }
}

/** A host as the playbook has it. Nothing secret and nothing of how we log in. */
export interface HostView {
  readonly name: HostName
  readonly address: string
  readonly port: number
  readonly user: string
  readonly roles: readonly string[]
  readonly site?: string
}

/** CEL types of what stands in a scope. `vars` are typed by their values. */
export const hostTypes = {
  name: 'string',
  address: 'string',
  port: 'int',
  user: 'string',
  roles: 'list<string>',
  site: 'string',
} as const

/** What `os.machine` answers. */
export const machineTypes = {
  hostname: 'string',
  distribution: 'string',
  release: 'string',
  cpus: 'int',
  memoryMb: 'int',
  curl: 'bool',
  root: 'bool',
} as const

export function scopeOf(topology: Topology, host: HostName, facts: Facts): Scope {
  const machine = facts.get(factKey({ fact: 'os.machine', host }))
  const own = topology.hosts[host]
  if (own === undefined) throw new Error(`no host is called ${host}`)
  return {
    host: viewOf(own),
    machine: isObject(machine) ? machine : undefined,
    vars: topology.vars ?? {},
    hosts: viewsOf(topology.hosts),
    roles: topology.roles,
  }
}

/** Every step on every host sees all hosts: the views of a playbook's hosts are made once. */
const views = new WeakMap<Topology['hosts'], readonly HostView[]>()

function viewsOf(hosts: Topology['hosts']): readonly HostView[] {
  const known = views.get(hosts)
  if (known !== undefined) return known
  const made = Object.keys(hosts)
    .sort()
    .flatMap(name => hosts[name] ?? [])
    .map(viewOf)
  views.set(hosts, made)
  return made
}

function viewOf({ name, address, port, user, roles, site }: Host): HostView {
  return { name, address, port, user, roles, ...(site !== undefined && { site }) }
}
