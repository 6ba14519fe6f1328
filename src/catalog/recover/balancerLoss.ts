import { status } from '../loadBalancer/status.ts'
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
    const rows = status(remaining(topology, lost), facts)
    if (rows.some(row => row.state === 'absent' || row.state === 'degraded')) return []
    return [
      notThis(
        'lb-loss',
        rows.length > 0 && rows.every(row => row.state === 'ok')
          ? 'every balancer runs with all its members'
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
