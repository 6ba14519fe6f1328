import { finder } from '../../plan/finder.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import type { Topology } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'
import { parseIpv4 } from '../cidr.ts'

export const pages: readonly RulePage[] = [
  {
    code: 'RB0331',
    severity: 'error',
    title: 'Two hosts with one address',
    why: 'Every node has a fixed address of its own, by which the others know it. Two names with one address are one machine, or a slip. [D: ee/ucp/admin/install/plan-installation.md]',
    fix: 'Correct the address, or make one host of the two.',
    acceptable: true,
  },
  {
    code: 'RB0332',
    severity: 'error',
    title: 'Two hosts with one name',
    why: 'Host names are unique in a cluster; case does not count, and m1 and m1.example.com are the same to people and to tools. [L: validate hosts phase]',
    fix: 'Rename one of them, on the machine too.',
  },
  {
    code: 'RB0333',
    severity: 'warning',
    title: 'Short and full names mixed',
    why: 'Names of nodes should be all short or all fully qualified: tools look nodes up by the name that `docker node ls` shows. [D: ee/ucp/admin/install/plan-installation.md]',
    fix: 'Choose one of the two ways for all nodes.',
    acceptable: true,
  },
  {
    code: 'RB0334',
    severity: 'warning',
    title: 'A node without a fixed address',
    why: 'UCP asks for a static IP address for every node, and its installer advertises an address, not a name. [D: ee/ucp/admin/install/plan-installation.md, reference/ucp/3.2/cli/install.md]',
    fix: 'Write the IP address.',
    acceptable: true,
  },
  {
    code: 'RB0335',
    severity: 'error',
    title: 'Not an address',
    why: 'Four numbers with dots are an IPv4 address only when each is at most 255.',
    fix: 'Correct the number.',
  },
  {
    code: 'RB0406',
    severity: 'warning',
    title: 'The package is of another version than the engine',
    why: 'All nodes must have one engine version; the package that would be installed is not that one. [D: ee/ucp/admin/install/index.md]',
    fix: 'Make `docker.version` and the version in `docker.install.packages` agree.',
    acceptable: true,
  },
]

const find = finder(pages)

/** What can be said about hosts and engine from the playbook alone. */
export function rules(topology: Topology): readonly Finding[] {
  return settle(topology, pages, [...addresses(topology), ...names(topology), ...packages(topology)])
}

function addresses({ hosts, docker }: Topology): readonly Finding[] {
  const first = new Map<string, string>()
  return Object.values(hosts).flatMap(({ name, address }) => {
    const path = ['hosts', name, 'address']
    const before = first.get(address)
    first.set(address, before ?? name)
    if (before !== undefined)
      return [
        find(
          'RB0331',
          path,
          `'${name}' has the address of '${before}', ${address}`,
          'give each its own, or delete one',
        ),
      ]
    if (/^[\d.]+$/.test(address) && parseIpv4(address) === undefined)
      return [find('RB0335', path, `${address} is no IP address`, 'four numbers from 0 to 255 with dots')]
    const isFixed = parseIpv4(address) !== undefined || address.includes(':')
    if (!isFixed && docker.hosts.includes(name))
      return [
        find(
          'RB0334',
          path,
          `node '${name}' has a name where its fixed address should be`,
          `write the IP address of ${address}`,
        ),
      ]
    return []
  })
}

function names({ hosts, docker }: Topology): readonly Finding[] {
  const shorts = new Map<string, string>()
  const doubles = Object.keys(hosts).flatMap(name => {
    const isFull = name.includes('.')
    const short = name.toLowerCase().split('.')[0] ?? ''
    // Two full names may share their first part: m1.east and m1.west are two machines.
    const rivals = [...shorts].filter(
      ([other]) =>
        other.toLowerCase() === name.toLowerCase() ||
        ((!isFull || !other.includes('.')) && shorts.get(other) === short),
    )
    shorts.set(name, short)
    return rivals.map(([other]) =>
      find('RB0332', ['hosts', name], `'${name}' and '${other}' are the same name`, 'rename one of them'),
    )
  })
  const full = docker.hosts.filter(name => name.includes('.'))
  const odd = full.length * 2 > docker.hosts.length ? docker.hosts.filter(name => !name.includes('.')) : full
  const [example] = odd
  if (example === undefined || odd.length === docker.hosts.length) return doubles
  return [
    ...doubles,
    find(
      'RB0333',
      ['hosts', example],
      `'${example}' is a ${example.includes('.') ? 'full' : 'short'} name, most nodes have the other kind`,
      'use one kind for all',
    ),
  ]
}

function packages({ docker }: Topology): readonly Finding[] {
  return (docker.install?.packages ?? []).flatMap((written, i) => {
    const engine =
      /^(?:docker-ee|docker-ce|docker-engine|docker\.io|moby-engine)[=-](?:\d+:)?(\d[\w.]*)/.exec(
        written,
      )?.[1]
    if (engine === undefined || engine === docker.version || engine.startsWith(`${docker.version}.`))
      return []
    return [
      find(
        'RB0406',
        ['docker', 'install', 'packages', i],
        `this installs ${engine}, and 'docker.version' is ${docker.version}`,
        'make the two agree',
      ),
    ]
  })
}
