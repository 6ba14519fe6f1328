import { swarmSays } from '../docker/preflight.ts'
import { asApplyDoes, hostKinds } from './named.ts'
import type { Recipe } from './recipe.ts'
import { under } from './under.ts'
import { struckManagers } from './siteRejoin.ts'
import { lostManagers, managers, names, notThis } from './verdicts.ts'

/** A manager is lost, and the others have their majority. */
export const managerLoss: Recipe = {
  name: 'ucp-manager-loss',
  title: 'A manager is lost, the others have their majority',
  when: 'The managers have a leader, and one of the playbook is not reachable for them or not among them.',
  ladder: [
    'its engine has stopped and its host answers: start it; it comes back as what it was',
    'it is gone (`--without HOST`): demote it, so that it counts no more, then strike it off the list',
    'a new machine stands under its name: the same, then engine, join as a manager, and wait until its controller answers with 200',
    'there is no leader any more: ucp-quorum-loss',
  ],
  source:
    '§8.7 of the vendor sheet [D: engine/swarm/admin_guide.md, ee/ucp/admin/configure/scale-your-cluster.md]',
  applies: scene => {
    const state = managers(scene)
    if (state === 'lost')
      return [
        notThis('ucp-manager-loss', 'no manager sees a leader: that is ucp-quorum-loss', ['ucp', 'managers']),
      ]
    if (state === 'absent' || state === 'unknown')
      return [
        notThis('ucp-manager-loss', state === 'absent' ? 'there is no swarm' : 'no manager tells', [
          'ucp',
          'managers',
        ]),
      ]
    const struck = struckManagers(scene).filter(host => swarmSays(scene.facts, host, 'state') !== 'inactive')
    if (struck.length > 0)
      return [
        notThis(
          'ucp-manager-loss',
          `${names(struck)} ${struck.length === 1 ? 'was' : 'were'} struck off: that is site-rejoin`,
          ['ucp', 'managers'],
        ),
      ]
    return lostManagers(scene).length > 0
      ? []
      : [notThis('ucp-manager-loss', 'every manager is there and reachable', ['ucp', 'managers'])]
  },
  products: lost =>
    under(
      asApplyDoes({ ...hostKinds, ucp: ['ucp.demote', 'ucp.strike', 'ucp.joinManager'] }, lost),
      managerLoss.applies,
      lost,
    ),
}
