import { factKey } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { HostName } from '../../plan/step.ts'
import { swarmSays } from '../docker/preflight.ts'
import { health as swarmHealth } from '../docker/health.ts'
import { censusOf } from '../dtr/census.ts'
import { wantedOf } from '../dtr/questions.ts'
import { type Diagnosis, diagnose } from '../dtr/verdict.ts'
import { member, shown } from '../os/text.ts'
import type { ProductHealth } from '../product.ts'
import { nodesSeen } from '../ucp/leavers.ts'
import { find } from './pages.ts'
import type { RecipeName, Scene } from './recipe.ts'

/** What the registry is, with all its members; undefined when the playbook wants none. */
export function registry({ topology, facts }: Scene):
  | {
      readonly diagnosis: Diagnosis
      readonly census: ReturnType<typeof censusOf>
    }
  | undefined {
  const wanted = wantedOf(topology)
  if (!wanted) return undefined
  const census = censusOf(wanted, facts)
  return { census, diagnosis: diagnose(census) }
}

/** One word for the group of managers, by what those of them say that were asked. */
export function managers({ topology, facts }: Scene): ProductHealth['state'] {
  return topology.ucp ? swarmHealth(topology, facts).state : 'absent'
}

/** Managers of the playbook that the others do not see at work, or that are given up, as long as the others have a majority. */
export function lostManagers({ topology, facts, lost }: Scene): readonly HostName[] {
  const { ucp } = topology
  if (!ucp) return []
  const seen = nodesSeen(ucp, facts)
  if (seen.length === 0) return []
  return ucp.managers.filter(
    host =>
      lost.includes(host) ||
      !seen.some(
        node =>
          member(node, 'hostname') === host &&
          member(node, 'role') === 'manager' &&
          member(node, 'state') === 'ready' &&
          member(node, 'reachability') === 'reachable',
      ),
  )
}

/** Nodes of the playbook that are given up, or that the swarm lists as not ready or not at all; none where nobody can say. */
export function lostNodes({ topology, facts, lost }: Scene, of: readonly HostName[]): readonly HostName[] {
  const { ucp } = topology
  if (!ucp) return []
  const seen = nodesSeen(ucp, facts)
  if (seen.length === 0) return []
  return of.filter(
    host =>
      lost.includes(host) ||
      !seen.some(node => member(node, 'hostname') === host && member(node, 'state') === 'ready'),
  )
}

/** An engine is there on a host that answers, and does not run. Undefined: it could not be told. */
export function engineIsDown({ topology, facts }: Scene, host: HostName): boolean | undefined {
  const seen = facts.get(factKey({ fact: 'docker.engine', host, args: { wanted: topology.docker.version } }))
  if (seen === undefined) return undefined
  return seen !== null && member(seen, 'running') === false
}

/** Managers of the playbook that are not given up and say that they belong to a swarm as managers. */
export function standingManagers({ topology, facts, lost }: Scene): readonly HostName[] {
  return (topology.ucp?.managers ?? []).filter(
    host => !lost.includes(host) && swarmSays(facts, host, 'manager') === true,
  )
}

/** That it is not this recipe, as a finding. `seen`: what the hosts show instead. */
export function notThis(recipe: RecipeName, seen: string, path: Finding['path'] = []): Finding {
  return find(
    'RB0862',
    path,
    `${recipe} is not what the hosts show: ${seen}`,
    'runbook recover FILE lists the recipes and marks the one that fits',
  )
}

/** 'd2, d3', or 'none'. */
export function names(list: readonly string[]): string {
  return list.length === 0 ? 'none' : list.map(one => shown(one)).join(', ')
}
