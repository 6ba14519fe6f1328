import { finder } from '../../plan/finder.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import type { DtrSpec, Topology } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'
import { overlaps, parseCidr, parseIpv4, showCidr, contains } from '../cidr.ts'
import { extraFlagPages, extraFlagRules, flagValue } from '../extra-flags.ts'
import { interlockPorts, nodePorts } from '../ports.ts'
import { deadlySite } from '../spread.ts'
import { networkPages } from '../ucp/network-rules.ts'
import { dtrVersionRules, versionPages } from '../versions.ts'

const ownPages: readonly RulePage[] = [
  {
    code: 'RB0310',
    severity: 'error',
    title: 'A registry without UCP',
    why: 'DTR runs on workers of a UCP cluster, takes its users and licence from it, and refuses a standalone engine. [D: ee/dtr/admin/install/system-requirements.md]',
    fix: 'Add a `ucp` section.',
  },
  {
    code: 'RB0311',
    severity: 'error',
    title: 'Two replicas',
    why: 'Two tolerate no loss: each needs the other to write. They may even be slower than one. Two is a state to pass through from one to three, never an end. [D: ee/dtr/admin/configure/set-up-high-availability.md]',
    fix: 'Use 1, or 3 (tolerates 1).',
    acceptable: true,
  },
  {
    code: 'RB0312',
    severity: 'error',
    title: 'An even number of replicas',
    why: 'The database works while more than half of its members do: an even count tolerates no more than the odd one below it, and can split in half and be very hard to put together again. [D: ee/dtr/admin/configure/set-up-high-availability.md, DTR 2.1 manual]',
    fix: 'Use 1, 3, 5 or 7.',
    acceptable: true,
  },
  {
    code: 'RB0313',
    severity: 'error',
    title: 'More than seven replicas',
    why: 'Every replica takes part in replication; seven is the most the tool recommends, and more is documented nowhere. [D: reference/dtr/2.7/cli/join.md]',
    fix: 'Use 7 or fewer.',
  },
  {
    code: 'RB0314',
    severity: 'error',
    title: 'Two replicas on one host',
    why: 'They would want the same ports, and one loss would take both. [D: ee/dtr/architecture.md]',
    fix: 'Give each replica a host of its own.',
  },
  {
    code: 'RB0315',
    severity: 'error',
    title: 'A replica on a manager',
    why: 'DTR belongs on workers. On a manager its installer only warns, and people report instability and replicas that do not come back after the engine restarts. [O: DTR 2.7 install], [I: docker/docs#5799, docker/docs#1845]',
    fix: 'Use a worker.',
    acceptable: true,
  },
  {
    code: 'RB0316',
    severity: 'note',
    title: 'One replica',
    why: 'When it is lost there is no registry until it is restored. [D: ee/dtr/admin/disaster-recovery/index.md]',
    fix: 'Three replicas tolerate the loss of one.',
  },
  {
    code: 'RB0319',
    severity: 'warning',
    title: 'One site holds the majority of the replicas',
    why: 'The loss of that site would stop the registry and call for an emergency repair. [D: ee/dtr/admin/disaster-recovery/repair-a-cluster.md]',
    fix: 'Spread 3 as 1-1-1, 5 as 2-2-1.',
    acceptable: true,
  },
  {
    code: 'RB0706',
    severity: 'error',
    title: 'The registry’s overlay is in use',
    why: 'The subnet of dtr-ol must not be in use on any registry host, nor by the pods. [D: reference/dtr/2.7/cli/install.md]',
    fix: 'Choose a free range for `--overlay-subnet`.',
  },
  {
    code: 'RB0708',
    severity: 'error',
    title: 'HTTP and HTTPS on one port',
    why: 'A replica listens on both ports; they must differ. [D: reference/dtr/2.7/cli/install.md]',
    fix: 'Change one of the two.',
  },
  {
    code: 'RB0710',
    severity: 'warning',
    title: 'Interlock’s ports',
    why: 'Layer 7 routing publishes 8080 and 8443 on every node once it is switched on, and would then fight with the registry for them. [O: `docker service ls` of UCP 3.2.5]',
    fix: 'Choose other ports, or accept the finding when layer 7 routing stays off.',
    acceptable: true,
  },
]

export const pages: readonly RulePage[] = [...ownPages, ...versionPages, ...extraFlagPages]

const find = finder([...ownPages, ...networkPages])

/** What can be said about the registry from the playbook alone. */
export function rules(topology: Topology): readonly Finding[] {
  const { dtr } = topology
  if (dtr === undefined) return []
  return settle(topology, pages, [
    ...(topology.ucp === undefined
      ? [find('RB0310', ['dtr'], "a registry needs UCP, and there is no 'ucp'", "add a 'ucp' section")]
      : []),
    ...sizing(topology, dtr),
    ...hosts(topology, dtr),
    ...ports(dtr),
    ...overlay(topology, dtr),
    ...dtrVersionRules(topology),
    ...extraFlagRules('dtr', dtr.extraFlags),
  ])
}

