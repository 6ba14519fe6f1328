import type { Facts } from '../../plan/fact.ts'
import { factKey } from '../../plan/fact.ts'
import type { Check, HostName, Step, StepId } from '../../plan/step.ts'
import type { Topology, UcpSpec } from '../../playbook/topology.ts'
import { askHelper, partsOn } from '../dtr/questions.ts'
import { sweepScript } from '../dtr/scripts.ts'
import { swarmSays } from '../docker/preflight.ts'
import { plain } from '../os/steps.ts'
import { member } from '../os/text.ts'
import type { Context, Play } from '../product.ts'
import { founder } from '../ucp/cluster.ts'
import { bootstrap, uninstallCommand } from '../ucp/commands.ts'
import { SWEEP } from '../ucp/scripts.ts'

const common = { ...plain, risk: 'irreversible' } as const

/** Containers and volumes of every replica, off every host. What lies on shared storage stays there. */
export const takeRegistryAway: Play = ({ topology, after }) =>
  nodes(topology).map((host): Step => ({
    ...common,
    id: `dtr.sweep@${host}`,
    kind: 'dtr.sweep',
    title: `Take every part of the registry off ${host}, local images with it`,
    section: 'Registry goes',
    host,
    needs: after,
    requires: [{ ...askHelper({ host }), is: { running: false } }],
    run: [{ exec: { argv: ['sh', '-c', sweepScript, 'runbook-dtr-sweep'] }, timeoutSeconds: 600 }],
    goal: [
      { ...partsOn(host), is: null },
      { ...askHelper({ host }), is: { running: false, left: false } },
    ],
    withinSeconds: 60,
    takes: { p50Seconds: 20, p90Seconds: 120 },
  }))

/** The vendor's own uninstaller, once, where a manager can still run it: it clears all nodes by services of the swarm [§4.7]. */
export const takeUcpAway: Play = ({ topology, facts, after }) => {
  const { ucp } = topology
  const through = ucp && uninstaller(ucp, facts)
  if (!ucp || !through) return []
  return [
    {
      ...common,
      id: `ucp.uninstall@${through.host}`,
      kind: 'ucp.uninstall',
      title: `Uninstall UCP ${through.version} from all nodes`,
      section: 'UCP goes',
      host: through.host,
      needs: after,
      requires: [
        { fact: 'docker.swarm', host: through.host, is: { state: 'active', manager: true, quorum: true } },
        ...nodes(topology).map(host => ({ ...partsOn(host), is: null })),
      ],
      run: [bootstrap(uninstallCommand(through.image, through.host))],
      goal: nodes(topology).map((host): Check => ({ fact: 'ucp.node', host, is: null })),
      withinSeconds: 300,
      takes: { p50Seconds: 120, p90Seconds: 600 },
    },
  ]
}

/** Workers leave first, then managers one after another; each host is cleared of what UCP left there. */
export const takeSwarmAway: Play = ({ topology, facts, after }: Context) => {
  const { ucp } = topology
  if (!ucp) return []
  const last = standing(ucp, facts)
  const managers = [...ucp.managers.filter(host => host !== last), last]
  const workers = ucp.workers.map(host => leave(host, after))
  let needs: readonly StepId[] = workers.length > 0 ? workers.map(step => step.id) : after
  const leaders = managers.map(host => {
    const step = leave(host, needs)
    needs = [step.id]
    return step
  })
  const uninstalls = uninstaller(ucp, facts)?.host
  return [...workers, ...leaders].flatMap(step => [step, sweep(step.host, [step.id], uninstalls)])
}

function leave(host: HostName, needs: readonly StepId[]): Step {
  return {
    ...common,
    id: `docker.leave@${host}`,
    kind: 'docker.leave',
    title: `Let ${host} leave the swarm for good`,
    section: 'Swarm goes',
    host,
    needs,
    requires: [{ ...partsOn(host), is: null }],
    // A manager leaves only by force, and in the end there is nobody left to be told.
    run: [{ exec: { argv: ['docker', 'swarm', 'leave', '--force'] }, timeoutSeconds: 120 }],
    goal: [{ fact: 'docker.swarm', host, is: { state: 'inactive' } }],
    withinSeconds: 60,
    takes: { p50Seconds: 10, p90Seconds: 60 },
  }
}

/** @param uninstalls the manager whose run of the uninstaller may have cleared this host already: then there is nothing to do here */
function sweep(host: HostName, needs: readonly StepId[], uninstalls: HostName | undefined): Step {
  const clear: Check = { fact: 'ucp.remains', host, is: { containers: 0, volumes: 0 } }
  return {
    ...common,
    id: `ucp.sweep@${host}`,
    kind: 'ucp.sweep',
    title: `Clear UCP's containers and volumes off ${host}, so that it may join again`,
    section: 'Swarm goes',
    host,
    needs,
    requires: [{ fact: 'docker.swarm', host, is: { state: 'inactive' } }],
    run: [{ exec: { argv: ['sh', '-c', SWEEP, 'runbook-ucp-sweep'] }, timeoutSeconds: 300 }],
    goal: [clear],
    // Nothing clears itself any more when this begins: one more look is all the time that is given to it.
    withinSeconds: 5,
    takes: { p50Seconds: 10, p90Seconds: 60 },
    ...(uninstalls === undefined ? {} : { mayFollow: { checks: [clear], hosts: [uninstalls] } }),
  }
}

/** The manager that can run the uninstaller, with the image of the version that it carries; undefined: none is known to, so hosts are cleared one by one (see `unsureOf`). */
function uninstaller(
  ucp: UcpSpec,
  facts: Facts,
): { readonly host: HostName; readonly version: string; readonly image: string } | undefined {
  const host = standing(ucp, facts)
  const node = facts.get(factKey({ fact: 'ucp.node', host }))
  const [version, image] = [member(node, 'version'), member(node, 'image')]
  if (swarmSays(facts, host, 'quorum') !== true || typeof version !== 'string' || typeof image !== 'string')
    return undefined
  return { host, version, image: `${image.split('/').slice(0, -1).join('/')}/ucp:${version}` }
}

/** Managers of which nobody can say whether they could run the uninstaller. None where one of them is known to, and none that is known not to. */
export function unsureOf(ucp: UcpSpec, facts: Facts): readonly HostName[] {
  if (uninstaller(ucp, facts) !== undefined) return []
  return ucp.managers.filter(host => {
    if (!facts.has(factKey({ fact: 'docker.swarm', host }))) return true
    return swarmSays(facts, host, 'quorum') === true && !facts.has(factKey({ fact: 'ucp.node', host }))
  })
}

/** Every host that may carry a part of it. */
export function nodes({ ucp }: Topology): readonly HostName[] {
  return ucp ? [...new Set([...ucp.managers, ...ucp.workers])] : []
}

/** The manager to work through, as long as one is in the swarm: those that have left already are no help. */
export function standing(ucp: UcpSpec, facts: Facts): HostName {
  const through = founder(ucp, facts)
  if (swarmSays(facts, through, 'state') !== 'inactive') return through
  return ucp.managers.find(host => swarmSays(facts, host, 'state') === 'active') ?? through
}
