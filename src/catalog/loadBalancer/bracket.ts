import { type Facts, factKey } from '../../plan/fact.ts'
import type { Check, HostName, Op } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { isObject, member } from '../os/text.ts'
import { filled, listed, named, serversAre } from './facts.ts'
import { activate } from './plays/managed.ts'
import { type ExternalSpec, type Pool, pools } from './pools.ts'
import { activeChecks, rendered } from './rendered.ts'
import { haproxyIdle, haproxySet } from './scripts.ts'

/**
 * Ops that take a host out of every pool before something is done to it, to stand in the same step as what is done and
 * `enable`. HAProxy: state drain by its runtime socket, connections in hand go on. NGINX: configuration with the server
 * marked down. External: the playbook's remove command. Empty without a balancer or when the host is in no pool.
 */
export function drain(topology: Topology, host: HostName): readonly Op[] {
  return turn(topology, host, 'out')
}

/** Ops that put the host back and, where the balancer can tell, wait until it takes connections again. */
export function enable(topology: Topology, host: HostName): readonly Op[] {
  return turn(topology, host, 'in')
}

function turn(topology: Topology, host: HostName, way: 'in' | 'out'): readonly Op[] {
  const spec = topology.loadBalancer
  const own = pools(topology).filter(pool => pool.servers.some(server => server.host === host))
  if (!spec || own.length === 0) return []
  if (spec.kind === 'external') {
    return own.filter(pool => pool.name.endsWith('_https')).flatMap(pool => byCommand(spec, pool, host, way))
  }
  return spec.hosts.flatMap((on): readonly Op[] => {
    if (spec.kind === 'nginx') return activate(rendered(topology, spec, way === 'out' ? [host] : []), on)
    const servers = own.map(pool => `${pool.name}/${host}`)
    const state = way === 'out' ? 'drain' : 'ready'
    return [
      {
        exec: { argv: ['sh', '-c', haproxySet, 'runbook-haproxy-set', state, ...servers] },
        timeoutSeconds: 30,
        on,
      },
      {
        await: [serversAre(on, own, way === 'out' ? 'drain' : 'up', host)],
        withinSeconds: way === 'out' ? 10 : 120,
      },
    ]
  })
}

function byCommand(spec: ExternalSpec, pool: Pool, host: HostName, way: 'in' | 'out'): readonly Op[] {
  const server = pool.servers.find(one => one.host === host)
  if (!server) return []
  const words = filled(way === 'in' ? spec.add : spec.remove, { product: pool.product, ...server })
  const argv = named(way === 'in' ? 'add' : 'remove', pool.product, host, words)
  const op: Op = { exec: { argv }, timeoutSeconds: 120, on: spec.host }
  return way === 'in' ? [op, { await: [listed(spec, pool.product, host)], withinSeconds: 60 }] : [op]
}

type Front = Pool['product']

/**
 * Ops that take a host out of its pools as the running balancers have them, and let its transfers end: for a host that the playbook may no
 * longer name there. Facts say which balancer knows it; one that does not needs nothing. @param of whose pools, DTR's without it
 */
export function takeOut(
  topology: Topology,
  facts: Facts,
  host: HostName,
  of: readonly Front[] = ['dtr'],
): readonly Op[] {
  const spec = topology.loadBalancer
  if (spec === undefined) return []
  if (spec.kind === 'external')
    return externalMembers(topology, spec, facts, host, of).map(member =>
      byWords(spec, 'remove', member, host),
    )
  return spec.hosts.flatMap((on): readonly Op[] => {
    if (spec.kind === 'nginx')
      return knownToNginx(topology, facts, on, host, of) ? activate(rendered(topology, spec, [host]), on) : []
    const servers = knownServers(facts, on, host, of)
    if (servers.length === 0) return []
    return [
      {
        exec: { argv: ['sh', '-c', haproxySet, 'runbook-haproxy-set', 'drain', ...servers] },
        timeoutSeconds: 30,
        on,
      },
      {
        exec: {
          argv: ['sh', '-c', haproxyIdle, 'runbook-haproxy-idle', String(TRANSFERS_SECONDS), ...servers],
        },
        timeoutSeconds: TRANSFERS_SECONDS + 30,
        on,
      },
    ]
  })
}

