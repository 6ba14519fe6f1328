import { matches } from '../../plan/check.ts'
import { factKey } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { HostName, Step } from '../../plan/step.ts'
import { dtr } from '../dtr/index.ts'
import { asks as registryAsks, findings as registryFindings } from '../dtr/findings.ts'
import { askData, askWorks } from '../dtr/lossFacts.ts'
import { clear } from '../dtr/plays/clear.ts'
import { makings } from '../dtr/plays/converge.ts'
import { join } from '../dtr/plays/join.ts'
import { repair } from '../dtr/plays/repair.ts'
import { whole } from '../dtr/plays/whole.ts'
import { askCluster, askHelper, stateOf, wantedOf } from '../dtr/questions.ts'
import { member, shown } from '../os/text.ts'
import type { Play } from '../product.ts'
import { askPing } from '../ucp/facts.ts'
import { asApplyDoes } from './named.ts'
import { remaining } from './narrow.ts'
import { find } from './pages.ts'
import type { Recipe, Scene } from './recipe.ts'
import { isTie, survivors } from './survivor.ts'
import { type Part, under } from './under.ts'
import { engineIsDown, managers, names, notThis, registry } from './verdicts.ts'

const path = ['dtr', 'replicas']

/** The registry anew from one survivor: what others left is cleared and they join it, one at a time. Hosts that are given up stay out. */
export function repairRegistry(lost: readonly HostName[]): Play {
  return ({ topology, facts, after }) => {
    const wanted = wantedOf(remaining(topology, lost))
    if (!wanted) return []
    // Without any facts the plan is still the whole procedure: its secrets are looked for in it.
    const survivor = facts.size === 0 ? wanted.dtr.replicas[0] : survivors(wanted, facts)[0]?.replica
    if (!survivor) return []
    const made = makings(wanted, facts, survivor)
    const steps: Step[] = []
    const needs = () => {
      const last = steps.at(-1)
      return last ? [last.id] : after
    }
    for (const host of Object.keys(wanted.topology.hosts).sort())
      if (matches({ left: true }, facts.get(factKey(askHelper({ host })))))
        steps.push(clear(made, { host }, needs()))
    steps.push(repair(made, needs()))
    for (const replica of made.others) steps.push(join(made, replica, needs(), false, true))
    return [...steps, whole(made, needs())]
  }
}

/** What the repair of the registry is planned from. */
export function registryPart(lost: readonly HostName[]): Part {
  return {
    of: 'dtr',
    play: repairRegistry(lost),
    asks: topology => {
      const wanted = wantedOf(remaining(topology, lost))
      if (!wanted) return []
      const { replicas } = wanted.dtr
      return [
        ...registryAsks(wanted.topology),
        ...replicas.flatMap(one => [askData(one), askWorks(wanted, one)]),
        ...wanted.ucp.managers.map(host => askPing(wanted.ucp, host)),
      ]
    },
    quorums: (topology, facts) => {
      const bare = remaining(topology, lost)
      return wantedOf(bare) ? dtr.quorums(bare, facts) : []
    },
    findings: (topology, facts) =>
      registryFindings(remaining(topology, lost), facts).filter(({ code }) =>
        ['RB0852', 'RB0854', 'RB0892'].includes(code),
      ),
  }
}

/** Replicas on hosts that answer, not at work, that could be started; with them at work there would be a majority. */
function couldBeStarted(scene: Scene): readonly HostName[] {
  const wanted = wantedOf(remaining(scene.topology, scene.lost))
  const { topology, facts } = scene
  if (!wanted) return []
  const of = topology.dtr?.replicas.length ?? 0
  const running = wanted.dtr.replicas.filter(one => stateOf(one, facts) === 'running')
  const startable = wanted.dtr.replicas.filter(
    one => stateOf(one, facts) === 'stopped' || engineIsDown(scene, one.host) === true,
  )
  return startable.length > 0 && running.length + startable.length >= Math.floor(of / 2) + 1
    ? startable.map(({ host }) => host)
    : []
}

