import { type Facts, factKey } from '../../plan/fact.ts'
import type { HostName, Step } from '../../plan/step.ts'
import { askEngine } from '../docker/preflight.ts'
import { member } from '../os/text.ts'
import { type Wanted, partsOn } from './questions.ts'

/** Hosts of which nobody can tell whether they carry a replica: their engine is installed and off. */
export function untoldHosts({ topology }: Wanted, facts: Facts): readonly HostName[] {
  return topology.docker.hosts
    .filter(
      host =>
        !facts.has(factKey(partsOn(host))) &&
        member(facts.get(factKey(askEngine(topology, host))), 'running') === false,
    )
    .sort()
}

/** The step, and where it makes a replica that may be there already: it is whole again by itself once engines run (`mayFollow`). */
export function returning(step: Step, wanted: Wanted, facts: Facts): Step {
  if (step.kind !== 'dtr.install' && step.kind !== 'dtr.join') return step
  if (!untoldHosts(wanted, facts).includes(step.host)) return step
  const hosts = [...new Set([...wanted.dtr.replicas.map(one => one.host), ...wanted.ucp.managers])].sort()
  return { ...step, mayFollow: { checks: step.goal, hosts } }
}