function sizing(topology: Topology, { replicas }: DtrSpec): readonly Finding[] {
  const path = ['dtr', 'replicas']
  const count = replicas.length
  const tolerated = Math.ceil(count / 2) - 1
  const findings: Finding[] = []
  if (count === 1)
    findings.push(
      find('RB0316', path, 'one replica: the registry does not survive its loss', 'three tolerate one lost'),
    )
  else if (count === 2)
    findings.push(
      find(
        'RB0311',
        path,
        '2 replicas tolerate 0 lost: each needs the other to write',
        'use 1, or 3 (tolerates 1)',
      ),
    )
  else if (count > 7)
    findings.push(
      find(
        'RB0313',
        path,
        `${count} replicas: 7 is the most that works well`,
        'use 7 (tolerates 3) or fewer',
      ),
    )
  else if (count % 2 === 0 && count > 0) {
    findings.push(
      find(
        'RB0312',
        path,
        `${count} replicas tolerate ${tolerated} lost, the same as ${count - 1}, and cost one more`,
        `use ${count - 1} (tolerates ${tolerated}) or ${count + 1} (tolerates ${tolerated + 1})`,
      ),
    )
  }
  const deadly = deadlySite(
    topology,
    replicas.map(({ host }) => host),
  )
  if (deadly !== undefined)
    findings.push(
      find(
        'RB0319',
        path,
        `${deadly.count} of ${count} replicas stand in site '${deadly.site}': the majority goes with it`,
        'move replicas to other sites',
      ),
    )
  return findings
}

function hosts({ ucp }: Topology, { replicas }: DtrSpec): readonly Finding[] {
  const free = (ucp?.workers ?? []).filter(host => !replicas.some(replica => replica.host === host))
  return replicas.flatMap(({ host }, i) => {
    const path = ['dtr', 'replicas', i, 'host']
    const first = replicas.findIndex(other => other.host === host)
    if (first < i)
      return [
        find(
          'RB0314',
          path,
          `'${host}' already carries replica ${first + 1}`,
          free.length > 0
            ? `use a host of its own; without a replica: ${free.join(', ')}`
            : 'use a host of its own',
        ),
      ]
    if (ucp?.managers.includes(host))
      return [
        find(
          'RB0315',
          path,
          `'${host}' is a manager; replicas belong on workers`,
          free.length > 0 ? `use a worker; without a replica: ${free.join(', ')}` : 'use a worker',
        ),
      ]
    return []
  })
}

function ports({ replicas }: DtrSpec): readonly Finding[] {
  return replicas.flatMap(({ host, httpPort, httpsPort }, i) => {
    const findings: Finding[] = []
    if (httpPort === httpsPort)
      findings.push(
        find(
          'RB0708',
          ['dtr', 'replicas', i, 'httpsPort'],
          `the replica on '${host}' has HTTP and HTTPS on port ${httpPort}`,
          'change one of the two',
        ),
      )
    for (const [key, port] of [
      ['httpPort', httpPort],
      ['httpsPort', httpsPort],
    ] as const) {
      const use = nodePorts[port]
      if (use !== undefined)
        findings.push(
          find(
            'RB0709',
            ['dtr', 'replicas', i, key],
            `port ${port} of '${host}' is UCP's own (${use})`,
            'choose another',
          ),
        )
      if (interlockPorts.includes(port))
        findings.push(
          find(
            'RB0710',
            ['dtr', 'replicas', i, key],
            `port ${port} of '${host}' is Interlock's once layer 7 routing is on`,
            'choose another, as 4443',
          ),
        )
    }
    return findings
  })
}

function overlay(topology: Topology, { replicas, extraFlags }: DtrSpec): readonly Finding[] {
  const flag = flagValue(extraFlags, '--overlay-subnet')
  if (flag === undefined) return []
  const path = ['dtr', 'extraFlags', flag.index]
  const subnet = parseCidr(flag.value)
  if (subnet === undefined || showCidr(subnet) !== flag.value) {
    return [
      find(
        'RB0705',
        path,
        `${flag.value} is no address range`,
        subnet === undefined ? 'as in 10.2.0.0/24' : `write ${showCidr(subnet)}`,
      ),
    ]
  }
  const used = replicas.find(({ host }) => {
    const ip = parseIpv4(topology.hosts[host]?.address ?? '')
    return ip !== undefined && contains(subnet, ip)
  })
  const pods = parseCidr(topology.ucp?.podCidr ?? '')
  return [
    ...(used === undefined
      ? []
      : [
          find(
            'RB0706',
            path,
            `${flag.value} is in use on '${used.host}' (${topology.hosts[used.host]?.address ?? ''})`,
            'choose a free range',
          ),
        ]),
    ...(pods !== undefined && overlaps(subnet, pods)
      ? [
          find(
            'RB0706',
            path,
            `${flag.value} overlaps the pods (${topology.ucp?.podCidr ?? ''})`,
            'choose a free range',
          ),
        ]
      : []),
  ]
}