/** Why the registry is not to be repaired from a survivor; also what is to be known before it is. */
export function unfitForRepair(scene: Scene, recipe: Recipe['name']): readonly Finding[] {
  const { topology, facts, lost } = scene
  const wanted = wantedOf(remaining(topology, lost))
  const seen = registry(scene)
  if (!wanted || !seen)
    return topology.dtr
      ? [find('RB0864', path, 'no host of a replica is left', 'dtr-total-loss restores a backup')]
      : [notThis(recipe, 'the playbook has no registry', ['dtr'])]
  const refused = wanted.dtr.replicas
    .map(one => member(facts.get(factKey(askCluster(wanted, one))), 'code'))
    .find(code => code === 401 || code === 403)
  const { verdict } = seen.diagnosis
  const candidates = survivors(wanted, facts)
  if (refused !== undefined)
    return [notThis(recipe, `the registry answers ${shown(refused)} to its administrator`, path)]
  if (verdict === 'none' && candidates.length === 0)
    return [notThis(recipe, 'no host that answers carries a part of a registry', path)]
  if (verdict === 'healthy' || verdict === 'degraded' || verdict === 'ghost')
    return [notThis(recipe, `the registry has its majority and is ${verdict}`, path)]
  const writes = wanted.dtr.replicas.some(
    one => member(facts.get(factKey(askCluster(wanted, one))), 'writable') === true,
  )
  if (writes)
    return [
      notThis(
        recipe,
        'its database takes writes, so its members are there: see what else makes them unwell',
        path,
      ),
    ]
  if (candidates.length === 0)
    return [
      find(
        'RB0864',
        path,
        'no host that answers holds the database of a replica',
        'bring one back with its disk; else dtr-total-loss restores a backup',
      ),
    ]
  const startable = couldBeStarted(scene)
  const gone = lost.filter(host => topology.dtr?.replicas.some(one => one.host === host))
  return [
    ...(startable.length > 0
      ? [
          find(
            'RB0863',
            path,
            `replicas on ${names(startable)} could be started, and with them the registry would have its majority`,
            'runbook apply FILE starts them; hosts that are gone for good are named with --without',
          ),
        ]
      : []),
    ...(isTie(candidates)
      ? [
          find(
            'RB0867',
            path,
            `${names(candidates.map(({ replica }) => replica.host))} hold the database, and which of them is newest could not be told: ${candidates[0]?.replica.host ?? ''} is kept`,
            'see the newest file below /var/lib/docker/volumes/dtr-rethink-ID/_data; --without HOST keeps a host from being chosen',
          ),
        ]
      : []),
    ...(gone.length > 0
      ? [
          find(
            'RB0865',
            path,
            `${names(gone)} must not come back by ${gone.length === 1 ? 'itself' : 'themselves'} with what is there of the registry`,
            'keep the engine off; runbook recover site-rejoin clears and joins one after another',
          ),
        ]
      : []),
  ]
}

/** More than half of the registry's members are lost, one at least is not. */
export const majorityLoss: Recipe = {
  name: 'dtr-majority-loss',
  title: 'The registry has lost its majority, a survivor holds its data',
  when: 'Every replica that answers does so with an error, or none does; a host that answers still holds the database of one.',
  ladder: [
    'bring nodes back: engine, network, disk; with a majority at work nothing is lost (`runbook apply`)',
    'keep the survivor with the newest data: when its database files were last written decides; equal to the minute, one that runs, then the order of the playbook',
    'emergency-repair on it, once it has said again that the registry does not work: all other members are dropped, their volumes stay',
    'what they left on hosts that answer is cleared as each joins anew, one at a time; hosts that are gone (`--without`) stay out',
    'the repair fails: name its host with `--without`, which keeps the next best survivor',
    'no survivor is left: dtr-total-loss restores a backup',
  ],
  source:
    '§8.6 of the vendor sheet [D: ee/dtr/admin/disaster-recovery/repair-a-cluster.md, reference/dtr/2.7/cli/emergency-repair.md]; which data is newest when no member can report: inferred',
  applies: scene => {
    const state = managers(scene)
    if (state === 'lost' || state === 'absent')
      return [
        notThis(
          'dtr-majority-loss',
          `${state === 'lost' ? 'the managers have no leader' : 'there is no swarm'}: the order is swarm, UCP, registry`,
          ['ucp', 'managers'],
        ),
      ]
    return unfitForRepair(scene, 'dtr-majority-loss')
  },
  products: lost =>
    under(
      [...asApplyDoes({ os: [], docker: [], ucp: [] }, lost), registryPart(lost)],
      majorityLoss.applies,
      lost,
    ),
}
