import { type Facts, factKey } from '../../plan/fact.ts'
import type { Check, HostName, Op, Step, StepId } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { putBack, takeOut } from '../loadBalancer/bracket.ts'
import { installPackages, plain, serviceRuns } from '../os/steps.ts'
import { member } from '../os/text.ts'
import { engineRuns, sourceOps } from './engine.ts'
import { askEngine, swarmSays } from './preflight.ts'
import { engineMove } from './versions.ts'
import { startLeftBehind, stillWell, wellAgain } from './voters.ts'

/** The hosts whose engine is older than the playbook's, in the order of the manual: managers, workers, hosts of the registry last [§8.15]. */
export function outdated(topology: Topology, facts: Facts): readonly HostName[] {
  const { docker, dtr, ucp } = topology
  const registry = new Set((dtr?.replicas ?? []).map(({ host }) => host))
  const managers = ucp?.managers ?? []
  const rank = (host: HostName): number => (managers.includes(host) ? 0 : registry.has(host) ? 2 : 1)
  return docker.hosts
    .filter(host => {
      const version = member(facts.get(factKey(askEngine(topology, host))), 'version')
      return typeof version === 'string' && engineMove(version, docker.version) === 'upgrade'
    })
    .map((host, i) => ({ host, i }))
    .sort((a, b) => rank(a.host) - rank(b.host) || a.i - b.i)
    .map(({ host }) => host)
}

/**
 * One engine: out of the balancer, its node drained, the package, the restart, and back in once all that ran on it is well again. A host in
 * no swarm has nothing to be drained. All who vote beside it are asked right before.
 * @param needs the host before, so that one goes at a time
 */
export function upgradeStep(
  topology: Topology,
  facts: Facts,
  host: HostName,
  needs: readonly StepId[],
): Step | undefined {
  const { docker, ucp } = topology
  const { install } = docker
  if (!install) return undefined
  const from = member(facts.get(factKey(askEngine(topology, host))), 'version')
  const id = swarmSays(facts, host, 'nodeId')
  const others = (ucp?.managers ?? []).filter(one => one !== host)
  const through = others.find(one => swarmSays(facts, one, 'quorum') === true) ?? host
  const isManager = swarmSays(facts, host, 'manager') === true
  const node = (is: Check['is']): Check => ({ fact: 'docker.node', host: through, args: { name: host }, is })
  const inSwarm = typeof id === 'string'
  const up: readonly Check[] = [
    engineRuns(docker, host),
    ...(inSwarm ? [node({ state: 'ready', ...(isManager ? { reachability: 'reachable' } : {}) })] : []),
  ]
  const left = startLeftBehind(topology, facts, host)
  const back = [...up, ...wellAgain(topology, facts, host)]
  const update = (availability: string): Op => ({
    exec: { argv: ['docker', 'node', 'update', '--availability', availability, host] },
    timeoutSeconds: 60,
    ...(through === host ? {} : { on: through }),
  })
  const out: readonly Op[] = inSwarm
    ? [
        update('drain'),
        {
          await: [{ fact: 'docker.tasks', host: through, args: { id }, is: { running: 0 } }],
          withinSeconds: 900,
        },
      ]
    : []
  return {
    ...plain,
    id: `docker.upgrade@${host}`,
    kind: 'docker.upgrade',
    title: `Upgrade Docker Engine on ${host} from ${typeof from === 'string' ? from : 'an older one'} to ${docker.version}${inSwarm ? ', drained meanwhile' : ''}`,
    section: 'Docker Engine',
    host,
    needs,
    requires: [
      ...(inSwarm
        ? [{ fact: 'docker.swarm', host: through, is: { state: 'active', manager: true, quorum: true } }]
        : []),
      ...(inSwarm && isManager
        ? others
            .filter(one => swarmSays(facts, one, 'manager') === true)
            .map(one => ({ ...node({ role: 'manager', reachability: 'reachable' }), args: { name: one } }))
        : []),
      ...stillWell(topology, facts, host, isManager),
    ],
    during: duringOf(topology, host, isManager),
    goal: [
      engineRuns(docker, host),
      serviceRuns(host, 'docker'),
      ...back.slice(1),
      ...(inSwarm ? [node({ availability: 'active' })] : []),
    ],
    run: [
      ...takeOut(topology, facts, host, fronts),
      ...out,
      ...sourceOps(install),
      ...installPackages(install.manager, install.packages),
      { exec: { argv: ['systemctl', 'enable', 'docker'] }, timeoutSeconds: 60 },
      { exec: { argv: ['systemctl', 'restart', 'docker'] }, timeoutSeconds: 300 },
      ...(left.length === 0 ? [] : [{ await: up, withinSeconds: 900 }, ...left]),
      { await: back, withinSeconds: 900 },
      ...putBack(topology, facts, host, fronts),
      ...(inSwarm ? [update('active')] : []),
    ],
    withinSeconds: 300,
    risk: 'interrupts',
    takes: { p50Seconds: 180, p90Seconds: 900 },
  }
}

/** Clients of both products are led around a host whose engine restarts. */
const fronts = ['ucp', 'dtr'] as const

/** While the engine restarts nothing on its host answers: it is missing in every group it belongs to. */
export function duringOf({ dtr }: Topology, host: HostName, isManager: boolean): readonly Check[] {
  const replica = dtr?.replicas.find(one => one.host === host)
  return [
    ...(isManager
      ? [
          { fact: 'docker.swarm', host, is: { quorum: false } },
          {
            fact: 'docker.containers',
            host,
            args: { prefix: 'ucp-' },
            is: { 'ucp-kv': { up: false }, 'ucp-auth-store': { up: false } },
          },
        ]
      : []),
    ...(replica
      ? [{ fact: 'dtr.ping', host, args: { port: replica.httpsPort }, is: { code: 503, healthy: false } }]
      : []),
  ]
}
