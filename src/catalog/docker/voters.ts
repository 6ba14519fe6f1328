import { holds } from '../../plan/check.ts'
import type { Facts } from '../../plan/fact.ts'
import type { Check, HostName, Op } from '../../plan/step.ts'
import type { ReplicaSpec, Topology } from '../../playbook/topology.ts'
import { askCluster, askPing as askReplicaPing, wantedOf } from '../dtr/questions.ts'
import { startScript } from '../dtr/scripts.ts'
import { databasesRun, isHealthy } from '../ucp/cluster.ts'

/**
 * Those that vote beside a host in any of its groups and were well when the plan was made. They stand in `requires` of a step that takes the
 * host down, and so are asked once more right before it: a group that lost a member since then shall not lose a second one.
 */
export function stillWell(
  topology: Topology,
  facts: Facts,
  host: HostName,
  isManager: boolean,
): readonly Check[] {
  const { ucp, dtr } = topology
  const managers = isManager && ucp ? ucp.managers.filter(one => one !== host) : []
  const beside = dtr?.replicas.some(one => one.host === host)
    ? dtr.replicas.filter(one => one.host !== host)
    : []
  return [
    ...managers.flatMap(one => (ucp ? [isHealthy(ucp, one), databasesRun(one)] : [])),
    ...beside.flatMap(one => replicaIsWell(topology, facts, one)),
  ].filter(check => holds(check, facts))
}

/** What was well on the host itself and must be well again before the next one's turn [§8.15: healthy again and OK in replica_health]. */
export function wellAgain(topology: Topology, facts: Facts, host: HostName): readonly Check[] {
  const own = topology.dtr?.replicas.find(one => one.host === host)
  const { ucp } = topology
  return [
    ...(ucp?.managers.includes(host) === true ? [isHealthy(ucp, host)] : []),
    ...(own === undefined ? [] : replicaIsWell(topology, facts, own)),
  ].filter(check => holds(check, facts))
}

/**
 * Starts what an engine that came up left behind of a replica that was well. It gives each container on an overlay network 20 s to be
 * attached and does not try again, seen with DTR's own [moby/moby#32607]. What runs already is left as it is.
 */
export function startLeftBehind(topology: Topology, facts: Facts, host: HostName): readonly Op[] {
  const own = topology.dtr?.replicas.find(one => one.host === host)
  if (!own || !replicaIsWell(topology, facts, own).some(check => holds(check, facts))) return []
  return [{ exec: { argv: ['sh', '-c', startScript, 'runbook-dtr-start', own.id] }, timeoutSeconds: 300 }]
}

/** A replica answers for itself, and is a member that is well in the words of another one. */
function replicaIsWell(topology: Topology, facts: Facts, replica: ReplicaSpec): readonly Check[] {
  const wanted = wantedOf(topology)
  if (!wanted) return []
  const answers = (one: ReplicaSpec): Check => ({ ...askReplicaPing(one), is: { code: 200, healthy: true } })
  const others = wanted.dtr.replicas.filter(one => one !== replica && holds(answers(one), facts))
  const witness = others[0] ?? replica
  return [
    answers(replica),
    {
      ...askCluster(wanted, witness),
      is: { members: { [replica.id]: { ok: true, fresh: true, present: true } } },
    },
  ]
}
