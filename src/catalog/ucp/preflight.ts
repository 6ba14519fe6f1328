import type { Facts } from '../../plan/fact.ts'
import { factKey } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { FactRef, HostName } from '../../plan/step.ts'
import { compareVersions } from '../../plan/version.ts'
import type { Topology, UcpSpec } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'
import { asksBackup, unlessBackedUp } from '../backup/wanted.ts'
import { swarmSays } from '../docker/preflight.ts'
import { member, shown } from '../os/text.ts'
import { nodesSeen } from './leavers.ts'
import { isAddress } from './address.ts'
import { founder } from './cluster.ts'
import { BOOTSTRAPPER } from './commands.ts'
import { askConfig, askWebCertificate } from './facts.ts'
import { foreignSwarms } from './foreign.ts'
import { minimums } from './minimums.ts'
import { askOwnCertificate } from './ownCertificate.ts'
import { pages } from './pages.ts'
import { stands } from './plays/recertify.ts'
import { runningVersion, wayOf } from './plays/upgrade.ts'
import { trustOf, trustSwitchedOff } from './trust.ts'

/** What is asked before a plan is made, beyond what its own checks ask. */
export function asks(topology: Topology): readonly FactRef[] {
  const { ucp } = topology
  if (!ucp) return []
  const ours = new Set([...ucp.managers, ...ucp.workers])
  const leaving = Object.keys(topology.hosts).filter(
    host => !ours.has(host) && (topology.prune === true || topology.absent?.nodes.includes(host) === true),
  )
  return [
    ...(ucp.certificates
      ? ucp.managers.flatMap(host => [{ fact: 'ucp.certificates', host }, askOwnCertificate(ucp, host)])
      : []),
    ...ucp.managers.flatMap(host => [
      askWebCertificate(ucp, host),
      { fact: 'docker.nodelabels', host, args: { name: 'self' } },
    ]),
    ...leaving.map(host => ({ fact: 'docker.swarm', host })),
    ...asksBackup(topology),
    ...ucp.managers.flatMap(host => [
      { fact: 'docker.nodes', host },
      { fact: 'ucp.node', host },
      ...(ucp.license ? [{ fact: 'docker.config', host, args: { name: 'com.docker.license' } }] : []),
      { fact: 'docker.container', host, args: { name: BOOTSTRAPPER } },
    ]),
  ]
}

/** Findings over what was seen: swarms, versions, leftovers, sizes, the administrator's password. */
export function findings(topology: Topology, facts: Facts): readonly Finding[] {
  const { ucp } = topology
  if (!ucp) return []
  const through = founder(ucp, facts)
  return settle(topology, pages, [
    ...foreignSwarms(topology, ucp, through, facts),
    ...versions(topology, ucp, through, facts),
    ...leftovers(ucp, facts),
    ...minimums(ucp, facts),
    ...login(topology, ucp, through, facts),
    ...address(topology, through),
    ...drained(ucp, facts),
    ...otherAuthority(topology, ucp, facts),
    ...lastBridge(topology, ucp, facts),
  ])
}

/** The code whose acceptance says: there are backups, taken and verified. */
const BACKUP = 'RB0830'

function versions(topology: Topology, ucp: UcpSpec, through: HostName, facts: Facts): readonly Finding[] {
  const from = runningVersion(ucp, facts)
  const path = ['ucp', 'version']
  const newer = [...ucp.managers, ...ucp.workers].flatMap((host): readonly Finding[] => {
    const version = member(facts.get(factKey({ fact: 'ucp.node', host })), 'version')
    if (typeof version !== 'string' || compareVersions(version, ucp.version) <= 0) return []
    const message = `${host} runs UCP ${version}, the playbook wants ${ucp.version}`
    const help = `write ${version}: there is no way back from a version [D: ee/ucp/admin/install/upgrade.md]`
    return [{ code: 'RB0841', severity: 'error', message, path, host, help }]
  })
  const way = wayOf(ucp, facts)
  if (newer.length > 0 || from === undefined || way === undefined) return newer
  if (way.kind === 'no-station')
    return [
      {
        code: 'RB0849',
        severity: 'error',
        message: `from UCP ${from} to ${ucp.version} the way leads over ${way.line}, and which of its versions to take is not known`,
        path,
        help: `write a version of ${way.line}, apply, then write ${ucp.version}`,
      },
    ]
  if (way.kind !== 'hops' || way.versions.length === 0) return []
  const wantsOwn = way.versions.some(version => compareVersions(version, '3.3.0') >= 0)
  const forced = ucp.upgrade?.forceRecentBackup === true || !wantsOwn
  return [
    ...(trustOf(ucp, through, facts) === true && trustSwitchedOff(ucp) === undefined
      ? [
          {
            code: 'RB0832',
            severity: 'error',
            message: 'UCP enforces content trust, which refuses the images of the new version',
            path: ['ucp'],
            help: 'write ucp.config: {trust_configuration: {require_content_trust: false}}, which is set before the first hop',
          } as const,
        ]
      : []),
    unlessBackedUp(
      {
        code: BACKUP,
        severity: 'error',
        message: `UCP goes from ${[from, ...way.versions].join(' to ')}, and nothing leads back but a backup`,
        path,
        help: `back up swarm and UCP, verify both, then accept ${BACKUP} with where they are as the reason${forced ? '' : '; UCP 3.3 and later looks for a recent backup of its own: see ucp.upgrade.forceRecentBackup'}`,
      },
      topology,
      facts,
    ),
  ]
}

