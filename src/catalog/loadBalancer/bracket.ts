import type { HostName, Op } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { filled, listed, named, serversAre } from './facts.ts'
import { activate } from './plays/managed.ts'
import { type Pool, pools } from './pools.ts'
import { rendered } from './rendered.ts'
import { haproxySet } from './scripts.ts'

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
