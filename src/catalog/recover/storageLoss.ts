import { matches } from '../../plan/check.ts'
import { type Facts, factKey } from '../../plan/fact.ts'
import type { HostName, Step } from '../../plan/step.ts'
import type { ReplicaSpec, Topology } from '../../playbook/topology.ts'
import { makings } from '../dtr/plays/converge.ts'
import { restart } from '../dtr/plays/restart.ts'
import { whole } from '../dtr/plays/whole.ts'
import { askPing, wantedOf } from '../dtr/questions.ts'
import { member, shown } from '../os/text.ts'
import type { Play } from '../product.ts'
import { status } from '../storage/status.ts'
import { registryPart } from './majorityLoss.ts'
import { asApplyDoes } from './named.ts'
import { remaining } from './narrow.ts'
import type { Recipe } from './recipe.ts'
import { under } from './under.ts'
import { names, notThis } from './verdicts.ts'

/** Replicas whose own word is that they do not reach their storage. */
function withoutStorage(topology: Topology, facts: Facts): readonly ReplicaSpec[] {
  return (topology.dtr?.replicas ?? []).filter(one => {
    const ping = facts.get(factKey(askPing(one)))
    return (
      member(ping, 'healthy') === false &&
      /storage|registry|filesystem|s3/i.test(shown(member(ping, 'error')))
    )
  })
}

/** Hosts that looked into the storage and were refused. */
function refused(topology: Topology, facts: Facts): readonly HostName[] {
  return status(topology, facts).flatMap(({ state, host }) =>
    state === 'degraded' && host !== undefined ? [host] : [],
  )
}

/** Replicas that do not answer well are restarted once the storage is proved, one after another; then the whole is seen. */
function restartUnwell(lost: readonly HostName[]): Play {
  return ({ topology, facts, after }) => {
    const wanted = wantedOf(remaining(topology, lost))
    if (!wanted) return []
    const made = makings(wanted, facts)
    const steps: Step[] = []
    const needs = () => {
      const last = steps.at(-1)
      return last ? [last.id] : after
    }
    for (const replica of wanted.dtr.replicas)
      if (!matches({ code: 200 }, facts.get(factKey(askPing(replica))))) steps.push(restart(replica, needs()))
    return [...steps, whole(made, needs())]
  }
}

/** The registry's storage is cut off, full or not to be written. */
export const storageLoss: Recipe = {
  name: 'storage-loss',
  title: "The registry's storage is lost, cut off or not to be written",
  when: 'Replicas answer that they do not reach their storage, or hosts that look into it are refused. All replicas are unwell at once: no replica is removed for it.',
  ladder: [
    'mend the storage itself: server, export, mount, firewall, space, keys; nothing of the registry is to be changed for that',
    'each host writes its marker and sees those of all others again, which is also the proof that it can be written: until then the recipe stops here and says what each host was told',
    'replicas that do not get well by themselves are restarted, one after another, so that they mount anew',
    'an image is pushed and pulled by digest through every replica (`runbook apply`, section of the check)',
    'the server has another address, even under the same name: `reconfigure` with the same URL and --storage-migrated (a change of `storage`, with RB0858 accepted)',
    'its content is gone: the images of a backup set (`runbook restore`); metadata without blobs gives pulls that fail',
  ],
  source: '§7.4, §9.49, §9.50 of the vendor sheet [D: external-storage/nfs.md, use-a-load-balancer.md]',
  applies: ({ topology, facts, lost }) => {
    const bare = remaining(topology, lost)
    if (!wantedOf(bare)) return [notThis('storage-loss', 'the playbook has no registry', ['dtr'])]
    if (bare.storage.kind === 'local')
      return [notThis('storage-loss', 'each replica has a disk of its own', ['storage'])]
    const [cut, told] = [withoutStorage(bare, facts), refused(bare, facts)]
    return cut.length > 0 || told.length > 0
      ? []
      : [
          notThis(
            'storage-loss',
            `${names(bare.dtr?.replicas.map(({ host }) => host) ?? [])} do not say that their storage is away`,
            ['storage'],
          ),
        ]
  },
  products: lost =>
    under(
      [
        ...asApplyDoes(
          { os: [], docker: [], ucp: [], storage: ['storage.client', 'storage.mark', 'storage.prove'] },
          lost,
        ),
        { ...registryPart(lost), play: restartUnwell(lost) },
      ],
      storageLoss.applies,
      lost,
    ),
}
