import type { Facts } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import { unlessBackedUp } from '../backup/wanted.ts'
import { trustOf, trustSwitchedOff } from '../ucp/trust.ts'
import { find } from './find.ts'
import type { Intent } from './intent.ts'
import { type Wanted, managerOf } from './questions.ts'

/** What stands between the version that runs and the one the playbook says. */
export function versions(wanted: Wanted, intent: Intent, facts: Facts): readonly Finding[] {
  const { way, census } = intent
  const from = census.version ?? ''
  const path = ['dtr', 'version']
  const to = wanted.dtr.version
  switch (way?.kind) {
    case undefined:
      return []
    case 'downgrade':
      return [
        find(
          'RB0880',
          path,
          `the registry is DTR ${from}, the playbook says ${to}`,
          `write ${from}, or later`,
        ),
      ]
    case 'no-station':
      return [
        find(
          'RB0881',
          path,
          `from ${from} to ${to} no version of line ${way.line} is known to stop at`,
          `upgrade to a ${way.line} version of your choice first`,
        ),
      ]
    case 'hops':
  }
  if (way.versions.length === 0) return []
  const balancer = wanted.topology.loadBalancer
  return [
    find(
      'RB0851',
      path,
      `the registry is DTR ${from}, the playbook says ${to}: ${way.versions.length} upgrade${way.versions.length === 1 ? '' : 's'}, ${[from, ...way.versions].join(' → ')}`,
      'nothing leads back from an upgrade',
    ),
    unlessBackedUp(
      find(
        'RB0882',
        path,
        'nothing leads back from an upgrade but a backup',
        "back up the registry's metadata and its images by hand, then accept this finding with the place and time of the backup as its reason",
      ),
      wanted.topology,
      facts,
    ),
    ...(trustOf(wanted.ucp, managerOf(wanted, facts), facts) === true &&
    trustSwitchedOff(wanted.ucp) === undefined
      ? [
          find(
            'RB0886',
            ['ucp'],
            'UCP enforces content trust, and refuses the images of an upgrade',
            'write ucp.config: {trust_configuration: {require_content_trust: false}}, which is set first; or switch it off in UCP',
          ),
        ]
      : []),
    ...(balancer !== undefined && balancer.kind !== 'haproxy' && balancer.dtr !== undefined
      ? [
          find(
            'RB0889',
            ['loadBalancer'],
            'replicas restart one by one, and nothing tells this balancer: clients meet a restarting one for seconds',
            'haproxy asks each member; with another balancer choose a quiet hour',
          ),
        ]
      : []),
  ]
}
