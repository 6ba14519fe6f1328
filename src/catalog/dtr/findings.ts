import { matches } from '../../plan/check.ts'
import { type Facts, factKey } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { FactRef, Json } from '../../plan/step.ts'
import type { ReplicaSpec, Topology } from '../../playbook/topology.ts'
import { isObject, member, shown } from '../os/text.ts'
import { compareVersions } from '../../plan/version.ts'
import { settle } from '../accept.ts'
import { trustOf, trustSwitchedOff } from '../ucp/trust.ts'
import { censusOf } from './census.ts'
import { type Intent, STORAGE_DIFFERS, intentOf, mayMigrate } from './intent.ts'
import { forbidden } from './outlook.ts'
import { pages } from './pages.ts'
import { converge } from './plays/converge.ts'
import { wantedStorage } from './plays/objectStorage.ts'
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
  managerOf,
  partsOn,
  stateOf,
  wantedOf,
} from './questions.ts'

const severities = new Map(pages.map(page => [page.code, page.severity]))

function find(code: string, path: Finding['path'], message: string, help: string, host?: string): Finding {
  const severity = severities.get(code)
  if (severity === undefined) throw new Error(`finding ${code} has no page`)
  return { code, severity, message, path, help, ...(host !== undefined && { host }) }
}

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

function versions(wanted: Wanted, intent: Intent, facts: Facts): readonly Finding[] {
  const { way, census } = intent
  const from = census.version ?? ''
  const path = ['dtr', 'version']
  const to = wanted.dtr.version
  switch (way?.kind) {
    case undefined:
      return []
    case 'downgrade':
      return [
        find(
          'RB0880',
          path,
          `the registry is DTR ${from}, the playbook says ${to}`,
          `write ${from}, or later`,
        ),
      ]
    case 'no-station':
      return [
        find(
          'RB0881',
          path,
          `from ${from} to ${to} no version of line ${way.line} is known to stop at`,
          `upgrade to a ${way.line} version of your choice first`,
        ),
      ]
    case 'hops':
  }
  if (way.versions.length === 0) return []
  const balancer = wanted.topology.loadBalancer
  return [
    find(
      'RB0851',
      path,
      `the registry is DTR ${from}, the playbook says ${to}: ${way.versions.length} upgrade${way.versions.length === 1 ? '' : 's'}, ${[from, ...way.versions].join(' → ')}`,
      'nothing leads back from an upgrade',
    ),
    find(
      'RB0882',
      path,
      'an upgrade cannot be undone, and runbook does not make backups of DTR yet',
      "back up the registry's metadata and its images by hand, then accept this finding with the place and time of the backup as its reason",
    ),
    ...(trustOf(wanted.ucp, managerOf(wanted, facts), facts) === true &&
    trustSwitchedOff(wanted.ucp) === undefined
      ? [
          find(
            'RB0886',
            ['ucp'],
            'UCP enforces content trust, and refuses the images of an upgrade',
            'write ucp.config: {trust_configuration: {require_content_trust: false}}, which is set first; or switch it off in UCP',
          ),
        ]
      : []),
    ...(balancer !== undefined && balancer.kind !== 'haproxy' && balancer.dtr !== undefined
      ? [
          find(
            'RB0889',
            ['loadBalancer'],
            'replicas restart one by one, and nothing tells this balancer: clients meet a restarting one for seconds',
            'haproxy asks each member; with another balancer choose a quiet hour',
          ),
        ]
      : []),
  ]
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

/** Storage is never changed by surprise: a registry that uses another one is an error, not something to correct (§7.3). */
function storageDiffers(wanted: Wanted, intent: Intent, facts: Facts): readonly Finding[] {
  const donor = donorOf(wanted, facts)
  const seen = facts.get(factKey(askSettings(wanted, donor)))
  const storage = member(seen, 'storage')
  const want = wantedStorage(wanted.topology.storage)
  if (!isObject(storage) || matches(want, storage)) return []
  const object = !['local', 'path', 'nfs'].includes(shown(want.kind))
  if (object && storage.kind === 'local' && member(seen, 'empty') === true) return []
  const path = ['storage']
  const version = intent.census.version ?? wanted.dtr.version
  const moving = `the registry keeps its images in ${show(storage)}, the playbook says ${show(want)}`
  const found = [
    find(
      STORAGE_DIFFERS,
      path,
      moving,
      'write what is there; or copy the blobs with the registry read-only, and accept this finding with where and when: the switch then keeps the tags',
      donor.host,
    ),
  ]
  const accepted = wanted.topology.accepts?.some(({ code }) => code === STORAGE_DIFFERS) === true
  if (!accepted || intent.migrates) return found
  return [
    ...found,
    find(
      'RB0887',
      path,
      mayMigrate(version)
        ? `runbook does not switch a registry to ${shown(want.kind)} storage that keeps its images elsewhere`
        : `DTR ${version} erases every tag when its storage is switched`,
      mayMigrate(version)
        ? 'switch it with keep_metadata through the API, then write what is there'
        : 'upgrade to 2.6.4 or later first',
      donor.host,
    ),
  ]
}

function show(storage: { readonly [key: string]: Json }): string {
  const { kind, ...rest } = storage
  const more = Object.values(rest).filter(value => typeof value === 'string' && value !== '')
  return more.length === 0 ? shown(kind) : `${shown(kind)} (${more.map(shown).join(', ')})`
}
