import { factKey } from '../../plan/fact.ts'
import { member, shown } from '../os/text.ts'
import type { Product, StatusRow } from '../product.ts'
import { converge } from './converge.ts'
import { engineRuns } from './engine.ts'
import { facts } from './facts.ts'
import { kinds } from './kinds.ts'
import { health as healthAsWhole } from './health.ts'
import { model } from './model.ts'
import { quorums } from './quorums.ts'
import { listed, raft } from './refound.ts'
import { askEngine, asks, findings, pages } from './preflight.ts'
import { pages as rulePages, rules } from './rules.ts'
import { sparePage, spareFindings } from './spare.ts'

/** Docker Engine and its swarm mode. */
export const docker: Product = {
  name: 'docker',
  wanted: topology => topology.docker.hosts.length > 0,
  facts: [...facts, raft, listed],
  asks,
  plays: { converge },
  quorums,
  healthy: topology => topology.docker.hosts.map(host => engineRuns(topology.docker, host)),
  status: (topology, seen) =>
    topology.docker.hosts.map((host): StatusRow => {
      const engine = seen.get(factKey(askEngine(topology, host)))
      if (engine === undefined)
        return { item: 'Docker Engine', host, state: 'unknown', detail: 'could not be told' }
      if (engine === null) return { item: 'Docker Engine', host, state: 'absent', detail: 'not installed' }
      const version = shown(member(engine, 'version'))
      if (member(engine, 'running') !== true)
        return { item: 'Docker Engine', host, state: 'degraded', detail: `${version}, not running` }
      const wanted = member(engine, 'asWanted') === true
      return {
        item: 'Docker Engine',
        host,
        state: wanted ? 'ok' : 'degraded',
        detail: wanted ? version : `${version}, wanted ${topology.docker.version}`,
      }
    }),
  health: healthAsWhole,
  rules,
  findings: (topology, seen) => [...findings(topology, seen), ...spareFindings(topology, seen)],
  pages: [...rulePages, ...pages, sparePage],
  kinds,
  model,
}