function leftovers(ucp: UcpSpec, facts: Facts): readonly Finding[] {
  return ucp.managers.flatMap((host): readonly Finding[] => {
    const state = member(
      facts.get(factKey({ fact: 'docker.container', host, args: { name: BOOTSTRAPPER } })),
      'state',
    )
    if (typeof state !== 'string') return []
    const running = state === 'running'
    return [
      {
        code: 'RB0842',
        severity: 'error',
        message: running
          ? `a UCP bootstrapper is running on ${host}`
          : `a container 'ucp' is left over on ${host} (${state})`,
        path: ['ucp'],
        host,
        help: running
          ? `wait for it, or look at it with: docker logs ucp`
          : `see what it did with docker logs ucp, then remove it: docker rm ucp`,
      },
    ]
  })
}

function login(topology: Topology, ucp: UcpSpec, host: HostName, facts: Facts): readonly Finding[] {
  if (!topology.dtr) return []
  const seen = facts.get(factKey(askConfig(ucp, host, 'scheduling_configuration')))
  if (member(seen, 'login') !== 'refused') return []
  return [
    {
      code: 'RB0845',
      severity: 'error',
      message: `UCP on ${host} refuses the password of '${ucp.adminUsername}'`,
      path: ['ucp', 'adminPassword'],
      host,
      help: `see what ${ucp.adminPassword.secret} gives, and try it with a login in the browser`,
    },
  ]
}

function address(topology: Topology, host: HostName): readonly Finding[] {
  const given = topology.hosts[host]?.address ?? ''
  if (isAddress(given)) return []
  return [
    {
      code: 'RB0847',
      severity: 'error',
      message: `the address of ${host}, where UCP is installed, is the name '${given}' and not an IP address`,
      path: ['hosts', host, 'address'],
      host,
      help: 'write the IP address under which the other hosts reach it',
    },
  ]
}

/** All managers of a standing cluster are to go, and none of the playbook's is in it: there would be nobody to work through. */
function lastBridge(topology: Topology, ucp: UcpSpec, facts: Facts): readonly Finding[] {
  if (ucp.managers.some(host => swarmSays(facts, host, 'manager') === true)) return []
  const standing = (topology.absent?.nodes ?? []).filter(host => swarmSays(facts, host, 'quorum') === true)
  if (standing.length === 0) return []
  return [
    {
      code: 'RB0848',
      severity: 'error',
      message: `${standing.join(', ')} shall go, and no manager of the playbook is in the swarm yet`,
      path: ['absent', 'nodes'],
      help: `keep ${standing[0] ?? 'one of them'} among ucp.managers until the new managers have joined, then name it in absent.nodes`,
    },
  ]
}

/** UCP runs with a certificate of another authority than the playbook's, and a registry trusts that one. */
function otherAuthority({ dtr }: Topology, ucp: UcpSpec, facts: Facts): readonly Finding[] {
  const { certificates } = ucp
  if (!certificates || !dtr || !stands(ucp, facts)) return []
  return ucp.managers.flatMap((host): readonly Finding[] => {
    const ca = member(facts.get(factKey(askOwnCertificate(ucp, host))), 'ca')
    if (ca === undefined || ca === certificates.ca.sha256) return []
    return [
      {
        code: 'RB0833',
        severity: 'error',
        message: `UCP on ${host} has a certificate of another authority than ${certificates.ca.file}, and DTR trusts that one`,
        path: ['ucp', 'certificates'],
        host,
        help: "replace it and DTR's trust in it by hand: runbook explain RB0833",
      },
    ]
  })
}

/** Wanted nodes that take no tasks: on purpose, or left so by an upgrade that was broken off. */
function drained(ucp: UcpSpec, facts: Facts): readonly Finding[] {
  const ours = new Set([...ucp.managers, ...ucp.workers])
  return nodesSeen(ucp, facts).flatMap((node): readonly Finding[] => {
    const host = shown(member(node, 'hostname'))
    if (!ours.has(host) || member(node, 'availability') !== 'drain') return []
    return [
      {
        code: 'RB0831',
        severity: 'warning',
        message: `${host} is drained: it takes no tasks`,
        path: ['ucp'],
        host,
        help: `if nobody means it so: docker node update --availability active ${host}`,
      },
    ]
  })
}
