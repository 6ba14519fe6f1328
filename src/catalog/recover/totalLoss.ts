import { wantedOf } from '../dtr/questions.ts'
import { registryPart } from './majorityLoss.ts'
import { asApplyDoes } from './named.ts'
import { remaining } from './narrow.ts'
import { find } from './pages.ts'
import type { Recipe } from './recipe.ts'
import { survivors } from './survivor.ts'
import { under } from './under.ts'
import { managers, names, notThis, registry, standingManagers } from './verdicts.ts'

const needsBackup = (recipe: Recipe['name']) => () => [
  find(
    'RB0866',
    [],
    `${recipe} restores a backup`,
    'runbook backup list FILE names the sets; runbook restore FILE plans from one',
  ),
]

/** The registry is lost with its last replica. Its steps are those of `restore`, which reads a set first. */
export const registryTotalLoss: Recipe = {
  name: 'dtr-total-loss',
  title: 'The registry is lost with its last replica',
  when: 'Swarm and UCP stand, and no host holds the database of a replica. The hosts cannot tell this from a registry that never was.',
  ladder: [
    'look for a disk that still holds volumes dtr-rethink-ID: then it is dtr-majority-loss',
    'restore the registry from the newest complete set: metadata into a new replica of the same id and version, images, then joins (`runbook restore`)',
    'the vulnerability database is downloaded again; new backups',
  ],
  source: '§8.13 of the vendor sheet [D: ee/dtr/admin/disaster-recovery/restore-from-backup.md]',
  restores: true,
  applies: scene => {
    const wanted = wantedOf(remaining(scene.topology, scene.lost))
    const seen = registry(scene)
    if (!wanted || !seen) return [notThis('dtr-total-loss', 'the playbook has no registry', ['dtr'])]
    const state = managers(scene)
    if (state !== 'healthy' && state !== 'degraded')
      return [
        notThis('dtr-total-loss', 'the managers have no leader: the order is swarm, UCP, registry', ['ucp']),
      ]
    const held = survivors(wanted, scene.facts).map(({ replica }) => replica.host)
    return held.length === 0 && seen.diagnosis.verdict !== 'healthy' && seen.diagnosis.verdict !== 'degraded'
      ? []
      : [notThis('dtr-total-loss', `${names(held)} hold the database of a replica`, ['dtr'])]
  },
  products: lost =>
    under(
      [
        ...asApplyDoes({ os: [], docker: [], ucp: [] }, lost),
        { ...registryPart(lost), play: () => [], findings: needsBackup('dtr-total-loss') },
      ],
      registryTotalLoss.applies,
      lost,
    ),
}

/** Swarm and UCP are lost with the last manager. */
export const managersTotalLoss: Recipe = {
  name: 'ucp-total-loss',
  title: 'Swarm and UCP are lost with the last manager',
  when: 'No host says that it is a manager. The hosts cannot tell this from a cluster that never was.',
  ladder: [
    'start the engine of any manager whose disk is there: then it is ucp-quorum-loss',
    'restore in this order: swarm on a host of the address it was backed up from, UCP of the same version, managers and workers, then the registry (`runbook restore`)',
    'client bundles of before are good for nothing on a new swarm; new backups',
  ],
  source: '§8.10, §8.11, §8.14 of the vendor sheet [D: ee/admin/restore/*]',
  restores: true,
  applies: scene => {
    if (!scene.topology.ucp) return [notThis('ucp-total-loss', 'the playbook has no managers', ['ucp'])]
    const standing = standingManagers(scene)
    return standing.length === 0
      ? []
      : [
          notThis(
            'ucp-total-loss',
            `${names(standing)} still ${standing.length === 1 ? 'is a manager' : 'are managers'}`,
            ['ucp', 'managers'],
          ),
        ]
  },
  products: lost =>
    under(
      asApplyDoes({ os: [], docker: [], ucp: [] }, lost).map(part =>
        part.of === 'ucp' ? { ...part, findings: needsBackup('ucp-total-loss') } : part,
      ),
      managersTotalLoss.applies,
      lost,
    ),
}
