import { holds } from '../../plan/check.ts'
import { type Facts, factKey } from '../../plan/fact.ts'
import type { HostName, Step } from '../../plan/step.ts'
import type { Topology, UcpSpec } from '../../playbook/topology.ts'
import { askEngine, swarmSays } from '../docker/preflight.ts'
import { member } from '../os/text.ts'

const entries = ['ucp.install', 'ucp.joinManager', 'ucp.joinWorker']
const settings = ['ucp.scheduling', 'ucp.config', 'ucp.license']

/**
 * The step, and where it brings a host in that may be in already, or sets what may be set on a manager that is off: on which hosts something has to be done before that can be told
 * (`mayFollow`). Such a host was seen to be a member, or its engine is off and only that engine knows; it is a member again by itself
 * once engines run and the managers have their majority. One that is in no swarm, that the managers do not list, or whose part of
 * UCP is gone or of another version has to be brought in.
 * @param through the manager that is asked for the list of nodes
 */
export function returning(
  step: Step,
  topology: Topology,
  ucp: UcpSpec,
  through: HostName,
  facts: Facts,
): Step {
  if (![...entries, ...settings].includes(step.kind) || step.goal.every(check => holds(check, facts)))
    return step
  const { host } = step
  const part = facts.get(factKey({ fact: 'ucp.node', host }))
  const hasItsPart = part === undefined || member(part, 'version') === ucp.version
  const state = swarmSays(facts, host, 'state')
  const isOff = member(facts.get(factKey(askEngine(topology, host))), 'running') === false
  const listed = facts.get(factKey({ fact: 'docker.node', host: through, args: { name: host } }))
  const mayBelong = settings.includes(step.kind)
    ? isOff
    : state === 'active' || (state === undefined && isOff && listed !== null)
  if (!hasItsPart || !mayBelong) return step
  const hosts = [...new Set([host, ...ucp.managers])].sort()
  return { ...step, mayFollow: { checks: step.goal, hosts } }
}
