import { holds } from '../../plan/check.ts'
import { type Facts, factKey } from '../../plan/fact.ts'
import type { Check } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { wantedOf } from '../dtr/questions.ts'
import type { Product, StatusRow } from '../product.ts'
import { isLicensed } from '../ucp/cluster.ts'
import { askImage, canPush, converge } from './converge.ts'
import { facts } from './facts.ts'
import { kinds } from './kinds.ts'
import { model } from './model.ts'

/** The registry tried as its users do, after everything else stands: login, push through the balancer, pull through every replica. */
export const acceptance: Product = {
  name: 'acceptance',
  wanted: topology => wantedOf(topology) !== undefined,
  facts,
  asks: ({ ucp }) => (ucp && !ucp.license ? ucp.managers.map(isLicensed) : []),
  plays: { converge },
  quorums: () => [],
  healthy,
  status: (topology, seen) =>
    canPush({ topology, facts: seen }) ? images(topology).map(check => row(check, seen)) : [],
  rules: () => [],
  findings: (topology, seen) =>
    canPush({ topology, facts: seen })
      ? []
      : [
          {
            code: 'RB0877',
            severity: 'warning',
            path: ['ucp'],
            message:
              'no licence in the playbook and none seen in the cluster: nothing can be pushed, so push and pull are not tried',
            help: "give 'ucp.license', then apply again",
          },
        ],
  pages: [
    {
      code: 'RB0877',
      title: 'No licence, so nothing can be pushed',
      severity: 'warning',
      why: 'A registry without a licence answers every push with HTTP 402 and "DTR doesn\'t have a license" [O]. DTR copies the licence from UCP at install.',
      fix: 'Give the licence file as ucp.license.',
    },
  ],
  kinds,
  model,
}

function row(check: Check, seen: Facts): StatusRow {
  const common = { item: 'push and pull', host: check.host }
  if (holds(check, seen))
    return { ...common, state: 'ok', detail: 'the proof image comes whole through this replica' }
  const answer = seen.get(factKey(check))
  if (answer === undefined) return { ...common, state: 'unknown', detail: 'could not tell' }
  if (answer === null) return { ...common, state: 'absent', detail: 'no proof image has been pushed' }
  return { ...common, state: 'degraded', detail: 'the proof image does not come whole through this replica' }
}

/** Every replica gives the proof image whole. */
function images(topology: Topology): readonly Check[] {
  const wanted = wantedOf(topology)
  return wanted?.dtr.replicas.map(one => ({ ...askImage(wanted, one), is: { whole: true } })) ?? []
}

/** Nothing is claimed of a registry that has no licence by the playbook. */
function healthy(topology: Topology): readonly Check[] {
  return topology.ucp?.license === undefined ? [] : images(topology)
}
