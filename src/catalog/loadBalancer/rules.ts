import { finder } from '../../plan/finder.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import type { LoadBalancerSpec, Topology } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'
import { interlockPorts, managerPorts, nodePorts } from '../ports.ts'
import { urlPages, urlRules } from './url-rules.ts'

const ownPages: readonly RulePage[] = [
  {
    code: 'RB0601',
    severity: 'error',
    title: 'UCP and DTR on one port of one address',
    why: 'Both use TLS that a balancer must not open, so it cannot tell which of the two a connection is for. [D: ee/ucp/admin/configure/join-nodes/use-a-load-balancer.md, ee/dtr/admin/configure/use-a-load-balancer.md]',
    fix: 'Give one of them another port, or each its own address by `bind`.',
  },
  {
    code: 'RB0602',
    severity: 'error',
    title: 'The balancer’s port is taken on its host',
    why: 'A host of the cluster already listens on the ports of UCP, of its replica and of Interlock. [D: ee/ucp/admin/install/system-requirements.md]',
    fix: 'Put the balancer on a host of its own, or on another port.',
  },
  {
    code: 'RB0603',
    severity: 'warning',
    title: 'The balancer shares a host with the cluster',
    why: 'One loss then takes a member and the way to all others. The reference layout has balancers apart. [KB: Docker EE best practices]',
    fix: 'Put the balancer on a host of its own.',
    acceptable: true,
  },
  {
    code: 'RB0611',
    severity: 'warning',
    title: 'Several replicas, no balancer',
    why: 'Clients know one name; without a balancer behind it the loss of one replica is felt although the others work. [D: ee/dtr/admin/configure/use-a-load-balancer.md]',
    fix: 'Add a `loadBalancer` with a `dtr` name. Neither product brings one. Use kind `external` for one that is not ours.',
    acceptable: true,
  },
  {
    code: 'RB0612',
    severity: 'note',
    title: 'Several managers, no balancer',
    why: 'UCP is then reached by the name of one manager at a time. [D: ee/ucp/admin/configure/join-nodes/use-a-load-balancer.md]',
    fix: 'Add a `ucp` name to the balancer.',
  },
  {
    code: 'RB0613',
    severity: 'note',
    title: 'NGINX does not ask for health',
    why: 'Open-source NGINX has no active checks for TCP: a replica that takes connections but fails its health check stays in the pool. [inferred from D: ee/dtr/admin/configure/use-a-load-balancer.md]',
    fix: 'Use haproxy where you have the choice.',
  },
  {
    code: 'RB0614',
    severity: 'error',
    title: 'The command does not say which member',
    why: 'A command for an external balancer is run once for each member and product; without the words {host} or {address}, and {product} where it serves both, every run would be the same.',
    fix: 'Put the words in.',
  },
  {
    code: 'RB0615',
    severity: 'note',
    title: 'One balancer host',
    why: 'When it is lost nothing is reached, though all members work. [H: two HAProxy nodes with keepalived]',
    fix: 'Name two hosts and let a virtual address or DNS lead to either.',
  },
  {
    code: 'RB0616',
    severity: 'warning',
    title: 'A name for a product that is not there',
    why: 'The balancer would listen on a port with no member behind it.',
    fix: 'Delete the name, or add the product.',
  },
]

export const pages: readonly RulePage[] = [...ownPages, ...urlPages]

const find = finder(ownPages)

/** What can be said about the balancer from the playbook alone. */
export function rules(topology: Topology): readonly Finding[] {
  const { loadBalancer: balancer } = topology
  return settle(topology, pages, [
    ...absent(topology),
    ...urlRules(topology),
    ...(balancer === undefined
      ? []
      : [
          ...shared(balancer),
          ...useless(topology, balancer),
          ...(balancer.kind === 'external' ? words(balancer) : places(topology, balancer)),
        ]),
  ])
}

function absent({ ucp, dtr, loadBalancer }: Topology): readonly Finding[] {
  const replicas = dtr?.replicas.length ?? 0
  const managers = ucp?.managers.length ?? 0
  return [
    ...(replicas > 1 && loadBalancer?.dtr === undefined
      ? [
          find(
            'RB0611',
            ['dtr', 'replicas'],
            `${replicas} replicas, and no balancer in front of them`,
            "add 'loadBalancer' with a 'dtr' name",
          ),
        ]
      : []),
    ...(managers > 1 && loadBalancer?.ucp === undefined
      ? [
          find(
            'RB0612',
            ['ucp', 'managers'],
            `${managers} managers, and no balancer in front of them`,
            "add 'loadBalancer' with a 'ucp' name",
          ),
        ]
      : []),
  ]
}

