import { finder } from '../../plan/finder.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import type { Topology, UcpSpec } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'
import { extraFlagPages, extraFlagRules } from '../extra-flags.ts'
import { deadlySite } from '../spread.ts'
import { ucpVersionRules, versionPages } from '../versions.ts'
import { networkPages, networkRules } from './network-rules.ts'

const sizingPages: readonly RulePage[] = [
  {
    code: 'RB0321',
    severity: 'error',
    title: 'An even number of managers',
    why: 'A swarm works while more than half of its managers do. Two tolerate no loss and are worse than one; four tolerate one, as three do. [D: ee/ucp/admin/configure/join-nodes/index.md, engine/swarm/admin_guide.md]',
    fix: 'Use 1, 3, 5 or 7.',
    acceptable: true,
  },
  {
    code: 'RB0322',
    severity: 'warning',
    title: 'More managers than useful',
    why: 'Every manager takes part in every write; five is the most that is recommended, and seven is possible. [D: engine/swarm/admin_guide.md]',
    fix: 'Use 5, or 7 when three may fail at once.',
    acceptable: true,
  },
  {
    code: 'RB0324',
    severity: 'note',
    title: 'One manager',
    why: 'When it is lost the cluster cannot be changed until it is restored from a backup. [D: ee/admin/disaster-recovery.md]',
    fix: 'Three managers tolerate the loss of one.',
  },
  {
    code: 'RB0325',
    severity: 'warning',
    title: 'High availability in one half only',
    why: 'The smallest layout that survives the loss of any host has 3 dedicated managers and 3 dedicated registry workers. [D: ee/dtr/admin/configure/set-up-high-availability.md]',
    fix: 'Have three of both, or accept the finding with a reason.',
    acceptable: true,
  },
  {
    code: 'RB0326',
    severity: 'warning',
    title: 'One site holds the majority of the managers',
    why: 'Spread managers so that no site can take the majority with it: 3 as 1-1-1, 5 as 2-2-1, 7 as 3-2-2. [D: engine/swarm/admin_guide.md]',
    fix: 'Move managers to other sites. With two sites there is no good way: find a third.',
    acceptable: true,
  },
]

export const pages: readonly RulePage[] = [
  ...sizingPages,
  ...networkPages,
  ...versionPages,
  ...extraFlagPages,
]

const find = finder(sizingPages)

/** What can be said about UCP from the playbook alone. */
export function rules(topology: Topology): readonly Finding[] {
  const { ucp } = topology
  if (ucp === undefined) return []
  return settle(topology, pages, [
    ...sizing(topology, ucp),
    ...networkRules(topology, ucp),
    ...ucpVersionRules(topology),
    ...extraFlagRules('ucp', ucp.extraFlags),
  ])
}

function sizing(topology: Topology, { managers }: UcpSpec): readonly Finding[] {
  const path = ['ucp', 'managers']
  const count = managers.length
  const tolerated = Math.ceil(count / 2) - 1
  const findings: Finding[] = []
  if (count > 0 && count % 2 === 0) {
    const help =
      count === 2
        ? 'use 1, or 3 (tolerates 1)'
        : `use ${count - 1} (tolerates ${tolerated}) or ${count + 1} (tolerates ${tolerated + 1})`
    findings.push(
      find(
        'RB0321',
        path,
        `${count} managers tolerate ${tolerated} lost, the same as ${count - 1}, and cost one more`,
        help,
      ),
    )
  }
  if (count > 7)
    findings.push(
      find(
        'RB0322',
        path,
        `${count} managers: every write waits for ${Math.floor(count / 2) + 1} of them`,
        'use 5, or 7 at most',
      ),
    )
  if (count === 1)
    findings.push(
      find('RB0324', path, 'one manager: the cluster does not survive its loss', 'three tolerate one lost'),
    )
  const replicas = topology.dtr?.replicas.length ?? 0
  if (replicas >= 3 && count < 3)
    findings.push(
      find(
        'RB0325',
        path,
        `${replicas} registry replicas, but ${count} ${count === 1 ? 'manager' : 'managers'}: the registry needs UCP to log in`,
        'use 3 managers',
      ),
    )
  if (count >= 3 && replicas > 0 && replicas < 3)
    findings.push(
      find(
        'RB0325',
        ['dtr', 'replicas'],
        `${count} managers, but ${replicas} registry ${replicas === 1 ? 'replica' : 'replicas'}`,
        'use 3 replicas',
      ),
    )
  const deadly = deadlySite(topology, managers)
  if (deadly !== undefined)
    findings.push(
      find(
        'RB0326',
        path,
        `${deadly.count} of ${count} managers stand in site '${deadly.site}': the majority goes with it`,
        'move managers to other sites',
      ),
    )
  return findings
}
