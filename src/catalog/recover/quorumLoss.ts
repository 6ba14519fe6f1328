import { holds } from '../../plan/check.ts'
import { type Facts, factKey } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { HostName, Step } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { swarmSays } from '../docker/preflight.ts'
import { member } from '../os/text.ts'
import type { Play } from '../product.ts'
import { databasesRun } from '../ucp/cluster.ts'
import { type Alone, authStore, comesBack, etcd, forgotten, nodesBack, refound } from '../ucp/plays/alone.ts'
import { asApplyDoes } from './named.ts'
import { remaining } from './narrow.ts'
import { find } from './pages.ts'
import type { Recipe, Scene } from './recipe.ts'
import { type Part, under } from './under.ts'
import { engineIsDown, managers, names, notThis, standingManagers } from './verdicts.ts'

const path = ['ucp', 'managers']

/**
 * The manager that is kept: one that says that it is a manager, before others one whose UCP databases run, then by the order of the
 * playbook. Which of several has the newest log, no question tells that works without a leader.
 */
function keptManager(scene: Scene): HostName | undefined {
  const standing = standingManagers(scene)
  return standing.find(host => holds(databasesRun(host), scene.facts)) ?? standing[0]
}

function aloneOf(topology: Topology, facts: Facts, lost: readonly HostName[]): Alone | undefined {
  const bare = remaining(topology, lost)
  const { ucp } = bare
  // Without any facts the plan is still the whole procedure: its secrets are looked for in it.
  const host = facts.size === 0 ? ucp?.managers[0] : keptManager({ topology, facts, lost })
  if (!ucp || host === undefined) return undefined
  const node = facts.get(factKey({ fact: 'ucp.node', host }))
  const [version, image] = [member(node, 'version'), member(node, 'image')]
  return {
    topology: bare,
    ucp,
    host,
    version: typeof version === 'string' ? version : ucp.version,
    repository: typeof image === 'string' ? image.split('/').slice(0, -1).join('/') : ucp.repository,
  }
}

/** Swarm, etcd, auth store on the one that is kept; lost managers struck off; workers seen; the other managers cleared and joined, one at a time. */
export function refoundManagers(lost: readonly HostName[]): Play {
  return ({ topology, facts, after }) => {
    const alone = aloneOf(topology, facts, lost)
    if (!alone) return []
    const { host, ucp } = alone
    const steps: Step[] = []
    const needs = () => {
      const last = steps.at(-1)
      return last ? [last.id] : after
    }
    // Those that run are cleared before any other engine is started, so that no majority of the old group ever comes up.
    const runs = (one: HostName): boolean => swarmSays(facts, one, 'state') === 'active'
    const others = ucp.managers.filter(one => one !== host).sort((a, b) => Number(runs(b)) - Number(runs(a)))
    steps.push(refound(alone, needs()))
    steps.push(etcd(alone, needs()))
    steps.push(authStore(alone, needs()))
    const gone = topology.ucp?.managers.filter(one => lost.includes(one)) ?? []
    if (gone.length > 0) steps.push(forgotten(alone, gone, needs()))
    const workers = ucp.workers.filter(runs)
    if (workers.length > 0) steps.push(nodesBack(alone, workers, needs()))
    for (const one of others) steps.push(comesBack(alone, one, needs()))
    return steps
  }
}

/** What the recovery of the managers is planned from. Its steps stand with UCP's; an engine is installed on bare hosts, and none is started before its turn. */
export function managersPart(lost: readonly HostName[]): readonly Part[] {
  return asApplyDoes({ os: [], docker: ['docker.install'], ucp: [] }, lost).map(part =>
    part.of === 'ucp'
      ? { ...part, play: refoundManagers(lost), findings: () => [] }
      : // What the others say of a swarm without a leader is what the recipe is for.
        { ...part, findings: part.of === 'os' ? (part.findings ?? (() => [])) : () => [] },
  )
}

/** Why the managers are not to be founded anew; also what is to be known before they are. */
export function unfitForRefounding(scene: Scene, recipe: Recipe['name']): readonly Finding[] {
  const { topology, lost } = scene
  const all = topology.ucp?.managers ?? []
  const state = managers(scene)
  if (all.length === 0) return [notThis(recipe, 'the playbook has no managers', ['ucp'])]
  if (state === 'healthy' || state === 'degraded') return [notThis(recipe, 'a manager sees a leader', path)]
  if (state === 'absent') return [notThis(recipe, 'no host says that it is in a swarm', path)]
  const standing = standingManagers(scene)
  if (standing.length === 0)
    return [
      find(
        'RB0864',
        path,
        'no host that answers says that it is a manager',
        'start the engine of one; when all are gone for good, ucp-total-loss restores a backup',
      ),
    ]
  const startable = all.filter(host => !lost.includes(host) && engineIsDown(scene, host) === true)
  const gone = all.filter(host => lost.includes(host))
  return [
    ...(startable.length > 0 && standing.length + startable.length >= Math.floor(all.length / 2) + 1
      ? [
          find(
            'RB0863',
            path,
            `the engines of ${names(startable)} could be started, and with them the managers would have their majority`,
            'runbook apply FILE starts them; hosts that are gone for good are named with --without',
          ),
        ]
      : []),
    ...(gone.length > 0
      ? [
          find(
            'RB0865',
            path,
            `${names(gone)} must not come back by ${gone.length === 1 ? 'itself' : 'themselves'}: ${gone.length === 1 ? 'it still believes' : 'they still believe'} in the old group of managers`,
            'keep the engine off; runbook recover site-rejoin clears and joins one after another',
          ),
        ]
      : []),
  ]
}

/** The managers have lost their majority. */
export const quorumLoss: Recipe = {
  name: 'ucp-quorum-loss',
  title: 'The managers have lost their majority, one is left',
  when: 'A manager answers, and none sees a leader. Services go on; nothing can be changed.',
  ladder: [
    'bring the missing managers back: engine, network, disk; with a majority at work nothing is lost (`runbook apply`)',
    'keep one manager: one that says that it is one, before others one whose UCP databases run, then the order of the playbook; the others that still run are a minority of the old group and can do nothing alone',
    'swarm: `docker swarm init --force-new-cluster` there, then a snapshot; services, tasks and workers stay',
    "UCP's etcd a cluster of itself, its auth store the only replica, the engine once anew, until /_ping answers 200 [dockerpac/dr; the manual restores UCP from its backup instead]",
    'lost managers are struck off; the others are cleared of the old group and join anew, each whole before the next is looked at',
    'UCP does not get well: ucp-total-loss restores it from a backup; take new backups of everything in any case',
  ],
  source:
    '§8.8 of the vendor sheet [D: ee/admin/disaster-recovery.md, engine/swarm/admin_guide.md]; the repair in place: dockerpac/dr, 6 and 12 (public drill of UCP 3.2)',
  applies: scene => unfitForRefounding(scene, 'ucp-quorum-loss'),
  products: lost => under(managersPart(lost), quorumLoss.applies, lost),
}
