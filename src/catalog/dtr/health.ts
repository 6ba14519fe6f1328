import type { Facts } from '../../plan/fact.ts'
import type { FactRef } from '../../plan/step.ts'
import { compareVersions } from '../../plan/version.ts'
import type { Topology } from '../../playbook/topology.ts'
import type { ProductHealth } from '../product.ts'
import { censusOf } from './census.ts'
import { askReports, askWebCertificate, donorOf, wantedOf } from './questions.ts'
import { allowed, type Diagnosis, diagnose, recipes, type Verdict } from './verdict.ts'

/** Words of `status` for the verdicts of §5.3. */
const words: { readonly [verdict in Verdict]: string } = {
  none: 'not installed',
  healthy: 'healthy',
  degraded: 'degraded',
  lost: 'lost majority',
  ghost: 'ghost',
  unknown: 'could not tell',
}

/** The registry as a whole: the verdict, and what the operations table of §11.4 allows under it. */
export function health(topology: Topology, facts: Facts): ProductHealth {
  const wanted = wantedOf(topology)
  if (!wanted) throw new Error('the playbook wants no registry')
  const census = censusOf(wanted, facts)
  const diagnosis = diagnose(census)
  const { verdict, even, strays } = diagnosis
  const versions = [...new Set(census.members.map(one => one.version).filter(version => version !== ''))]
  const seen = versions.length > 0 ? versions : census.version === undefined ? [] : [census.version]
  const recipe = recipeOf(diagnosis)
  return {
    product: 'DTR',
    state: stateOf(diagnosis),
    verdict: [words[verdict], ...(strays.length > 0 ? ['stray'] : []), ...(even ? ['even'] : [])],
    versions: seen.sort(compareVersions),
    wanted: wanted.dtr.version,
    allows: allowed[verdict],
    ...(recipe !== undefined && { recipe }),
  }
}

function stateOf({ verdict, even, strays }: Diagnosis): ProductHealth['state'] {
  if (verdict === 'none') return 'absent'
  if (verdict === 'lost' || verdict === 'unknown') return verdict
  return verdict === 'healthy' && !even && strays.length === 0 ? 'healthy' : 'degraded'
}

function recipeOf({ verdict, even, strays, ghosts, failed, stopped }: Diagnosis): string | undefined {
  const who = (ids: readonly string[]): string => (ids.length === 0 ? '' : ` (${ids.join(', ')})`)
  if (verdict === 'ghost') return `${recipes.ghost}${who(ghosts)}`
  if (verdict === 'degraded') return `${recipes.degraded}${who([...failed, ...stopped])}`
  if (verdict !== 'healthy') return recipes[verdict]
  if (strays.length > 0)
    return `parts of an id that the database does not know: apply with --prune clears them${who(strays)}`
  return even ? 'an even number of members tolerates no more than one fewer: add or take out one' : undefined
}

/** Ages of self-reports, and when the certificate of each replica ends. */
export function reports(topology: Topology, facts: Facts): readonly FactRef[] {
  const wanted = wantedOf(topology)
  if (!wanted) return []
  return [askReports(wanted, donorOf(wanted, facts)), ...wanted.dtr.replicas.map(askWebCertificate)]
}
