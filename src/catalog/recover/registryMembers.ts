import type { Facts } from '../../plan/fact.ts'
import type { Topology } from '../../playbook/topology.ts'
import { wantedOf } from '../dtr/questions.ts'
import { asApplyDoes, hostKinds, registryKinds } from './named.ts'
import type { Recipe } from './recipe.ts'
import { under } from './under.ts'
import { lostNodes, names, notThis, registry } from './verdicts.ts'

const SOURCE =
  '§8.4 of the vendor sheet [D: ee/dtr/admin/disaster-recovery/repair-a-single-replica.md]; §8.5 [KB: Unhealthy DTR replica]'

/**
 * Members that run and are not well are to be taken out and joined anew: that is what somebody says who calls them lost. What has only
 * stopped is started, and of what nothing is left the id is removed: apply does both by itself.
 */
function givenUp(topology: Topology, facts: Facts): Topology {
  const seen = registry({ topology, facts, lost: [] })
  const wanted = wantedOf(topology)
  if (!seen || !wanted || !['degraded', 'ghost'].includes(seen.diagnosis.verdict)) return topology
  const unwell = seen.census.members
    .filter(one => one.state === 'failed' && wanted.dtr.replicas.some(replica => replica.id === one.id))
    .map(({ id }) => id)
  const { nodes, replicas } = topology.absent ?? { nodes: [], replicas: [] }
  return { ...topology, absent: { nodes, replicas: [...new Set([...replicas, ...unwell])] } }
}

/** A member of the registry is lost on a host that answers. */
export const replicaLoss: Recipe = {
  name: 'dtr-replica-loss',
  title: 'A registry replica is lost, its host answers',
  when: 'Fewer members are healthy than there are, and still more than half of them are.',
  ladder: [
    'its containers are there and have stopped: start them; its data is on that host, and nothing changes for the others',
    'it runs and is not well, or nothing of it is left: remove its id through a healthy member, out of the balancer first, one id a run',
    'only then join it anew on its host: joining before removing can split the registry in two halves that both write',
    'the majority is gone meanwhile: dtr-majority-loss',
  ],
  source: SOURCE,
  applies: scene => {
    const seen = registry(scene)
    if (!seen) return [notThis('dtr-replica-loss', 'the playbook has no registry', ['dtr'])]
    const { verdict } = seen.diagnosis
    const gone = lostNodes(scene, scene.topology.dtr?.replicas.map(({ host }) => host) ?? [])
    return [
      ...(verdict === 'degraded' || verdict === 'ghost'
        ? []
        : [notThis('dtr-replica-loss', `the registry is ${wordOf(verdict)}`, ['dtr'])]),
      ...(gone.length > 0
        ? [
            notThis('dtr-replica-loss', `${names(gone)} is no ready node any more: that is dtr-node-loss`, [
              'dtr',
            ]),
          ]
        : []),
    ]
  },
  products: lost => under(asApplyDoes({ dtr: registryKinds }, lost, givenUp), replicaLoss.applies, lost),
}

/** A host of a replica is lost: without it, or on a machine that was built anew under its name. */
export const nodeLoss: Recipe = {
  name: 'dtr-node-loss',
  title: 'A host of the registry is lost',
  when: 'A host of a replica does not answer any more, or answers as a bare machine, while more than half of the members are healthy.',
  ladder: [
    'bring the host back as it was: then it is dtr-replica-loss, or nothing at all',
    'it is gone (`--without HOST`): strike its node off the swarm, remove its id through a healthy member; what remains is seen whole',
    'a new machine stands under its name: the same, then engine, swarm and join on it',
    'the majority is gone meanwhile: dtr-majority-loss',
  ],
  source: `${SOURCE}; peers.md F6: a machine that comes back bare under its old address is removed before it joins`,
  applies: scene => {
    const { topology } = scene
    const seen = registry(scene)
    if (!seen) return [notThis('dtr-node-loss', 'the playbook has no registry', ['dtr'])]
    const { verdict } = seen.diagnosis
    const hosts = lostNodes(scene, topology.dtr?.replicas.map(({ host }) => host) ?? [])
    return [
      ...(verdict === 'lost' || verdict === 'none' || verdict === 'unknown'
        ? [notThis('dtr-node-loss', `the registry is ${wordOf(verdict)}`, ['dtr'])]
        : []),
      ...(hosts.length === 0
        ? [notThis('dtr-node-loss', 'every host of a replica is a ready node', ['dtr'])]
        : []),
    ]
  },
  products: lost =>
    under(
      asApplyDoes(
        {
          ...hostKinds,
          ucp: ['ucp.strike', 'ucp.joinWorker'],
          storage: ['storage.client'],
          dtr: registryKinds,
        },
        lost,
      ),
      nodeLoss.applies,
      lost,
    ),
}

function wordOf(verdict: string): string {
  if (verdict === 'lost') return 'without its majority'
  return verdict === 'none' ? 'not installed' : verdict === 'unknown' ? 'silent' : verdict
}
