import type { HostName } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import type { Play } from '../product.ts'
import { converge as registryAsDeclared } from '../dtr/plays/converge.ts'
import { wantedOf } from '../dtr/questions.ts'
import { registryPart, repairRegistry, unfitForRepair } from './majorityLoss.ts'
import { registryKinds } from './named.ts'
import { remaining, restricted } from './narrow.ts'
import { converge as managersAsDeclared } from '../ucp/plays/converge.ts'
import { managersPart, refoundManagers, unfitForRefounding } from './quorumLoss.ts'
import type { Recipe, Scene } from './recipe.ts'
import { under } from './under.ts'
import { managers, notThis, registry } from './verdicts.ts'

/** The registry cannot name its members, or has too few healthy ones. */
function registryIsLost(scene: Scene): boolean {
  const verdict = registry(scene)?.diagnosis.verdict
  return verdict === 'lost' || verdict === 'unknown'
}

/** Workers of a site keep their place on the list: they come back by themselves. Only managers and replicas are let go of. */
function withoutManagersOnly(topology: Topology, lost: readonly HostName[]): Topology {
  const bare = remaining(topology, lost)
  const gone = topology.ucp?.managers.filter(host => lost.includes(host)) ?? []
  const { absent } = bare
  return absent === undefined
    ? bare
    : { ...bare, absent: { ...absent, nodes: [...(topology.absent?.nodes ?? []), ...gone] } }
}

function managersGoOn(lost: readonly HostName[]): Play {
  return context => {
    const scene = { topology: context.topology, facts: context.facts, lost }
    // Without any facts the plan is still the whole procedure.
    if (context.facts.size === 0 || managers(scene) === 'lost') return refoundManagers(lost)(context)
    const topology = withoutManagersOnly(context.topology, lost)
    return restricted(managersAsDeclared({ ...context, topology }), ['ucp.demote', 'ucp.strike'])
  }
}

function registryGoesOn(lost: readonly HostName[]): Play {
  return context => {
    const scene = { topology: context.topology, facts: context.facts, lost }
    if (context.facts.size === 0 || registryIsLost(scene)) return repairRegistry(lost)(context)
    const topology = remaining(context.topology, lost)
    return wantedOf(topology) ? restricted(registryAsDeclared({ ...context, topology }), registryKinds) : []
  }
}

/** A site is lost with all that stood there. */
export const siteLoss: Recipe = {
  name: 'dc-loss',
  title: 'A site is lost, another one goes on',
  when: 'The hosts of a site are gone (`--without SITE`), and with them managers and members of the registry, a majority of either or not.',
  ladder: [
    'make sure that the site is gone and stays so: two halves that both act are worse than one that stands still; until here all is undone by bringing it back',
    'the managers lost their majority: as ucp-quorum-loss, on a manager of the other site; else the managers of the site are demoted and struck off',
    'the registry lost its majority: as dtr-majority-loss, from the survivor with the newest data; else its members of the site are removed',
    'workers of the site keep their place on the list; balancers leave out what does not answer',
    'the site comes back: site-rejoin, never two of its managers at once',
  ],
  source:
    'dockerpac/dr (14 actions, 5 checkpoints); §8.6, §8.8, §8.14 of the vendor sheet [D: ee/admin/disaster-recovery.md]',
  includes: ['ucp-quorum-loss', 'ucp-manager-loss', 'dtr-majority-loss', 'dtr-node-loss', 'dtr-replica-loss'],
  applies: scene => {
    const { topology, lost } = scene
    const both =
      lost.some(host => topology.ucp?.managers.includes(host)) &&
      lost.some(host => topology.dtr?.replicas.some(one => one.host === host))
    if (!both)
      return [
        notThis(
          'dc-loss',
          lost.length === 0
            ? 'no site was named with --without'
            : 'those that are gone are not both managers and hosts of the registry',
        ),
      ]
    const lostManagers = managers(scene) === 'lost'
    const lostRegistry = registryIsLost(scene)
    return [
      ...(lostManagers ? unfitForRefounding(scene, 'dc-loss') : []),
      ...(lostRegistry ? unfitForRepair(scene, 'dc-loss') : []),
    ].filter((one, i, all) => all.findIndex(({ message }) => message === one.message) === i)
  },
  products: lost =>
    under(
      [
        ...managersPart(lost).map(part => (part.of === 'ucp' ? { ...part, play: managersGoOn(lost) } : part)),
        { ...registryPart(lost), play: registryGoesOn(lost) },
      ],
      siteLoss.applies,
      lost,
    ),
}
