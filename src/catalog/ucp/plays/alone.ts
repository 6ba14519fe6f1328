import type { Check, HostName, Op, Step, StepId } from '../../../plan/step.ts'
import type { Topology, UcpSpec } from '../../../playbook/topology.ts'
import { FATAL_LINE } from '../../docker/api.ts'
import { engineRuns } from '../../docker/engine.ts'
import { forget, noneListed, refoundCommand } from '../../docker/refound.ts'
import { plain } from '../../os/steps.ts'
import { databasesRun, isHealthy, nodeIs } from '../cluster.ts'
import { addressOf, authAlone, clearCommand, etcdAlone } from '../repair.ts'
import { joinOp } from './converge.ts'

const SECTION = 'One manager alone'
const BACK = 'Managers that come back'

/** One manager from which the group of managers is made anew. */
export interface Alone {
  readonly topology: Topology
  readonly ucp: UcpSpec
  /** The manager that is kept. */
  readonly host: HostName
  /** Prefix and version of UCP's images as they run there: 'docker', '3.2.6'. */
  readonly repository: string
  readonly version: string
}

const leads = (host: HostName): Check => ({
  fact: 'docker.swarm',
  host,
  is: { state: 'active', manager: true, quorum: true },
})
const etcdIsHealthy = (host: HostName): Check => ({ fact: 'ucp.etcd', host, is: { healthy: true } })

/** The swarm anew. Other managers that still run are a minority of the old group: alone they can do nothing, and they are cleared later. */
export function refound({ topology, host }: Alone, needs: readonly StepId[]): Step {
  return {
    ...plain,
    id: `docker.refound@${host}`,
    kind: 'docker.refound',
    title: `Found the swarm anew with ${host} as its only manager`,
    section: SECTION,
    host,
    needs,
    // Whether there is a leader after all, the script asks for a while by itself: a look may meet an election.
    requires: [{ fact: 'docker.swarm', host, is: { state: 'active', manager: true } }],
    run: [{ exec: refoundCommand(topology.hosts[host]?.address ?? host), timeoutSeconds: 600 }],
    goal: [leads(host), { fact: 'docker.raft', host, is: { eager: false } }],
    withinSeconds: 120,
    risk: 'irreversible',
    takes: { p50Seconds: 30, p90Seconds: 180 },
  }
}

/** UCP's etcd, which has lost its majority with the managers. */
export function etcd({ host, repository, version }: Alone, needs: readonly StepId[]): Step {
  return {
    ...plain,
    id: `ucp.etcd@${host}`,
    kind: 'ucp.etcd',
    title: `Make UCP's etcd on ${host} a cluster of itself`,
    section: SECTION,
    host,
    needs,
    requires: [leads(host), { fact: 'docker.container', host, args: { name: 'ucp-kv' }, is: {} }],
    run: [{ exec: etcdAlone(`${repository}/ucp-etcd:${version}`), timeoutSeconds: 900 }],
    goal: [etcdIsHealthy(host)],
    withinSeconds: 300,
    risk: 'irreversible',
    takes: { p50Seconds: 60, p90Seconds: 300 },
  }
}

/** UCP's auth store, then the engine once, so that all of UCP on the host finds what there is now [dockerpac/dr, 6]. */
export function authStore(alone: Alone, needs: readonly StepId[]): Step {
  const { topology, ucp, host, repository, version } = alone
  return {
    ...plain,
    id: `ucp.authStore@${host}`,
    kind: 'ucp.authStore',
    title: `Make UCP's auth store on ${host} the only replica, and restart the engine`,
    section: SECTION,
    host,
    needs,
    requires: [leads(host), etcdIsHealthy(host)],
    run: [
      { exec: authAlone(`${repository}/ucp-auth:${version}`, addressOf(host)), timeoutSeconds: 600 },
      { exec: { argv: ['systemctl', 'restart', 'docker'] }, timeoutSeconds: 300 },
      { await: [engineRuns(topology.docker, host), leads(host)], withinSeconds: 300 },
    ],
    goal: [isHealthy(ucp, host), databasesRun(host), etcdIsHealthy(host)],
    withinSeconds: 900,
    risk: 'irreversible',
    takes: { p50Seconds: 120, p90Seconds: 600 },
  }
}

/** Managers that are gone, off the list of nodes. */
export function forgotten({ host }: Alone, gone: readonly HostName[], needs: readonly StepId[]): Step {
  return {
    ...plain,
    id: `ucp.forget@${host}`,
    kind: 'ucp.forget',
    title: `Strike ${gone.join(', ')} off the swarm's list; each disk must be cleared before it may join again`,
    section: SECTION,
    host,
    needs,
    requires: [leads(host)],
    run: gone.map(name => forget(host, name)),
    goal: [noneListed(host, gone)],
    withinSeconds: 60,
    risk: 'irreversible',
    takes: { p50Seconds: 5, p90Seconds: 30 },
  }
}

/**
 * A host that was a manager of the old group: its engine on, cleared of that group and of UCP's old databases, then a new manager. All in
 * one step, so that the next host is not looked at before this one is well: two old managers at once could act for the old group.
 */
export function comesBack(
  { topology, ucp, host: through }: Pick<Alone, 'topology' | 'ucp' | 'host'>,
  host: HostName,
  needs: readonly StepId[],
): Step {
  const wake: Op = {
    exec: { argv: ['systemctl', 'enable', '--now', 'docker'] },
    timeoutSeconds: 300,
  }
  const clear: Op = { exec: clearCommand(), timeoutSeconds: 600, failsOn: FATAL_LINE }
  return {
    ...plain,
    id: `ucp.rejoin@${host}`,
    kind: 'ucp.rejoin',
    title: `Clear ${host} of the old group, join it as a manager and wait until its UCP is healthy`,
    section: BACK,
    host,
    needs,
    requires: [leads(through), isHealthy(ucp, through)],
    run: [
      wake,
      { await: [engineRuns(topology.docker, host)], withinSeconds: 120 },
      clear,
      forget(through, host),
      joinOp(topology, host, through, 'manager'),
    ],
    // All of it can be told while its engine is still off; what it cannot tell of itself, the manager that is kept says.
    goal: [
      engineRuns(topology.docker, host),
      nodeIs(through, host, {
        role: 'manager',
        state: 'ready',
        reachability: 'reachable',
        doubles: 0,
      }),
      isHealthy(ucp, host),
    ],
    // A join may take five minutes and say in the meantime that it timed out [dockerpac/dr, 12].
    withinSeconds: 900,
    risk: 'irreversible',
    takes: { p50Seconds: 180, p90Seconds: 600 },
  }
}

/** Workers kept their place in the swarm, and find the manager that is left by themselves. */
export function nodesBack({ host }: Alone, workers: readonly HostName[], needs: readonly StepId[]): Step {
  const goal = workers.map(name => nodeIs(host, name, { role: 'worker', state: 'ready' }))
  return {
    ...plain,
    id: `ucp.nodesBack@${host}`,
    kind: 'ucp.nodesBack',
    title: `See ${workers.length} worker${workers.length === 1 ? '' : 's'} ready again`,
    section: SECTION,
    host,
    needs,
    run: [{ await: goal, withinSeconds: 600 }],
    goal,
    withinSeconds: 10,
    takes: { p50Seconds: 10, p90Seconds: 300 },
  }
}
