import type { Facts } from '../../plan/fact.ts'
import { factKey } from '../../plan/fact.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import type { FactRef, HostName, Json } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'
import { member } from '../os/text.ts'
import { engineMove } from './versions.ts'

/** What is asked before a plan is made: engine and swarm of every host. */
export function asks(topology: Topology): readonly FactRef[] {
  return topology.docker.hosts.flatMap(host => [askEngine(topology, host), { fact: 'docker.swarm', host }])
}

/** `docker.engine` of a host, compared with the playbook's version. */
export function askEngine(topology: Topology, host: HostName): FactRef {
  return { fact: 'docker.engine', host, args: { wanted: topology.docker.version } }
}

/** Findings over engines as seen on the hosts. */
export function findings(topology: Topology, facts: Facts): readonly Finding[] {
  const found: Finding[] = []
  const versions = new Map<string, HostName>()
  for (const host of topology.docker.hosts) {
    const engine = facts.get(factKey(askEngine(topology, host)))
    const version = member(engine, 'version')
    if (engine === null && !topology.docker.install) found.push(missing(host))
    if (typeof version !== 'string') continue
    const [other] = [...versions].find(([seen]) => seen !== version) ?? []
    if (member(engine, 'asWanted') === false) found.push(...otherVersion(topology, host, version))
    else if (other !== undefined) found.push(mixed(host, version, other, versions.get(other) ?? ''))
    versions.set(version, host)
  }
  return settle(topology, pages, found)
}

/** What of the swarm a host has told; undefined when it could not be told. */
export function swarmSays(facts: Facts, host: HostName, name: string): Json | undefined {
  return member(facts.get(factKey({ fact: 'docker.swarm', host })), name)
}

function missing(host: HostName): Finding {
  return {
    code: 'RB0821',
    severity: 'error',
    message: `Docker Engine is not installed on ${host}, and the playbook does not say from where to install it`,
    path: ['docker'],
    host,
    help: 'add docker.install with a package source, or install the engine yourself',
  }
}

function otherVersion({ docker }: Topology, host: HostName, version: string): readonly Finding[] {
  const move = engineMove(version, docker.version)
  if (move === 'upgrade' && docker.install) return []
  const help =
    move === 'upgrade'
      ? 'say in docker.install from where the newer one comes, or write the version that is there'
      : 'write the version that is there: engines are not taken back'
  const message = `${host} has Docker Engine ${version}, the playbook wants ${docker.version}`
  return [{ code: 'RB0822', severity: 'error', message, path: ['docker', 'version'], host, help }]
}

function mixed(host: HostName, version: string, other: string, otherHost: HostName): Finding {
  return {
    code: 'RB0823',
    severity: 'warning',
    message: `${host} has Docker Engine ${version}, ${otherHost} has ${other}`,
    path: ['docker', 'version'],
    host,
    help: 'bring all hosts to one version before UCP is installed',
  }
}

/** Pages of the codes of this folder, RB0820 to RB0839. */
export const pages: readonly RulePage[] = [
  {
    code: 'RB0821',
    title: 'Docker Engine is missing and cannot be installed',
    severity: 'error',
    why: 'UCP and DTR are containers; every host of theirs needs an engine [D: ee/ucp/admin/install/index.md].',
    fix: 'Give docker.install a package source and the packages with their versions.',
  },
  {
    code: 'RB0822',
    title: 'A running engine has another version than the playbook',
    severity: 'error',
    why: 'An older engine is upgraded host by host, drained meanwhile, where the playbook says from where; a newer one stays, since nothing leads back [D: ee/upgrade.md].',
    fix: 'Write the version that is there, or say in docker.install from where the newer one comes.',
  },
  {
    code: 'RB0823',
    title: 'Engines of different versions',
    severity: 'warning',
    acceptable: true,
    why: 'All nodes should run one engine version [D: ee/ucp/admin/install/index.md].',
    fix: 'Upgrade the older ones, or write the full version in docker.version.',
  },
]
