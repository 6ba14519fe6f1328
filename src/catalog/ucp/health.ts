import type { Facts } from '../../plan/fact.ts'
import { factKey } from '../../plan/fact.ts'
import type { FactRef } from '../../plan/step.ts'
import { atBest } from '../../plan/quorum.ts'
import { compareVersions } from '../../plan/version.ts'
import type { Topology } from '../../playbook/topology.ts'
import { member } from '../os/text.ts'
import type { ProductHealth } from '../product.ts'
import { founder } from './cluster.ts'
import { askPing, license } from './facts.ts'
import { quorums } from './quorums.ts'

/** UCP as a whole: its two databases and the health of each manager by its own word. */
export function health(topology: Topology, facts: Facts): ProductHealth {
  const { ucp } = topology
  if (!ucp) throw new Error('the playbook wants no UCP')
  const nodes = [...ucp.managers, ...ucp.workers].map(host => facts.get(factKey({ fact: 'ucp.node', host })))
  const versions = [
    ...new Set(nodes.map(node => member(node, 'version')).filter(version => typeof version === 'string')),
  ].sort(compareVersions)
  const common = { product: 'UCP', versions, wanted: ucp.version }
  const carrying = ucp.managers.filter((_, i) => typeof member(nodes[i], 'version') === 'string')
  if (carrying.length === 0) {
    const told = ucp.managers.every((_, i) => nodes[i] === null)
    return told
      ? { ...common, state: 'absent', verdict: ['not installed'] }
      : { ...common, state: 'unknown', verdict: ['could not tell'] }
  }
  // Who could not be asked may be up: only what somebody saw counts as lost.
  const lost = quorums(topology, facts).filter(quorum => {
    const { members, spare } = atBest(quorum, facts)
    return members > 0 && spare < 0
  })
  if (lost.length > 0)
    return {
      ...common,
      state: 'lost',
      verdict: ['lost majority'],
      recipe: `${lost.map(quorum => quorum.name).join(' and ')} without a majority: bring managers back (engine, network, disk); when they are gone for good, \`runbook recover ucp-quorum-loss\`, or restore UCP from its backup`,
    }
  const pings = carrying.map(host => facts.get(factKey(askPing(ucp, host))))
  if (
    pings.some(ping => ping === null || member(ping, 'healthy') === false) ||
    carrying.length < ucp.managers.length
  )
    return {
      ...common,
      state: 'degraded',
      verdict: ['degraded'],
      recipe:
        'a manager is not well: see its row; a controller that was started a while ago and does not get well is replaced by a new manager',
    }
  return pings.includes(undefined)
    ? { ...common, state: 'unknown', verdict: ['could not tell'] }
    : { ...common, state: 'healthy', verdict: ['healthy'] }
}

/** When the licence ends, which the swarm's managers know. */
export function reports({ ucp }: Topology, facts: Facts): readonly FactRef[] {
  return ucp?.license ? [{ fact: license.name, host: founder(ucp, facts) }] : []
}
