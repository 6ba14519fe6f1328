import { type Facts, factKey } from '../../plan/fact.ts'
import type { Topology } from '../../playbook/topology.ts'
import { haproxy } from '../loadBalancer/facts.ts'
import { pools } from '../loadBalancer/pools.ts'
import { status } from '../loadBalancer/status.ts'
import { member } from '../os/text.ts'
import { asApplyDoes } from './named.ts'
import { remaining } from './narrow.ts'
import type { Recipe } from './recipe.ts'
import { under } from './under.ts'
import { notThis } from './verdicts.ts'

/** The balancer is lost, what stands behind it is not. */
export const balancerLoss: Recipe = {
  name: 'lb-loss',
  title: 'The load balancer is lost',
  when: 'A balancer of the playbook does not run, has another configuration, or has a member out of its pools.',
  ladder: [
    'another balancer host is there: clients go to it by its address or by DNS; name the lost one with `--without`',
    'its host answers: packages where they are missing, the configuration from the playbook, tested by the balancer itself before it is taken, every member back in',
    "it is somebody else's: the playbook's own add command for each member that its list lacks",
    'its host is gone for good: put a new machine under its name and run this again',
  ],
  source: '§6 of the vendor sheet [D: ee/dtr/admin/configure/use-a-load-balancer.md]',
  applies: ({ topology, facts, lost }) => {
    if (!topology.loadBalancer) return [notThis('lb-loss', 'the playbook has no balancer', ['loadBalancer'])]
    const left = remaining(topology, lost)
    const rows = status(left, facts)
    // A member that the balancer itself finds down is lost behind it, and the balancer does what it is for.
    if (rows.some(row => row.state === 'absent') || isShort(left, facts)) return []
    return [
      notThis(
        'lb-loss',
        rows.length > 0 && rows.every(row => row.state !== 'unknown')
          ? 'every balancer runs and leaves out nobody but who does not answer it'
          : 'no balancer tells',
        ['loadBalancer'],
      ),
    ]
  },
  products: lost =>
    under(
      asApplyDoes(
        { os: [], loadBalancer: ['loadBalancer.install', 'loadBalancer.configure', 'loadBalancer.add'] },
        lost,
      ),
      balancerLoss.applies,
      lost,
    ),
}

/** A member of the playbook is missing from a balancer, or somebody took it out. */
function isShort(topology: Topology, facts: Facts): boolean {
  const spec = topology.loadBalancer
  if (spec?.kind === 'external') return status(topology, facts).some(row => row.state === 'degraded')
  if (spec?.kind !== 'haproxy') return false
  return spec.hosts.some(host => {
    const seen = facts.get(factKey({ fact: haproxy.name, host }))
    const servers = member(seen, 'servers')
    return (
      seen !== undefined &&
      seen !== null &&
      pools(topology).some(pool =>
        pool.servers.some(server => {
          const state = member(member(servers, pool.name), server.host)
          return state !== 'up' && state !== 'down'
        }),
      )
    )
  })
}
