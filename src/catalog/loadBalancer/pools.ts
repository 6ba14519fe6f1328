import type { HostName } from '../../plan/step.ts'
import type { Frontend, LoadBalancerSpec, Topology } from '../../playbook/topology.ts'

/** A balancer we configure ourselves. */
export type ManagedSpec = Extract<LoadBalancerSpec, { kind: 'haproxy' | 'nginx' }>
/** A balancer somebody else owns, reached by commands. */
export type ExternalSpec = Extract<LoadBalancerSpec, { kind: 'external' }>

export interface Server {
  /** The playbook's host name: also the server's name in the balancer. */
  readonly host: HostName
  readonly address: string
  readonly port: number
  /** Where `/_ping` answers over TLS; may differ from `port`. */
  readonly checkPort: number
}

/** One port in front, the servers behind it. */
export interface Pool {
  /** 'dtr_https': name of frontend and backend. */
  readonly name: string
  readonly product: 'ucp' | 'dtr'
  readonly bind: string
  readonly port: number
  /** Name clients use: sent as Host with each check, as products refuse names they do not know. */
  readonly clientName: string
  readonly servers: readonly Server[]
}

/**
 * All pools in a stable order: UCP's controller port and Kubernetes' 6443, DTR's TLS port and plain 80 (it only
 * redirects) [D: use-a-load-balancer.md of both products]. TLS is passed through, never terminated.
 */
export function pools(topology: Topology): readonly Pool[] {
  const { loadBalancer, ucp, dtr } = topology
  if (!loadBalancer) return []
  const all: Pool[] = []
  if (loadBalancer.ucp && ucp) {
    const { controllerPort } = ucp
    const servers = (port: number) => ucp.managers.map(host => server(topology, host, port, controllerPort))
    all.push(pool('ucp_https', 'ucp', loadBalancer.ucp, loadBalancer.ucp.port, servers(controllerPort)))
    all.push(pool('ucp_kube', 'ucp', loadBalancer.ucp, KUBE_PORT, servers(KUBE_PORT)))
  }
  if (loadBalancer.dtr && dtr) {
    const front = loadBalancer.dtr
    const https = dtr.replicas.map(one => server(topology, one.host, one.httpsPort, one.httpsPort))
    const http = dtr.replicas.map(one => server(topology, one.host, one.httpPort, one.httpsPort))
    all.push(pool('dtr_https', 'dtr', front, front.port, https))
    // Somebody else may own 80 on that address: the plain port is a convenience, not worth a clash.
    const taken = all.some(
      one => one.port === 80 && (one.bind === front.bind || one.bind === '*' || front.bind === '*'),
    )
    if (!taken) all.push(pool('dtr_http', 'dtr', front, 80, http))
  }
  return all
}

const KUBE_PORT = 6443

function pool(
  name: string,
  product: Pool['product'],
  front: Frontend,
  port: number,
  servers: readonly Server[],
): Pool {
  return { name, product, bind: front.bind, port, clientName: front.name, servers }
}

function server(topology: Topology, host: HostName, port: number, checkPort: number): Server {
  return { host, address: topology.hosts[host]?.address ?? host, port, checkPort }
}

/** `address:port` as both balancers write it; '*' stands for all addresses, IPv6 gets its brackets. */
export function endpoint(address: string, port: number): string {
  return `${address.includes(':') && !address.startsWith('[') ? `[${address}]` : address}:${port}`
}
