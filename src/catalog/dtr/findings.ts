import { matches } from '../../plan/check.ts'
import { type Facts, factKey } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { FactRef } from '../../plan/step.ts'
import type { ReplicaSpec, Topology } from '../../playbook/topology.ts'
import { isObject, member, shown } from '../os/text.ts'
import { compareVersions } from '../../plan/version.ts'
import { settle } from '../accept.ts'
import { censusOf } from './census.ts'
import { type Intent, intentOf } from './intent.ts'
import { forbidden } from './outlook.ts'
import { find } from './find.ts'
import { pages } from './pages.ts'
import { storageDiffers } from './storageFindings.ts'
import { versions } from './upgradeFindings.ts'
import { converge } from './plays/converge.ts'
import { untoldHosts } from './returning.ts'
import { recipes } from './verdict.ts'
import {
  type Wanted,
  askCluster,
  askHelper,
  askMark,
  askPing,
  askReplica,
  askSettings,
  donorOf,
  partsOn,
  stateOf,
  wantedOf,
} from './questions.ts'

/** What steers the procedure and the findings beyond the plan's own checks. */
export function asks(topology: Topology): readonly FactRef[] {
  const wanted = wantedOf(topology)
  if (!wanted) return []
  const { replicas } = wanted.dtr
  // Every host, not only those of replicas: what was left behind is found where nobody thinks of it.
  const everywhere = Object.keys(topology.hosts)
    .sort()
    .flatMap(host => [partsOn(host), askHelper({ host })])
  const own = replicas.flatMap(one => [
    askReplica(one),
    askMark(one),
    askPing(one),
    askCluster(wanted, one),
    askSettings(wanted, one),
  ])
  return [...everywhere, ...own]
}

/** What the hosts say about the registry that a person must know before anything is done. */
export function findings(topology: Topology, facts: Facts): readonly Finding[] {
  const wanted = wantedOf(topology)
  if (!wanted) return []
  const intent = intentOf(wanted, facts)
  return settle(topology, pages, [
    ...wanted.dtr.replicas.flatMap((one, i) => onHost(intent, one, i, facts)),
    ...Object.keys(topology.hosts)
      .sort()
      .flatMap(host => helpers(host, facts)),
    ...refusal(wanted, facts),
    ...membership(wanted, intent, facts),
    ...versions(wanted, intent, facts),
    ...storageDiffers(wanted, intent, facts),
    ...disallowed(wanted, intent, facts),
  ])
}

function onHost(intent: Intent, replica: ReplicaSpec, index: number, facts: Facts): readonly Finding[] {
  const { host, id } = replica
  const path = ['dtr', 'replicas', index]
  const seen = facts.get(factKey(askReplica(replica)))
  const going = [...intent.broken, ...intent.inTheWay, ...intent.strays].map(one => one.id)
  const found: Finding[] = []
  for (const other of Object.keys(isObject(seen) ? seen : {}).filter(one => one !== id)) {
    if (going.includes(other)) continue
    found.push(
      find(
        'RB0850',
        path,
        `${host} carries parts of replica ${other}; the playbook means ${id} there`,
        `when ${other} is the replica to keep, write 'id: "${other}"'; when it is not, name it under 'absent: {replicas: […]}' or use --prune`,
        host,
      ),
    )
  }
  const ping = facts.get(factKey(askPing(replica)))
  if (seen === null && isObject(ping)) {
    found.push(
      find(
        'RB0853',
        path,
        `something that is no replica listens on port ${replica.httpsPort} of ${host}`,
        'stop it, or give the replica other ports',
        host,
      ),
    )
  }
  return found
}

/** The second phase of a bootstrapper on any host: at work, or left behind. */
function helpers(host: string, facts: Facts): readonly Finding[] {
  const seen = facts.get(factKey(askHelper({ host })))
  if (matches({ running: true }, seen))
    return [
      find(
        'RB0892',
        ['dtr'],
        `a bootstrapper is at work on ${host}`,
        'wait until dtr-phase2 has ended',
        host,
      ),
    ]
  if (!matches({ left: true }, seen)) return []
  return [
    find(
      'RB0852',
      ['dtr'],
      `a container dtr-phase2 of an interrupted run stands on ${host}`,
      'apply shows the end of its log and clears it',
      host,
    ),
  ]
}

/** Somebody answers, and not with what was asked. */
function refusal(wanted: Wanted, facts: Facts): readonly Finding[] {
  if (censusOf(wanted, facts).database !== 'refused') return []
  const donor = donorOf(wanted, facts)
  const seen = [donor, ...wanted.dtr.replicas].map(one => ({
    one,
    code: member(facts.get(factKey(askCluster(wanted, one))), 'code'),
  }))
  const refused = seen.find(({ code }) => code === 401 || code === 403)
  if (!refused) return []
  return [
    find(
      'RB0854',
      ['ucp', 'adminPassword'],
      `the registry on ${refused.one.host} answers ${shown(refused.code)} to its administrator`,
      'check adminUsername and adminPassword',
      refused.one.host,
    ),
  ]
}

