import type { Quorum } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import type { Product } from '../product.ts'
import { facts } from './facts.ts'
import { asks, findings } from './findings.ts'
import { model } from './model.ts'
import { pages } from './pages.ts'
import { converge } from './plays/converge.ts'
import { askPing, askReplica, clusterIsWhole, replicaIsUp, wantedOf } from './questions.ts'
import { pages as rulePages, rules } from './rules.ts'
import { status } from './status.ts'

/** Docker Trusted Registry, later Mirantis Secure Registry 2.x. */
export const dtr: Product = {
  name: 'dtr',
  wanted: topology => wantedOf(topology) !== undefined,
  facts,
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
  rules,
  findings,
  pages: [...rulePages, ...pages],
  model,
}

/** RethinkDB's members: a replica votes when its host carries it, and counts as up when it answers. */
function quorums(topology: Topology): readonly Quorum[] {
  const wanted = wantedOf(topology)
  if (!wanted) return []
  return [
    {
      name: 'DTR database',
      voters: wanted.dtr.replicas.map(replica => ({
        name: replica.host,
        member: { ...askReplica(replica), is: { [replica.id]: {} } },
        up: { ...askPing(replica), is: { code: 200 } },
      })),
    },
  ]
}
