import { finder } from '../../plan/finder.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import type { Topology, UcpSpec } from '../../playbook/topology.ts'
import { contains, overlaps, parseCidr, parseIpv4, showCidr } from '../cidr.ts'
import { flagValue } from '../extra-flags.ts'
import { managerPorts } from '../ports.ts'

/** The engine's own pool for overlay networks, when `swarm init` is not told another [L: validation of pools]. */
const swarmPool = '10.0.0.0/8'
/** What is taken from that pool without asking: the ingress network [G], and the registry's [O: captured installs]. */
const earlyOverlays = ['10.0.0.0/24', '10.1.0.0/24']
/** [D: plan-installation.md], [G] */
const bridges = ['172.17.0.0/16', '172.18.0.0/16']
/** [D: reference/ucp/3.2/cli/install.md] */
const serviceRangeDefault = '10.96.0.0/16'

export const networkPages: readonly RulePage[] = [
  {
    code: 'RB0701',
    severity: 'error',
    title: 'Pods and hosts share addresses',
    why: 'A host whose address lies in the range of the pods cannot be reached from them, and pods may answer in its place. [D: reference/ucp/3.2/cli/install.md]',
    fix: 'Choose a range for `ucp.podCidr` in which no host is.',
  },
  {
    code: 'RB0702',
    severity: 'error',
    title: 'Pods and overlay networks share addresses',
    why: 'With a pod range inside the pool of the swarm (10.0.0.0/8 unless `swarm init` was told another) an installation hangs or loses SSH after about twenty minutes. [L: comment in the validation phase]',
    fix: 'Choose a range outside 10.0.0.0/8. Accept the finding when the swarm stands already and has another pool.',
    acceptable: true,
  },
  {
    code: 'RB0703',
    severity: 'error',
    title: 'Pods and services share addresses',
    why: 'Kubernetes gives services addresses from 10.96.0.0/16, or from `--service-cluster-ip-range`; an address must mean one thing. [D: reference/ucp/3.2/cli/install.md]',
    fix: 'Keep the two ranges apart.',
  },
  {
    code: 'RB0704',
    severity: 'warning',
    title: 'Pods and the engine’s bridges share addresses',
    why: 'docker0 and docker_gwbridge have 172.17.0.0/16 and 172.18.0.0/16 unless the hosts are set up otherwise. [D: ee/ucp/admin/install/plan-installation.md]',
    fix: 'Choose another range, or accept the finding when the bridges were moved.',
    acceptable: true,
  },
  {
    code: 'RB0705',
    severity: 'error',
    title: 'Not an address range',
    why: 'A range is written by its first address and the number of fixed bits, as in 192.168.0.0/16.',
    fix: 'Correct it as the message says.',
  },
  {
    code: 'RB0707',
    severity: 'warning',
    title: 'A host where overlay networks begin',
    why: 'The swarm takes its overlay networks from 10.0.0.0/8, beginning with 10.0.0.0/24; the registry’s was seen at 10.1.0.0/24. A host in these ranges may become unreachable from containers; the registry’s subnet must not be in use on any of its hosts. [D: reference/dtr/2.7/cli/install.md], [O]',
    fix: 'Give the registry another `--overlay-subnet`, make the swarm with another pool, or accept the finding when either was done.',
    acceptable: true,
  },
  {
    code: 'RB0709',
    severity: 'error',
    title: 'A port that UCP needs for itself',
    why: 'UCP’s parts listen on fixed ports of every node: 2376, 2377, 6443, 6444, 7946, 9099, 10250 and 12376 to 12390. [D: ee/ucp/admin/install/system-requirements.md]',
    fix: 'Choose another port.',
  },
]

const find = finder(networkPages)

export function networkRules(topology: Topology, ucp: UcpSpec): readonly Finding[] {
  return [...podRange(topology, ucp), ...hostsInOverlays(topology), ...controllerPort(ucp)]
}

function podRange({ hosts, docker }: Topology, ucp: UcpSpec): readonly Finding[] {
  const path = ['ucp', 'podCidr']
  const pods = parseCidr(ucp.podCidr)
  if (pods === undefined)
    return [
      find(
        'RB0705',
        path,
        `${ucp.podCidr} is no address range`,
        'numbers from 0 to 255 with dots, and 0 to 32 behind the slash',
      ),
    ]
  if (showCidr(pods) !== ucp.podCidr)
    return [
      find(
        'RB0705',
        path,
        `${ucp.podCidr} is an address inside a range, not a range`,
        `write ${showCidr(pods)}`,
      ),
    ]
  const findings: Finding[] = []
  for (const name of docker.hosts) {
    const ip = parseIpv4(hosts[name]?.address ?? '')
    if (ip === undefined || !contains(pods, ip)) continue
    findings.push(
      find(
        'RB0701',
        path,
        `pods (${ucp.podCidr}) would get addresses of the hosts: '${name}' is ${hosts[name]?.address ?? ''}`,
        'choose a range in which no host is',
      ),
    )
    break
  }
  const clashes = (range: string) => {
    const other = parseCidr(range)
    return other !== undefined && overlaps(pods, other)
  }
  if (clashes(swarmPool))
    findings.push(
      find(
        'RB0702',
        path,
        `pods (${ucp.podCidr}) overlap the swarm's pool ${swarmPool}: the installation would hang`,
        'choose a range outside it, as the default 192.168.0.0/16',
      ),
    )
  const services = flagValue(ucp.extraFlags, '--service-cluster-ip-range')?.value ?? serviceRangeDefault
  if (clashes(services))
    findings.push(
      find('RB0703', path, `pods (${ucp.podCidr}) overlap the services (${services})`, 'keep the two apart'),
    )
  const bridge = bridges.find(clashes)
  if (bridge !== undefined)
    findings.push(
      find(
        'RB0704',
        path,
        `pods (${ucp.podCidr}) overlap the engine's bridge ${bridge}`,
        'choose another range',
      ),
    )
  return findings
}

function hostsInOverlays({ hosts, docker, dtr }: Topology): readonly Finding[] {
  const chosen = flagValue(dtr?.extraFlags ?? [], '--overlay-subnet')
  const ranges = chosen === undefined ? earlyOverlays : earlyOverlays.slice(0, 1)
  return docker.hosts.flatMap(name => {
    const address = hosts[name]?.address ?? ''
    const ip = parseIpv4(address)
    const range =
      ip === undefined ? undefined : ranges.find(one => contains(parseCidr(one) ?? { base: 0, bits: 32 }, ip))
    return range === undefined
      ? []
      : [
          find(
            'RB0707',
            ['hosts', name, 'address'],
            `'${name}' (${address}) lies in ${range}, from which overlay networks are taken`,
            'see `runbook explain RB0707` for the ways out',
          ),
        ]
  })
}

function controllerPort(ucp: UcpSpec): readonly Finding[] {
  const use = managerPorts[ucp.controllerPort]
  const moved =
    ucp.controllerPort === 6443 && flagValue(ucp.extraFlags, '--kube-apiserver-port') !== undefined
  if (use === undefined || moved) return []
  return [
    find(
      'RB0709',
      ['ucp', 'controllerPort'],
      `port ${ucp.controllerPort} is UCP's own (${use})`,
      'choose another, as the default 443',
    ),
  ]
}
