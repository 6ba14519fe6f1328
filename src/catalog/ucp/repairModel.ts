import type { Exit } from '../../plan/fact.ts'
import type { Estate, Pending } from '../../twin/estate.ts'
import { containersOn, engineIsUp, engineState, hasQuorum, nodeOf, swarmOf } from '../docker/estate.ts'
import { notFound } from '../docker/model.ts'
import { swarmCommand } from '../docker/swarmModel.ts'
import { exit } from '../os/model.ts'
import { twinUcp } from './estate.ts'

const ETCD_TAKES_MS = 30_000
const AUTH_TAKES_MS = 20_000

/** How the twin answers `repair.ts`; undefined: none of it. `sweep` is what SWEEP does there. */
export function repairScript(
  name: string,
  host: string,
  estate: Estate,
  sweep: (estate: Estate, host: string) => Exit,
): Exit | Pending | undefined {
  if (!['runbook-ucp-etcd-alone', 'runbook-ucp-auth-alone', 'runbook-ucp-clear'].includes(name))
    return undefined
  if (!engineIsUp(estate, host)) return notFound('docker')
  if (name === 'runbook-ucp-clear') return clear(host, estate, sweep)
  const found = swarmOf(estate, host)
  if (!found || nodeOf(estate, host)?.node.role !== 'manager' || !hasQuorum(estate, found.swarm))
    return exit(1, '', 'Error response from daemon: The swarm does not have a leader.\n')
  const alone = (database: 'etcd' | 'auth', tookMs: number): Pending => ({
    tookMs,
    finish: now => {
      const ucp = twinUcp(now)
      if (ucp?.stale) ucp.stale[database] = false
      if (ucp?.stale?.etcd === false && !ucp.stale.auth) delete ucp.stale
      return exit(0)
    },
  })
  return name === 'runbook-ucp-etcd-alone' ? alone('etcd', ETCD_TAKES_MS) : alone('auth', AUTH_TAKES_MS)
}

function clear(host: string, estate: Estate, sweep: (estate: Estate, host: string) => Exit): Exit {
  const found = swarmOf(estate, host)
  const leads = found && nodeOf(estate, host)?.node.role === 'manager' && hasQuorum(estate, found.swarm)
  if (leads === true)
    return exit(0, 'this host is a manager of a swarm that has a leader: nothing is cleared\n')
  if (nodeOf(estate, host)) swarmCommand(['swarm', 'leave', '--force'], undefined, host, estate)
  const state = engineState(estate, host)
  state.swarm = null
  delete state.node
  return sweep(estate, host)
}

/** `docker exec ucp-kv etcdctl … cluster-health`. */
export function etcdHealth(host: string, estate: Estate): Exit {
  const found = swarmOf(estate, host)
  const container = containersOn(estate, host)['ucp-kv']
  if (!engineIsUp(estate, host) || !container) return exit(1, '', 'Error: No such container: ucp-kv\n')
  if (container.exitCode !== null || container.startsMs > estate.clockMs)
    return exit(1, '', 'Error response from daemon: Container ucp-kv is not running\n')
  const ucp = twinUcp(estate)
  const healthy = found !== undefined && hasQuorum(estate, found.swarm) && ucp?.stale?.etcd !== true
  return healthy
    ? exit(
        0,
        'member 8e9e05c52164694d is healthy: got healthy result from https://198.51.100.11:12379\ncluster is healthy\n',
      )
    : exit(
        1,
        'cluster may be unhealthy: failed to list members\n',
        'Error:  client: etcd cluster is unavailable or misconfigured\n',
      )
}
