import { type Facts, factKey } from '../../plan/fact.ts'
import type { HostName, Op } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { isObject, member } from '../os/text.ts'
import { filled, listed, named, serversAre } from './facts.ts'
import { activate } from './plays/managed.ts'
import { type Pool, pools } from './pools.ts'
import { rendered } from './rendered.ts'
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

function byCommand(
  spec: Extract<NonNullable<Topology['loadBalancer']>, { kind: 'external' }>,
  pool: Pool,
  host: HostName,
  way: 'in' | 'out',
): readonly Op[] {
  const server = pool.servers.find(one => one.host === host)
  if (!server) return []
  const words = filled(way === 'in' ? spec.add : spec.remove, { product: pool.product, ...server })
  const argv = named(way === 'in' ? 'add' : 'remove', pool.product, host, words)
  const op: Op = { exec: { argv }, timeoutSeconds: 120, on: spec.host }
  return way === 'in' ? [op, { await: [listed(spec, pool.product, host)], withinSeconds: 60 }] : [op]
}

/**
 * Ops that take a host out of DTR's pools as the running balancers have them, and let its transfers end: for a replica that the
 * playbook may no longer name. Facts say which balancer knows it; one that does not needs nothing.
 */
export function takeOut(topology: Topology, facts: Facts, host: HostName): readonly Op[] {
  const spec = topology.loadBalancer
  if (!spec?.dtr) return []
  if (spec.kind === 'external') {
    const seen = facts.get(factKey(listed(spec, 'dtr', host)))
    if (member(seen, host) !== true) return []
    const address = topology.hosts[host]?.address ?? host
    const words = filled(spec.remove, { product: 'dtr', host, address, port: portOf(topology, host) })
    return [{ exec: { argv: named('remove', 'dtr', host, words) }, timeoutSeconds: 120, on: spec.host }]
  }
  return spec.hosts.flatMap((on): readonly Op[] => {
    if (spec.kind === 'nginx') {
      return (facts.get(factKey({ fact: 'loadBalancer.nginx', host: on })) ?? null) === null
        ? []
        : activate(rendered(topology, spec, [host]), on)
    }
    const pools = member(facts.get(factKey({ fact: 'loadBalancer.haproxy', host: on })), 'servers')
    const servers = Object.entries(isObject(pools) ? pools : {})
      .filter(([pool, known]) => pool.startsWith('dtr') && member(known, host) !== undefined)
      .map(([pool]) => `${pool}/${host}`)
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

/** Transfers in hand get this long to end before a replica goes; a client whose transfer is cut tries again. */
const TRANSFERS_SECONDS = 120

function portOf({ dtr }: Topology, host: HostName): number {
  return dtr?.replicas.find(one => one.host === host)?.httpsPort ?? 443
}
