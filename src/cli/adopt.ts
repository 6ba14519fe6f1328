import { balancerQuestions } from '../catalog/adopt/balancer.ts'
import { draftOf } from '../catalog/adopt/draft.ts'
import {
  type Admin,
  firstQuestions,
  nodeQuestions,
  nodesOf,
  productQuestions,
} from '../catalog/adopt/questions.ts'
import { products } from '../catalog/index.ts'
import { type Facts, factKey } from '../plan/fact.ts'
import type { FactRef, HostName, Json } from '../plan/step.ts'
import type { Draft } from '../playbook/draft.ts'
import { publicRepository } from '../playbook/images.ts'
import { resolve as resolvePlaybook } from '../playbook/resolve.ts'
import type { HostSpec, SshDefaults } from '../playbook/schema.gen.ts'
import type { Topology } from '../playbook/topology.ts'
import { observe } from '../run/observe.ts'
import { openSessions, type Sessions, type World } from '../run/world.ts'
import { clean } from '../views/clean.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'
import { fetchSecrets } from './secrets.ts'
import { realWorld } from './world.ts'

/** Where a cluster is found, and as whom. */
export interface Seed {
  readonly address: string
  readonly ssh: SshDefaults
  readonly admin: Admin
  /** The playbook's name; without it that of the last run the manager remembers. */
  readonly name?: string
  /** Hosts that are no nodes of the swarm: balancers, by name with their address. */
  readonly balancers?: { readonly [name: HostName]: string }
  /** The folder the playbook will be in: `file:` references are relative to it. */
  readonly folder: string
  readonly head: readonly string[]
}

/** How a world is made for hosts: the real one, or the twin's. */
export type MakeWorld = (
  topology: Pick<Topology, 'hosts' | 'ssh'>,
  secret: (reference: string) => string,
) => World

/** Real hosts, to be looked at only. */
export function lookingAt(folder: string, io: Io): MakeWorld {
  return ({ hosts, ssh }, secret) => realWorld({ hosts, ssh, folder, products, secret, may: 'look', io })
}

/**
 * Reads a cluster that runs, starting from one manager, and drafts the playbook that declares it. Nothing is changed: the sessions can only look.
 * @throws Quit when the manager cannot be asked, or is none
 */
export async function adopt(seed: Seed, make: MakeWorld, io: Io): Promise<Draft> {
  const login = await loginOf(seed, io)
  const only = hostsOf({ [seed.address]: { address: seed.address } }, seed.ssh)
  const first = await ask(only, firstQuestions(seed.address), make, login.secret, async sessions =>
    rememberedName(await (await sessions.to(seed.address)).audit?.(LINES)),
  )
  const [unreachable] = Object.values(first.unreachable)
  if (unreachable !== undefined) throw new Quit('unreachable', unreachable.message, unreachable.help)
  const nodes = nodesOf(seed.address, first.facts)
  if (nodes === undefined) throw noManager(seed.address, first.facts)
  const own = memberOf(first.facts.get(factKey({ fact: 'docker.swarm', host: seed.address })), 'nodeId')
  // The manager that was asked is reached as it was; the others by the addresses that it knows them by.
  const reached = nodes
    .filter(node => node.os.toLowerCase() !== 'windows')
    .map((node): [HostName, HostSpec] => [
      node.hostname,
      { address: node.id === own ? seed.address : (node.address ?? node.hostname) },
    ])
  const balancers = Object.entries(seed.balancers ?? {})
  const also = balancers.map(([name, address]): [HostName, HostSpec] => [name, { address }])
  const all = hostsOf(Object.fromEntries([...reached, ...also]), seed.ssh)
  const names = reached.map(([name]) => name)
  const world = make(all, login.secret)
  const sessions = openSessions(all.hosts, world.connect)
  try {
    const seen = await observe(
      [...nodeQuestions(names), ...balancerQuestions(balancers.map(([name]) => name))],
      world,
      sessions,
    )
    const asked = names.filter(name => !seen.unreachable.has(name))
    const admin = login.why === undefined ? seed.admin : undefined
    const more = await observe(productQuestions(asked, seen.facts, admin), world, sessions)
    const name = seed.name ?? first.extra ?? 'cluster'
    return draftOf({
      name,
      nameFrom:
        seed.name !== undefined
          ? 'the name that was given'
          : first.extra !== undefined
            ? `the name under which ${seed.address} was last worked on by runbook`
            : 'made up: runbook has not worked on this manager before; any name will do',
      ssh: seed.ssh,
      nodes,
      balancers: seed.balancers ?? {},
      unreachable: Object.fromEntries(
        [...seen.unreachable].map(([host, error]) => [host, clean(error.message)]),
      ),
      admin: seed.admin,
      ...(login.why !== undefined && { noLogin: login.why }),
      facts: new Map([...first.facts, ...seen.facts, ...more.facts]),
      publicRepository,
      head: seed.head,
    })
  } finally {
    await sessions.closeAll()
  }
}