/** Ops that undo what `takeOut` of the same arguments does: the very servers that it took out, and waits until the balancer sends to them again. */
export function putBack(
  topology: Topology,
  facts: Facts,
  host: HostName,
  of: readonly Front[] = ['dtr'],
): readonly Op[] {
  const spec = topology.loadBalancer
  if (spec === undefined) return []
  if (spec.kind === 'external')
    return externalMembers(topology, spec, facts, host, of).flatMap((member): readonly Op[] => [
      byWords(spec, 'add', member, host),
      { await: [listed(spec, member.product, host)], withinSeconds: 60 },
    ])
  return spec.hosts.flatMap((on): readonly Op[] => {
    if (spec.kind === 'nginx')
      return knownToNginx(topology, facts, on, host, of) ? activate(rendered(topology, spec), on) : []
    const servers = knownServers(facts, on, host, of)
    if (servers.length === 0) return []
    const up = Object.fromEntries(servers.map(server => [server.split('/')[0] ?? '', { [host]: 'up' }]))
    return [
      {
        exec: { argv: ['sh', '-c', haproxySet, 'runbook-haproxy-set', 'ready', ...servers] },
        timeoutSeconds: 30,
        on,
      },
      { await: [{ fact: 'loadBalancer.haproxy', host: on, is: { servers: up } }], withinSeconds: 120 },
    ]
  })
}

/** `pool/host` for every pool of these products that the running HAProxy has the host in. */
function knownServers(facts: Facts, on: HostName, host: HostName, of: readonly Front[]): readonly string[] {
  const pools = member(facts.get(factKey({ fact: 'loadBalancer.haproxy', host: on })), 'servers')
  return Object.entries(isObject(pools) ? pools : {})
    .filter(([pool, known]) => of.some(one => pool.startsWith(one)) && member(known, host) !== undefined)
    .map(([pool]) => `${pool}/${host}`)
}

/** NGINX does not tell its servers: where it runs, the playbook's own pools say whether the host is anybody's. */
function knownToNginx(
  topology: Topology,
  facts: Facts,
  on: HostName,
  host: HostName,
  of: readonly Front[],
): boolean {
  const runs = (facts.get(factKey({ fact: 'loadBalancer.nginx', host: on })) ?? null) !== null
  if (!runs) return false
  if (!of.includes('ucp')) return topology.loadBalancer?.dtr !== undefined
  return pools(topology).some(
    pool => of.includes(pool.product) && pool.servers.some(server => server.host === host),
  )
}

interface ExternalMember {
  readonly product: Front
  readonly address: string
  readonly port: number
}

/** As what a host stands in somebody else's balancer now, by its own list. */
function externalMembers(
  topology: Topology,
  spec: ExternalSpec,
  facts: Facts,
  host: HostName,
  of: readonly Front[],
): readonly ExternalMember[] {
  const address = topology.hosts[host]?.address ?? host
  return of
    .filter(product => member(facts.get(factKey(listed(spec, product, host))), host) === true)
    .map(product => ({ product, address, port: portOf(topology, product, host) }))
}

function byWords(spec: ExternalSpec, verb: 'add' | 'remove', to: ExternalMember, host: HostName): Op {
  const words = filled(spec[verb], { ...to, host })
  return { exec: { argv: named(verb, to.product, host, words) }, timeoutSeconds: 120, on: spec.host }
}

/** Ops that put the balancers to a topology's pools and a host back into them, as it is there. */
export function renew(topology: Topology, facts: Facts, host: HostName): readonly Op[] {
  const spec = topology.loadBalancer
  if (!spec?.dtr) return []
  if (spec.kind === 'external') return enable(topology, host)
  return spec.hosts.flatMap((on): readonly Op[] => {
    const fact = spec.kind === 'haproxy' ? 'loadBalancer.haproxy' : 'loadBalancer.nginx'
    if ((facts.get(factKey({ fact, host: on })) ?? null) === null) return []
    const made = activate(rendered(topology, spec), on)
    if (spec.kind === 'nginx') return made
    const own = pools(topology).filter(pool => pool.servers.some(server => server.host === host))
    const servers = own.map(pool => `${pool.name}/${host}`)
    return [
      ...made,
      {
        exec: { argv: ['sh', '-c', haproxySet, 'runbook-haproxy-set', 'ready', ...servers] },
        timeoutSeconds: 30,
        on,
      },
      { await: [serversAre(on, own, 'up', host)], withinSeconds: 120 },
    ]
  })
}

/** What holds of the balancers when `renew` is through: they run the pools of that very topology. */
export function renewed(topology: Topology, facts: Facts): readonly Check[] {
  const spec = topology.loadBalancer
  if (!spec?.dtr || spec.kind === 'external') return []
  return spec.hosts.flatMap(on => {
    const fact = spec.kind === 'haproxy' ? 'loadBalancer.haproxy' : 'loadBalancer.nginx'
    if ((facts.get(factKey({ fact, host: on })) ?? null) === null) return []
    return activeChecks(on, spec, rendered(topology, spec))
  })
}

/** Transfers in hand get this long to end before a replica goes; a client whose transfer is cut tries again. */
const TRANSFERS_SECONDS = 120

function portOf({ dtr, ucp }: Topology, product: Front, host: HostName): number {
  if (product === 'ucp') return ucp?.controllerPort ?? 443
  return dtr?.replicas.find(one => one.host === host)?.httpsPort ?? 443
}
