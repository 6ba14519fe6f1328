import type { Facts } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { FactRef } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'
import { foreignSwarms } from '../ucp/foreign.ts'
import { pages } from '../ucp/pages.ts'
import { nodes, standing, unsureOf } from './plays.ts'

/** What decides how things are taken away, and whether they are ours. */
export function questions(topology: Topology): readonly FactRef[] {
  const { ucp } = topology
  if (!ucp) return []
  return [
    ...nodes(topology).map(host => ({ fact: 'docker.swarm', host })),
    ...ucp.managers.flatMap(host => [
      { fact: 'docker.nodes', host },
      { fact: 'ucp.node', host },
      { fact: 'ucp.ping', host, args: { port: ucp.controllerPort } },
    ]),
  ]
}

/**
 * Hosts of another swarm, and nodes of ours that the playbook does not name: neither may go along. And managers that could not be told of:
 * the uninstaller is left out only where none can run it.
 */
export function findings(topology: Topology, facts: Facts): readonly Finding[] {
  const { ucp } = topology
  if (!ucp) return []
  const help = 'name them in the playbook, or take them out of the swarm first'
  const unsure = unsureOf(ucp, facts)
  return settle(topology, pages, [
    ...foreignSwarms(topology, ucp, standing(ucp, facts), facts).map((finding): Finding =>
      finding.code === 'RB0840' ? finding : { ...finding, code: 'RB0835', severity: 'error', help },
    ),
    ...unsure.map((host): Finding => ({
      code: 'RB0836',
      severity: 'error',
      message: `could not tell whether ${host} can run UCP's uninstaller, and no other manager can`,
      path: ['ucp', 'managers'],
      host,
      help: 'see that its engine answers; or accept RB0836, and hosts are cleared one by one without the uninstaller',
    })),
  ])
}
