import { matches } from '../../plan/check.ts'
import { type Facts, factKey } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { FactRef, Json } from '../../plan/step.ts'
import type { ReplicaSpec, Topology } from '../../playbook/topology.ts'
import { isObject, member, shown } from '../os/text.ts'
import { wantedStorage } from './plays/objectStorage.ts'
import {
  type Wanted,
  askCluster,
  askHelper,
  askPing,
  askReplica,
  askSettings,
  donorOf,
  stateOf,
  wantedOf,
} from './questions.ts'

/** What steers the procedure and the findings beyond the plan's own checks. */
export function asks(topology: Topology): readonly FactRef[] {
  const wanted = wantedOf(topology)
  if (!wanted) return []
  const { replicas } = wanted.dtr
  return replicas.flatMap(one => [
    askReplica(one),
    askHelper(one),
    askPing(one),
    askCluster(wanted, one),
    askSettings(wanted, one),
  ])
}

/** What the hosts say about the registry that a person must know before anything is done. */
export function findings(topology: Topology, facts: Facts): readonly Finding[] {
  const wanted = wantedOf(topology)
  if (!wanted) return []
  const { replicas } = wanted.dtr
  return [
    ...replicas.flatMap((one, i) => onHost(wanted, one, i, facts)),
    ...membership(wanted, facts),
    ...storageDiffers(wanted, facts),
  ]
}

function onHost({ dtr }: Wanted, replica: ReplicaSpec, index: number, facts: Facts): readonly Finding[] {
  const { host, id } = replica
  const path = ['dtr', 'replicas', index]
  const seen = facts.get(factKey(askReplica(replica)))
  const found: Finding[] = []
  const parts = isObject(seen) ? seen : {}
  for (const other of Object.keys(parts).filter(one => one !== id)) {
    found.push({
      code: 'RB0850',
      severity: 'error',
      path,
      host,
      message: `${host} carries parts of replica ${other}; the playbook means ${id} there`,
      help: `when ${other} is the replica to keep, write 'id: "${other}"'; when it is a leftover, destroy it first`,
    })
  }
  const version = member(parts[id], 'version')
  if (typeof version === 'string' && version !== '' && version !== dtr.version) {
    found.push({
      code: 'RB0851',
      severity: 'error',
      path: ['dtr', 'version'],
      host,
      message: `replica ${id} on ${host} is DTR ${version}, the playbook says ${dtr.version}`,
      help: 'apply never upgrades: upgrade the registry on purpose, or write the version that is there',
    })
  }
  if (matches({ left: true }, facts.get(factKey(askHelper(replica))))) {
    found.push({
      code: 'RB0852',
      severity: 'warning',
      path,
      host,
      message: `a container dtr-phase2 of an interrupted run stands on ${host}`,
      help: 'read its log (docker logs dtr-phase2); resuming the interrupted run clears it, otherwise docker rm it',
    })
  }
  const ping = facts.get(factKey(askPing(replica)))
  if (seen === null && isObject(ping)) {
    found.push({
      code: 'RB0853',
      severity: 'error',
      path,
      host,
      message: `something that is no replica listens on port ${replica.httpsPort} of ${host}`,
      help: 'stop it, or give the replica other ports',
    })
  }
  return found
}

function membership(wanted: Wanted, facts: Facts): readonly Finding[] {
  const { replicas } = wanted.dtr
  const donor = donorOf(wanted, facts)
  const seen = facts.get(factKey(askCluster(wanted, donor)))
  const code = member(seen, 'code')
  if (typeof code === 'number') {
    return [
      {
        code: 'RB0854',
        severity: 'error',
        path: ['ucp', 'adminPassword'],
        host: donor.host,
        message: `the registry on ${donor.host} answers ${code} to its administrator`,
        help:
          code === 401 || code === 403
            ? 'check adminUsername and adminPassword'
            : 'its database has lost its majority, or it is starting: see runbook status',
      },
    ]
  }
  const members = member(seen, 'members')
  if (!isObject(members)) return []
  const found: Finding[] = []
  for (const id of Object.keys(members).filter(one => !replicas.some(replica => replica.id === one))) {
    found.push({
      code: 'RB0855',
      severity: 'error',
      path: ['dtr', 'replicas'],
      host: donor.host,
      message: `the registry has a member ${id} that is not in the playbook`,
      help: 'add it with its id and host, or remove it through a healthy replica (remove, never destroy)',
    })
  }
  replicas.forEach((replica, index) => {
    const own = members[replica.id]
    if (own !== undefined && stateOf(replica, facts) === 'absent') {
      found.push({
        code: 'RB0856',
        severity: 'error',
        path: ['dtr', 'replicas', index],
        host: replica.host,
        message: `replica ${replica.id} is a member of the registry and nothing of it runs on ${replica.host}: a ghost`,
        help: 'remove it through a healthy replica; until then every join is refused',
      })
    }
    if (own === undefined && stateOf(replica, facts) === 'running') {
      found.push({
        code: 'RB0857',
        severity: 'warning',
        path: ['dtr', 'replicas', index],
        host: replica.host,
        message: `replica ${replica.id} runs on ${replica.host} and the registry does not know it: a stray`,
        help: 'apply clears it and joins anew when an interrupted run of ours left it; otherwise it refuses, and the id is to be destroyed on its host',
      })
    }
  })
  return found
}

/** Storage is never changed by surprise: a registry that uses another one is an error, not something to correct (§7.3). */
function storageDiffers(wanted: Wanted, facts: Facts): readonly Finding[] {
  const donor = donorOf(wanted, facts)
  const seen = facts.get(factKey(askSettings(wanted, donor)))
  const storage = member(seen, 'storage')
  const want = wantedStorage(wanted.topology.storage)
  if (!isObject(storage) || matches(want, storage)) return []
  const object = !['local', 'path', 'nfs'].includes(shown(want.kind))
  if (object && storage.kind === 'local' && member(seen, 'empty') === true) return []
  return [
    {
      code: 'RB0858',
      severity: 'error',
      path: ['storage'],
      host: donor.host,
      message: `the registry keeps its images in ${show(storage)}, the playbook says ${show(want)}`,
      help: 'changing storage erases every tag unless it is migrated with care: follow "moving to another back end", or write what is there',
    },
  ]
}

function show(storage: { readonly [key: string]: Json }): string {
  const { kind, ...rest } = storage
  const more = Object.values(rest).filter(value => typeof value === 'string' && value !== '')
  return more.length === 0 ? shown(kind) : `${shown(kind)} (${more.map(shown).join(', ')})`
}
