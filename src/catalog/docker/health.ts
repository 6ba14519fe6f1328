import type { Facts } from '../../plan/fact.ts'
import { factKey } from '../../plan/fact.ts'
import type { HostName, Json } from '../../plan/step.ts'
import { compareVersions } from '../../plan/version.ts'
import type { Topology } from '../../playbook/topology.ts'
import { member, shown } from '../os/text.ts'
import type { ProductHealth } from '../product.ts'
import { askEngine } from './preflight.ts'
import { swarmSays } from './preflight.ts'

/**
 * The swarm as a whole. Its majority is lost when a manager says that it sees no leader and none says that it does: a manager that cannot
 * be asked proves nothing.
 */
export function health(topology: Topology, facts: Facts): ProductHealth {
  const managers = topology.ucp?.managers ?? []
  const engines = topology.docker.hosts.map(host => facts.get(factKey(askEngine(topology, host))))
  const versions = [...new Set(engines.flatMap(engine => textOf(member(engine, 'version'))))]
  const common = {
    product: 'Docker Engine',
    versions: versions.sort(compareVersions),
    wanted: topology.docker.version,
  }
  if (managers.length === 0)
    return { ...common, ...(engines.includes(undefined) ? untold : engines.includes(null) ? absent : well) }
  const asked = managers.filter(host => swarmSays(facts, host, 'state') !== undefined)
  const members = asked.filter(host => swarmSays(facts, host, 'manager') === true)
  const leading = members.filter(host => swarmSays(facts, host, 'quorum') === true)
  if (members.length === 0) return { ...common, ...(asked.length === managers.length ? absent : untold) }
  const [through] = leading
  if (through === undefined)
    return {
      ...common,
      state: 'lost',
      verdict: ['lost majority'],
      recipe: `the managers have no leader: bring engines of managers back; when they are gone for good, back up /var/lib/docker/swarm of ${members[0] ?? ''} and \`runbook recover ucp-quorum-loss\`: the swarm and UCP's databases anew from one manager, then the others`,
    }
  const list = facts.get(factKey({ fact: 'docker.nodes', host: through }))
  const nodes = Array.isArray(list) ? (list as readonly Json[]) : []
  const bad = nodes.filter(
    node => member(node, 'state') !== 'ready' || member(node, 'reachability') === 'unreachable',
  )
  const even = nodes.filter(node => member(node, 'role') === 'manager').length % 2 === 0 && nodes.length > 0
  if (
    bad.length === 0 &&
    !even &&
    !engines.some(engine => engine === null || member(engine, 'running') === false)
  )
    return { ...common, ...(nodes.length === 0 ? untold : well) }
  const named = bad.map(node => shown(member(node, 'hostname'))).join(', ')
  return {
    ...common,
    state: 'degraded',
    verdict: [...(bad.length > 0 || !even ? ['degraded'] : ['healthy']), ...(even ? ['even'] : [])],
    recipe:
      bad.length > 0
        ? `bring back ${named}; what is gone for good goes by absent.nodes and apply, or by \`runbook recover ucp-manager-loss\` or dtr-node-loss`
        : even
          ? 'an even number of managers tolerates no more than one fewer: add or take out one'
          : 'start the engines that do not run: apply does',
  }
}

const well = { state: 'healthy', verdict: ['healthy'] } as const
const absent = { state: 'absent', verdict: ['not installed'] } as const
const untold = { state: 'unknown', verdict: ['could not tell'] } as const

function textOf(value: Json | undefined): readonly HostName[] {
  return typeof value === 'string' && value !== '' ? [value] : []
}
