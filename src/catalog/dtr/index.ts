import type { Facts } from '../../plan/fact.ts'
import type { Check, Quorum } from '../../plan/step.ts'
import type { ReplicaSpec, Topology } from '../../playbook/topology.ts'
import type { Product } from '../product.ts'
import { facts } from './facts.ts'
import { data, works } from './lossFacts.ts'
import { asks, findings } from './findings.ts'
import { kinds } from './kinds.ts'
import { health as healthAsWhole, reports } from './health.ts'
import { model } from './model.ts'
import { pages } from './pages.ts'
import { converge } from './plays/converge.ts'
import { censusOf } from './census.ts'
import {
  askMember,
  askPing,
  askReplica,
  clusterIsWhole,
  donorOf,
  replicaIsUp,
  wantedOf,
} from './questions.ts'
import { pages as rulePages, rules } from './rules.ts'
import { status } from './status.ts'

/** Docker Trusted Registry, later Mirantis Secure Registry 2.x. */
export const dtr: Product = {
  name: 'dtr',
  wanted: topology => wantedOf(topology) !== undefined,
  facts: [...facts, works, data],
  asks,
  plays: { converge },
  quorums,
  healthy: topology => {
    const wanted = wantedOf(topology)
    const [first] = wanted?.dtr.replicas ?? []
    if (!wanted || !first) return []
    const { replicas } = wanted.dtr
    return [
      ...replicas.flatMap(one => replicaIsUp(wanted, one)),
      clusterIsWhole(
        wanted,
        first,
        replicas.map(one => one.id),
      ),
    ]
  },
  status,
  health: healthAsWhole,
  reports,
  rules,
  findings,
  pages: [...rulePages, ...pages],
  kinds,
  model,
}

/**
 * RethinkDB's members: a replica of the playbook votes when its host carries it, and counts as up when it answers. Members that the
 * playbook does not name vote too, as long as the database knows them: their hosts may be out of reach, so the donor is asked.
 */
function quorums(topology: Topology, facts: Facts): readonly Quorum[] {
  const wanted = wantedOf(topology)
  if (!wanted) return []
  const { members, witness } = censusOf(wanted, facts)
  const ghosts = members.filter(one => one.state === 'ghost').map(one => one.id)
  const others = members.filter(one => !wanted.dtr.replicas.some(replica => replica.id === one.id))
  const through = witness ?? donorOf(wanted, facts)
  // One that is to move to another port does not answer there yet: the donor is asked for it.
  const moves = (replica: ReplicaSpec): boolean =>
    members.some(one => one.id === replica.id && (one.httpsPort ?? replica.httpsPort) !== replica.httpsPort)
  const isUp = (id: string): Check => ({
    ...askMember(wanted, through, id),
    is: { ok: true, fresh: true, present: true },
  })
  return [
    {
      name: 'DTR database',
      voters: [
        ...wanted.dtr.replicas.map(replica => ({
          name: replica.host,
          // Of a ghost nothing is on its host, and still it counts.
          member: ghosts.includes(replica.id)
            ? { ...askMember(wanted, through, replica.id), is: {} }
            : { ...askReplica(replica), is: { [replica.id]: {} } },
          up: moves(replica) ? isUp(replica.id) : { ...askPing(replica), is: { code: 200 } },
        })),
        ...others.map(({ id, host }) => ({
          name: host ?? id,
          member: { ...askMember(wanted, through, id), is: {} },
          up: isUp(id),
        })),
      ],
    },
  ]
}
