import type { HostName, Step } from '../../plan/step.ts'
import { swarmSays } from '../docker/preflight.ts'
import { halt } from '../docker/refound.ts'
import { join } from '../dtr/plays/join.ts'
import { makings } from '../dtr/plays/converge.ts'
import { start } from '../dtr/plays/start.ts'
import { whole } from '../dtr/plays/whole.ts'
import { wantedOf } from '../dtr/questions.ts'
import { member, shown } from '../os/text.ts'
import type { Play } from '../product.ts'
import { founder } from '../ucp/cluster.ts'
import { nodesSeen } from '../ucp/leavers.ts'
import { comesBack } from '../ucp/plays/alone.ts'
import { converge as managersAsDeclared } from '../ucp/plays/converge.ts'
import { registryPart } from './majorityLoss.ts'
import { asApplyDoes, hostKinds } from './named.ts'
import { remaining, restricted } from './narrow.ts'
import { find } from './pages.ts'
import type { Recipe, Scene } from './recipe.ts'
import { under } from './under.ts'
import { managers, names, notThis, registry } from './verdicts.ts'

/** Managers of the playbook that the managers at work do not list at all: they were struck off while they were away. */
export function struckManagers({ topology, facts, lost }: Scene): readonly HostName[] {
  const { ucp } = topology
  const seen = ucp ? nodesSeen(ucp, facts) : []
  if (!ucp || seen.length === 0) return []
  return ucp.managers.filter(
    host => !lost.includes(host) && !seen.some(node => shown(member(node, 'hostname')) === host),
  )
}

/** Replicas of the playbook that the registry, which names its members, does not know. */
function strangersToRegistry(scene: Scene): readonly HostName[] {
  const seen = registry(scene)
  if (seen?.census.database !== 'told') return []
  return (scene.topology.dtr?.replicas ?? [])
    .filter(({ id, host }) => !scene.lost.includes(host) && !seen.census.members.some(one => one.id === id))
    .map(({ host }) => host)
}

/** Struck managers one after another, then whoever else of the playbook is not among the nodes. */
function nodesRejoin(lost: readonly HostName[]): Play {
  return context => {
    const { facts, after } = context
    const topology = remaining(context.topology, lost)
    const { ucp } = topology
    if (!ucp) return []
    const struck = struckManagers({ topology: context.topology, facts, lost })
    const through = founder(ucp, facts)
    const steps: Step[] = []
    struck.forEach((host, i) => {
      const step = comesBack(
        { topology, ucp, host: through },
        host,
        i === 0 ? after : [steps.at(-1)?.id ?? ''],
      )
      // Whatever starts them by itself: before the first one's turn all the others are off.
      const off = i === 0 ? struck.slice(1).map(halt) : []
      steps.push({ ...step, run: [...off, ...step.run] })
    })
    const last = steps.at(-1)
    const others = restricted(
      managersAsDeclared({
        ...context,
        topology: {
          ...topology,
          ucp: { ...ucp, managers: ucp.managers.filter(host => !struck.includes(host)) },
        },
        after: last ? [last.id] : after,
      }),
      ['ucp.joinManager', 'ucp.joinWorker'],
    )
    return [...steps, ...others]
  }
}

/** Members that have stopped are started; who is none is cleared of what it holds and joins. */
function replicasRejoin(lost: readonly HostName[]): Play {
  return ({ topology, facts, after }) => {
    const wanted = wantedOf(remaining(topology, lost))
    if (!wanted) return []
    const made = makings(wanted, facts)
    const { census } = made.intent
    const steps: Step[] = []
    const needs = () => {
      const last = steps.at(-1)
      return last ? [last.id] : after
    }
    for (const replica of wanted.dtr.replicas) {
      if (replica === made.donor) continue
      const known = census.members.some(one => one.id === replica.id)
      steps.push(known ? start(made, replica, needs()) : join(made, replica, needs(), false, true))
    }
    return [...steps, whole(made, needs())]
  }
}

/** A site that was let go of comes back. */
export const siteRejoin: Recipe = {
  name: 'site-rejoin',
  title: 'A site that was let go of comes back',
  when: 'Hosts answer again that the managers struck off, or replicas that the registry let go of, while both go on without them.',
  ladder: [
    'managers first, since their majority protects all that follows: one after another, its engine on, cleared of the old group, joined and healthy before the next is looked at; all others of them are off meanwhile',
    'workers and hosts of the registry: their engines on; they kept their place on the list, or join anew',
    'replicas: cleared of the registry that is no more, then joined, one at a time',
    'new backups of everything',
  ],
  source:
    'dockerpac/dr, 10 to 12, with managers before replicas (inferred, as §8.14 of the vendor sheet: quorum protects the later steps) [D: ee/admin/disaster-recovery.md]',
  includes: ['ucp-manager-loss', 'dtr-node-loss', 'dtr-replica-loss'],
  applies: scene => {
    const state = managers(scene)
    if (state !== 'healthy' && state !== 'degraded')
      return [
        notThis('site-rejoin', 'there are no managers with a leader to come back to', ['ucp', 'managers']),
      ]
    const struck = struckManagers(scene)
    const strangers = strangersToRegistry(scene)
    if (struck.length === 0 && strangers.length === 0)
      return [notThis('site-rejoin', 'no host is there that was let go of')]
    // Two of them at work at once may already act for the group that was: then their turn has to come at once.
    const up = struck.filter(host => swarmSays(scene.facts, host, 'manager') === true)
    return up.length > 1
      ? [
          find(
            'RB0865',
            ['ucp', 'managers'],
            `${names(up)} run at once and believe in the old group of managers: the first step stops all but one`,
            'better stop their engines by hand now, all but one: systemctl stop docker.socket docker',
          ),
        ]
      : []
  },
  products: lost =>
    under(
      [
        ...asApplyDoes({ os: [], docker: hostKinds.docker, ucp: [] }, lost).map(part =>
          part.of === 'docker'
            ? {
                ...part,
                // An old manager is started in its own turn only.
                play: (context: Parameters<Play>[0]) => {
                  const struck = struckManagers({ ...context, lost })
                  return part
                    .play(context)
                    .filter(({ kind, host }) => kind !== 'docker.start' || !struck.includes(host))
                },
              }
            : part.of === 'ucp'
              ? { ...part, play: nodesRejoin(lost), findings: () => [] }
              : part,
        ),
        { ...registryPart(lost), play: replicasRejoin(lost) },
      ],
      siteRejoin.applies,
      lost,
    ),
}