function shared({ kind, ucp, dtr }: LoadBalancerSpec): readonly Finding[] {
  if (ucp === undefined || dtr === undefined || ucp.port !== dtr.port) return []
  const meet =
    kind === 'external'
      ? ucp.name.toLowerCase() === dtr.name.toLowerCase()
      : ucp.bind === dtr.bind || ucp.bind === '*' || dtr.bind === '*'
  if (!meet) return []
  return [
    find(
      'RB0601',
      ['loadBalancer', 'dtr'],
      `UCP and DTR would share port ${dtr.port} on one address`,
      "give one of them another 'port', or each its own 'bind' address",
    ),
  ]
}

function useless({ ucp, dtr }: Topology, balancer: LoadBalancerSpec): readonly Finding[] {
  const products = { ucp, dtr }
  return (['ucp', 'dtr'] as const)
    .filter(product => balancer[product] !== undefined && products[product] === undefined)
    .map(product =>
      find(
        'RB0616',
        ['loadBalancer', product],
        `the balancer has a name for '${product}', which this playbook does not install`,
        `delete it, or add '${product}'`,
      ),
    )
}

function words({ add, remove, list, ucp, dtr }: LoadBalancerSpec & { kind: 'external' }): readonly Finding[] {
  const serves = ucp !== undefined && dtr !== undefined
  return Object.entries({ add, remove, list }).flatMap(([verb, argv]) => {
    const text = argv.join(' ')
    const path = ['loadBalancer', verb]
    if (verb !== 'list' && !/\{(?:host|address)\}/.test(text))
      return [
        find(
          'RB0614',
          path,
          `'${verb}' does not say which member: it has neither {host} nor {address}`,
          'add one of the two words',
        ),
      ]
    if (serves && !text.includes('{product}'))
      return [
        find(
          'RB0614',
          path,
          `'${verb}' does not say for which product, and the balancer serves both`,
          'add the word {product}',
        ),
      ]
    return []
  })
}

function places(
  topology: Topology,
  balancer: LoadBalancerSpec & { kind: 'haproxy' | 'nginx' },
): readonly Finding[] {
  const findings: Finding[] = balancer.hosts.flatMap((host, i) => {
    const path = ['loadBalancer', 'hosts', i]
    for (const product of ['ucp', 'dtr'] as const) {
      const port = balancer[product]?.port
      const use = port === undefined ? undefined : useOf(topology, host, port)
      if (use !== undefined)
        return [
          find(
            'RB0602',
            path,
            `port ${port ?? 0} of '${host}' is taken already: ${use}`,
            'put the balancer on a host of its own, or on another port',
          ),
        ]
    }
    if (!topology.docker.hosts.includes(host)) return []
    return [
      find(
        'RB0603',
        path,
        `'${host}' is a node of the cluster too: its loss takes the way to all others with it`,
        'put the balancer on a host of its own',
      ),
    ]
  })
  const isHa = (topology.dtr?.replicas.length ?? 0) >= 3 || (topology.ucp?.managers.length ?? 0) >= 3
  if (balancer.hosts.length === 1 && isHa)
    findings.push(
      find(
        'RB0615',
        ['loadBalancer', 'hosts'],
        'one balancer host: when it is lost nothing is reached',
        'name two, with a virtual address or DNS in front',
      ),
    )
  if (balancer.kind === 'nginx')
    findings.push(
      find(
        'RB0613',
        ['loadBalancer', 'kind'],
        'NGINX keeps members that take connections but are not healthy',
        'haproxy asks each member',
      ),
    )
  return findings
}

function useOf({ ucp, dtr, docker }: Topology, host: string, port: number): string | undefined {
  if (!docker.hosts.includes(host)) return undefined
  if (ucp?.managers.includes(host)) {
    const use = port === ucp.controllerPort ? 'UCP controller' : managerPorts[port]
    if (use !== undefined) return use
  }
  const replica = dtr?.replicas.find(one => one.host === host)
  if (replica !== undefined && (port === replica.httpPort || port === replica.httpsPort)) return 'DTR replica'
  return (
    nodePorts[port] ?? (interlockPorts.includes(port) ? 'Interlock, once layer 7 routing is on' : undefined)
  )
}