function membership(wanted: Wanted, intent: Intent, facts: Facts): readonly Finding[] {
  const { census, diagnosis } = intent
  const { replicas } = wanted.dtr
  const path = ['dtr', 'replicas']
  const found: Finding[] = []
  const stopped = replicas.filter(one => stateOf(one, facts) === 'stopped')
  const refused = replicas.some(one =>
    [401, 403].includes(Number(member(facts.get(factKey(askCluster(wanted, one))), 'code'))),
  )
  if (diagnosis.verdict === 'lost' && !refused) {
    const first = stopped.length > 0
    found.push(
      find(
        first ? 'RB0884' : 'RB0891',
        path,
        first
          ? `the registry has lost its majority; ${stopped.map(one => one.host).join(', ')} can be started, which apply tries first`
          : 'the registry has lost its majority, and nothing that could be started is on the hosts that answer',
        recipes.lost,
      ),
    )
  }
  const known = census.members.some(one => replicas.some(replica => replica.id === one.id))
  const elsewhere = census.carried.filter(
    one => one.containers > 0 && !replicas.some(replica => replica.id === one.id),
  )
  const anyHere = census.carried.some(one => replicas.some(replica => replica.id === one.id))
  if (!known && !anyHere && elsewhere.length > 0) {
    found.push(
      find(
        'RB0888',
        path,
        `a registry is there already (${elsewhere.map(one => `${one.id} on ${one.host}`).join(', ')}) and none of the playbook's replicas belongs to it`,
        'keep at least one of its replicas in the playbook, with its id: others join through it',
      ),
    )
  }
  if (census.database !== 'told' && (known || anyHere) && elsewhere.length > 0)
    found.push(
      find(
        'RB0893',
        path,
        `the registry does not say who its members are, and ${elsewhere.map(one => `${one.id} on ${one.host}`).join(', ')} may be among them`,
        'bring it back with a playbook that names all of them, then let them go',
      ),
    )
  const isToShrink = wanted.topology.prune === true || wanted.topology.absent !== undefined
  const untold = census.database === 'told' ? [] : untoldHosts(wanted, facts)
  if (isToShrink && untold.length > 0)
    found.push(
      find(
        'RB0893',
        path,
        `the registry does not say who its members are, and any of them may be on ${untold.join(', ')}, where the engine is off`,
        "apply once without --prune and 'absent', which starts the engines; then let members go",
      ),
    )
  const joins = replicas.some(one => !census.members.some(seen => seen.id === one.id))
  if (census.mixed && (joins || intent.broken.length + intent.leavers.length + intent.inTheWay.length > 0))
    found.push(
      find(
        'RB0894',
        path,
        'an upgrade stopped half way, and members are to come or go',
        'finish the upgrade with the members that are there, then change them',
      ),
    )
  for (const one of intent.unasked) {
    const isMember = census.members.some(seen => seen.id === one.id)
    const where = one.host === undefined ? '' : ` on ${one.host}`
    if (isMember)
      found.push(
        find(
          'RB0855',
          path,
          `the registry has a member ${one.id}${where} that is not in the playbook`,
          `to keep it, add it with its id and host; to take it out, name it under 'absent: {replicas: ["${one.id}"]}' or use --prune`,
        ),
      )
    else if (!replicas.some(replica => replica.host === one.host))
      found.push(
        find(
          'RB0883',
          path,
          `parts of replica ${one.id}${where}, which the registry does not know`,
          `name it under 'absent: {replicas: ["${one.id}"]}' or use --prune: it is destroyed there`,
        ),
      )
  }
  replicas.forEach((replica, index) => {
    if (diagnosis.ghosts.includes(replica.id))
      found.push(
        find(
          'RB0856',
          [...path, index],
          `replica ${replica.id} is a member of the registry and nothing of it is on ${replica.host}: a ghost`,
          'apply removes the id through a healthy replica, then joins it anew',
          replica.host,
        ),
      )
    const goes = intent.strays.some(one => one.id === replica.id)
    if (
      diagnosis.strays.includes(replica.id) &&
      !goes &&
      stateOf(replica, facts) !== 'absent' &&
      !matches({ ours: true }, facts.get(factKey(askMark(replica))))
    )
      found.push(
        find(
          'RB0857',
          [...path, index],
          `replica ${replica.id} is on ${replica.host} and the registry does not know it: a stray`,
          'no interrupted run of ours explains it; --prune destroys it on its host and joins anew',
          replica.host,
        ),
      )
  })
  const leaving = [...intent.inTheWay, ...intent.leavers]
  if (leaving.length > 0 && replicas.length === 1 && census.version !== undefined) {
    if (compareVersions(census.version, '2.6.1') < 0)
      found.push(
        find(
          'RB0890',
          path,
          `DTR ${census.version} cannot shrink from two replicas to one`,
          'upgrade to 2.6.1 or later first, or keep three',
        ),
      )
  }
  return found
}

/** What the plan would do that the registry's state does not allow at that point. */
function disallowed(wanted: Wanted, intent: Intent, facts: Facts): readonly Finding[] {
  const steps = converge({ topology: wanted.topology, facts, after: [] })
  // One word is enough: what follows a step that is not allowed is not going to be.
  return forbidden(steps, intent, facts)
    .slice(0, 1)
    .map(({ step, operation, verdict }) =>
      find(
        'RB0885',
        ['dtr'],
        `${step.id} (${operation}) is not allowed while the registry is ${verdict === 'lost' ? 'without its majority' : verdict}`,
        recipes[verdict],
      ),
    )
}