const LINES = 50

/** The administrator's password is read when it is there; without it, what needs a login is left to the person. */
async function loginOf(
  { admin, folder }: Seed,
  io: Io,
): Promise<{ readonly secret: (reference: string) => string; readonly why?: string }> {
  try {
    return { secret: await fetchSecrets([admin.password.secret], { env: io.env, folder }) }
  } catch (error) {
    if (!(error instanceof Quit)) throw error
    const why = `nobody logged in, since ${admin.password.secret} could not be read`
    return { secret: await fetchSecrets([], { env: io.env, folder }), why }
  }
}

/** With the defaults that a playbook would have. */
function hostsOf(
  hosts: { readonly [name: HostName]: HostSpec },
  ssh: SshDefaults,
): Pick<Topology, 'hosts' | 'ssh'> {
  return resolvePlaybook(
    { runbook: 1, name: 'found', ssh, hosts, docker: { version: '19.03' } },
    () => 'missing',
  ).topology
}

interface First<T> {
  readonly facts: Facts
  readonly unreachable: { readonly [host: HostName]: { readonly message: string; readonly help: string } }
  readonly extra: T | undefined
}

async function ask<T>(
  topology: Pick<Topology, 'hosts' | 'ssh'>,
  refs: readonly FactRef[],
  make: MakeWorld,
  secret: (reference: string) => string,
  extra: (sessions: Sessions) => Promise<T>,
): Promise<First<T>> {
  const world = make(topology, secret)
  const sessions = openSessions(topology.hosts, world.connect)
  try {
    const { facts, unreachable } = await observe(refs, world, sessions)
    const told = [...unreachable].map(([host, error]): [string, { message: string; help: string }] => [
      host,
      { message: clean(error.message), help: clean(error.help) },
    ])
    return {
      facts,
      unreachable: Object.fromEntries(told),
      extra: unreachable.size > 0 ? undefined : await extra(sessions),
    }
  } finally {
    await sessions.closeAll()
  }
}

/** The cluster's name on the newest line of a host's audit log that has one. */
function rememberedName(log: string | undefined): string | undefined {
  const lines = (log ?? '').split('\n').reverse()
  for (const line of lines) {
    const found = /"name":"([A-Za-z0-9][A-Za-z0-9._-]*)"/.exec(line)?.[1]
    if (found !== undefined) return found
  }
  return undefined
}

function noManager(address: string, facts: Facts): Quit {
  const seen = facts.get(factKey({ fact: 'docker.swarm', host: address }))
  if (memberOf(seen, 'manager') === true)
    return new Quit(
      'refused',
      `${address} is a manager, and its swarm has no leader: nobody can tell who belongs to it`,
      'bring managers back first',
    )
  const state = memberOf(seen, 'state')
  return new Quit(
    'usage',
    `${address} is no manager of a swarm${typeof state === 'string' ? ` (its engine says: ${state === 'active' ? 'a worker' : state})` : ''}`,
    'name a manager: --from ssh://USER@MANAGER',
  )
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json })[name]
    : undefined
}
