import type { Facts } from '../../plan/fact.ts'
import { factKey } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { HostName, Json } from '../../plan/step.ts'
import type { Topology, UcpSpec } from '../../playbook/topology.ts'
import { swarmSays } from '../docker/preflight.ts'
import { member, shown } from '../os/text.ts'
import { leavers } from './leavers.ts'

/**
 * Hosts that belong to another swarm than the playbook's, and a swarm with nodes that the playbook does not know. `through` is the
 * manager that stands for the playbook's own swarm. What could not be told is no finding: the steps ask again before they act.
 */
export function foreignSwarms(
  topology: Topology,
  ucp: UcpSpec,
  through: HostName,
  facts: Facts,
): readonly Finding[] {
  const leaving = leavers(topology, facts).map(({ name }) => name)
  const ours = [...ucp.managers, ...ucp.workers]
  const home = swarmSays(facts, through, 'clusterId')
  const list = facts.get(factKey({ fact: 'docker.nodes', host: through }))
  const nodes = Array.isArray(list) ? (list as readonly Json[]) : undefined
  const inSwarm = ours.filter(
    host => swarmSays(facts, host, 'state') !== undefined && swarmSays(facts, host, 'state') !== 'inactive',
  )
  return [
    ...inSwarm
      .filter(host => isForeign(host, through, home, nodes, facts))
      .map(host => foreign(host, through, facts)),
    ...(nodes === undefined ? [] : strangers([...ours, ...leaving], through, nodes, facts)),
  ]
}

function isForeign(
  host: HostName,
  through: HostName,
  home: Json | undefined,
  nodes: readonly Json[] | undefined,
  facts: Facts,
): boolean {
  if (host === through) return swarmSays(facts, host, 'worker') === true
  // No swarm of ours yet: whatever this host is in, it is not ours.
  if (swarmSays(facts, through, 'state') === 'inactive') return true
  const theirs = swarmSays(facts, host, 'clusterId')
  if (typeof home === 'string' && typeof theirs === 'string') return home !== theirs
  const id = swarmSays(facts, host, 'nodeId')
  return nodes !== undefined && typeof id === 'string' && !nodes.some(node => member(node, 'id') === id)
}

function foreign(host: HostName, through: HostName, facts: Facts): Finding {
  const managers = swarmSays(facts, host, 'managers')
  const where = Array.isArray(managers) && managers.length > 0 ? ` (managers: ${managers.join(', ')})` : ''
  return {
    code: 'RB0840',
    severity: 'error',
    message: `${host} belongs to another swarm${where}, not to that of ${through}`,
    path: ['hosts', host],
    host,
    help: `if that swarm is not needed any more: docker swarm leave --force on ${host}; else take ${host} out of this playbook`,
  }
}

function strangers(
  ours: readonly HostName[],
  through: HostName,
  nodes: readonly Json[],
  facts: Facts,
): readonly Finding[] {
  const unknown = nodes.map(node => shown(member(node, 'hostname'))).filter(name => !ours.includes(name))
  if (unknown.length === 0) return []
  const installed = member(facts.get(factKey({ fact: 'ucp.node', host: through })), 'version') !== undefined
  return [
    {
      code: 'RB0846',
      // UCP is installed on all nodes of a swarm: before that, strangers are somebody else's.
      severity: installed ? 'warning' : 'error',
      message: `the swarm of ${through} has nodes that the playbook does not name: ${unknown.join(', ')}`,
      path: ['ucp'],
      host: through,
      help: installed
        ? 'add them to the playbook, name them in absent.nodes, or take them out with `runbook apply --prune`'
        : 'add them to the playbook, or start from hosts that are in no swarm: installing UCP installs it on all of these',
    },
  ]
}
