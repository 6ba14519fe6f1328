import { type Facts, factKey } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import { finder } from '../../plan/finder.ts'
import type { FactRef } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { member } from '../os/text.ts'
import { restorePages } from './pages.ts'
import type { BackupSet } from './set.ts'

const find = finder(restorePages)

/** What a restore has to know before it begins. */
function asks(topology: Topology): readonly FactRef[] {
  const { ucp, docker } = topology
  if (!ucp) return []
  return [...new Set([...ucp.managers, ...ucp.workers])].flatMap(host => [
    { fact: 'docker.swarm', host },
    { fact: 'ucp.node', host },
    { fact: 'docker.engine', host, args: { wanted: docker.version } },
    { fact: 'dtr.replica', host },
  ])
}

/**
 * The same versions, the same address where the swarm wants it, nothing alive in the way. What is already as the set would make it (a
 * restore that was interrupted) is none of that.
 */
function findings(topology: Topology, set: BackupSet, facts: Facts): readonly Finding[] {
  const { ucp, dtr, storage, hosts } = topology
  const found: Finding[] = []
  const differs = (what: string, is: string, was: string, path: readonly string[]): void => {
    if (was === '' || is === was) return
    found.push(
      find(
        'RB0531',
        path,
        `set ${set.set} is of ${what} ${was}, the playbook says ${is}`,
        `write ${was}: an archive is bound to its version; upgrade afterwards`,
      ),
    )
  }
  if (!ucp)
    return [
      find('RB0531', [], 'the playbook declares no UCP', 'restore with the playbook that is in the set'),
    ]
  differs('UCP', ucp.version, set.versions.ucp, ['ucp', 'version'])
  if (dtr) differs('DTR', dtr.version, set.versions.dtr, ['dtr', 'version'])
  if (set.cluster !== topology.name)
    found.push(
      find(
        'RB0531',
        ['name'],
        `set ${set.set} is of ${set.cluster}, the playbook of ${topology.name}`,
        'name the playbook of that cluster',
      ),
    )
  const { host, address } = set.swarm
  const now = hosts[host]?.address
  if (!ucp.managers.includes(host) || now !== address)
    found.push(
      find(
        'RB0532',
        ['ucp', 'managers'],
        `the swarm was archived on ${host} at ${address}, and ${now === undefined ? 'the playbook has no such host' : `${host} is ${ucp.managers.includes(host) ? `at ${now}` : 'no manager'}`}`,
        'give a manager that name and address: raft logs hold it, and are good for no other',
      ),
    )
  if (dtr && set.dtr && !dtr.replicas.some(one => one.id === set.dtr?.replicaId))
    found.push(
      find(
        'RB0532',
        ['dtr', 'replicas'],
        `the registry was archived from replica ${set.dtr.replicaId} on ${set.dtr.host}, which the playbook does not name`,
        `write {host: ${set.dtr.host}, id: ${set.dtr.replicaId}} among the replicas`,
      ),
    )
  if (dtr && storage.kind === 'nfs' && /^2\.6\.[0-3]$/.test(dtr.version))
    found.push(
      find(
        'RB0533',
        ['storage'],
        `DTR ${dtr.version} erases all tags when it is restored onto NFS`,
        'upgrade to 2.6.4 is not possible here: restore onto a volume that you mount yourself (storage: {kind: path})',
      ),
    )
  return [...found, ...alive(topology, set, facts)]
}

function alive(topology: Topology, set: BackupSet, facts: Facts): readonly Finding[] {
  const { ucp, docker } = topology
  if (!ucp) return []
  const hosts = [...new Set([...ucp.managers, ...ucp.workers])]
  return hosts.flatMap((host): readonly Finding[] => {
    const swarm = facts.get(factKey({ fact: 'docker.swarm', host }))
    const engine = facts.get(factKey({ fact: 'docker.engine', host, args: { wanted: docker.version } }))
    const state = member(swarm, 'state')
    const cluster = member(swarm, 'clusterId')
    const version = member(engine, 'version')
    const says: Finding[] = []
    if (
      host === set.swarm.host &&
      typeof version === 'string' &&
      set.versions.engine !== '' &&
      version !== set.versions.engine
    )
      says.push({
        ...find(
          'RB0531',
          ['docker', 'version'],
          `${host} runs engine ${version}, the swarm was archived by ${set.versions.engine}`,
          'install that version first: a restore wants the same engine',
        ),
        host,
      })
    const isOurs = typeof cluster === 'string' && cluster === set.swarm.clusterId
    if (typeof state === 'string' && state !== 'inactive' && ucp.managers.includes(host) && !isOurs)
      says.push({
        ...find(
          'RB0534',
          ['hosts', host],
          `${host} is in a swarm (${state}), and a restore would be the second one`,
          'let `runbook reset` take the old cluster away, or `docker swarm leave --force` what is left of it',
        ),
        host,
      })
    const standing = facts.get(factKey({ fact: 'ucp.node', host }))
    if (!isOurs && ucp.managers.includes(host) && standing !== null && standing !== undefined)
      says.push({
        ...find(
          'RB0534',
          ['hosts', host],
          `UCP is on ${host} already`,
          'uninstall it first: no part of UCP may run on any node [D: ee/admin/restore/restore-ucp.md]',
        ),
        host,
      })
    return says
  })
}

export const restoreFindings = { asks, findings }
