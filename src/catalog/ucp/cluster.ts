import { holds } from '../../plan/check.ts'
import type { Facts } from '../../plan/fact.ts'
import { factKey } from '../../plan/fact.ts'
import type { Check, HostName } from '../../plan/step.ts'
import type { UcpSpec } from '../../playbook/topology.ts'
import { swarmSays } from '../docker/preflight.ts'
import { member } from '../os/text.ts'
import { askConfig, askPing } from './facts.ts'

/**
 * The manager to work through: where UCP is installed, whose tokens are used to join, who is asked for the list of nodes. The first in
 * the playbook that is a healthy manager with a quorum as far as facts tell; failing that one with a quorum that carries UCP, then one
 * with a quorum, else the first of all. Facts steer only the means here.
 */
export function founder(ucp: UcpSpec, facts: Facts): HostName {
  const [first = ''] = ucp.managers
  const standing = ucp.managers.filter(host => swarmSays(facts, host, 'quorum') === true)
  const carrying = standing.filter(
    host => member(facts.get(factKey({ fact: 'ucp.node', host })), 'version') !== undefined,
  )
  const healthy = carrying.find(host => member(facts.get(factKey(askPing(ucp, host))), 'healthy') === true)
  return healthy ?? carrying[0] ?? standing[0] ?? first
}

/** The manager on which the playbook's certificate lies, where UCP was installed with it; undefined when none was seen to have it. */
export function certificateHolder({ certificates, managers }: UcpSpec, facts: Facts): HostName | undefined {
  if (!certificates) return undefined
  const { ca, cert } = certificates
  const is = { ca: ca.sha256, cert: cert.sha256, key: true }
  return managers.find(host => holds({ fact: 'ucp.certificates', host, is }, facts))
}

/** UCP's controller on a manager says of itself that all is well. */
export function isHealthy(ucp: UcpSpec, host: HostName): Check {
  return { ...askPing(ucp, host), is: { status: 200, healthy: true } }
}

/** A node as a manager sees it. `name` is the host's name in the playbook, which is its hostname (RB0803). */
export function nodeIs(manager: HostName, name: HostName, is: Check['is']): Check {
  return { fact: 'docker.node', host: manager, args: { name }, is }
}

/** The two databases of UCP run on a manager. */
export function databasesRun(host: HostName): Check {
  return {
    fact: 'docker.containers',
    host,
    args: { prefix: 'ucp-' },
    is: { 'ucp-auth-store': { up: true }, 'ucp-kv': { up: true } },
  }
}

/** UCP's part runs on a node, in the playbook's version. */
export function ucpRuns(ucp: UcpSpec, host: HostName): Check {
  return { fact: 'ucp.node', host, is: { version: ucp.version } }
}

/** Everything that must hold of a manager. */
export function managerChecks(ucp: UcpSpec, host: HostName, through: HostName): readonly Check[] {
  return [
    { fact: 'docker.swarm', host, is: { state: 'active', manager: true, quorum: true } },
    nodeIs(through, host, { role: 'manager', state: 'ready', reachability: 'reachable' }),
    ucpRuns(ucp, host),
    databasesRun(host),
    isHealthy(ucp, host),
  ]
}

/** Everything that must hold of a worker. */
export function workerChecks(ucp: UcpSpec, host: HostName, through: HostName): readonly Check[] {
  return [
    { fact: 'docker.swarm', host, is: { state: 'active', worker: true } },
    nodeIs(through, host, { role: 'worker', state: 'ready' }),
    ucpRuns(ucp, host),
  ]
}

/** A licence is in the swarm's configs, where UCP keeps it [D: ee/ucp/ucp-architecture.md]. Whether it is valid is not said by this. */
export function isLicensed(through: HostName): Check {
  return {
    fact: 'docker.config',
    host: through,
    args: { name: 'com.docker.license' },
    is: { name: 'com.docker.license' },
  }
}

/** Administrators may run containers on managers and DTR nodes: DTR's bootstrapper needs it [§2.8]. */
export function schedulingIsOn(ucp: UcpSpec, through: HostName): Check {
  return {
    ...askConfig(ucp, through, 'scheduling_configuration'),
    is: { login: 'ok', settings: { enable_admin_ucp_scheduling: true } },
  }
}
