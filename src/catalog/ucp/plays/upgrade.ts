import { type Facts, factKey } from '../../../plan/fact.ts'
import type { Check, HostName, Step, StepId } from '../../../plan/step.ts'
import { compareVersions } from '../../../plan/version.ts'
import type { UcpSpec } from '../../../playbook/topology.ts'
import { plain } from '../../os/steps.ts'
import { member } from '../../os/text.ts'
import { isHealthy, nodeIs, ucpRuns } from '../cluster.ts'
import { BOOTSTRAPPER, bootstrap, upgradeCommand } from '../commands.ts'
import { type Way, atVersion, wayTo } from '../hops.ts'

/** The oldest version that runs on a node of the playbook; undefined when UCP was seen on none. */
export function runningVersion(ucp: UcpSpec, facts: Facts): string | undefined {
  const seen = [...ucp.managers, ...ucp.workers].flatMap(host => {
    const version = member(facts.get(factKey({ fact: 'ucp.node', host })), 'version')
    return typeof version === 'string' ? [version] : []
  })
  return seen.sort(compareVersions)[0]
}

/** From what runs to what is wanted; undefined when nothing runs. */
export function wayOf(ucp: UcpSpec, facts: Facts): Way | undefined {
  const from = runningVersion(ucp, facts)
  return from === undefined ? undefined : wayTo(from, ucp.version)
}

/**
 * From the version that runs to the one that is wanted, minor by minor, each hop one run of the new bootstrapper on a healthy manager: it
 * takes the managers one after another, then the workers, and may be run again after a failure. Managers cannot be rolled back
 * [D: ee/ucp/admin/install/upgrade.md].
 */
export function upgrade(
  ucp: UcpSpec,
  facts: Facts,
  through: HostName,
  after: readonly StepId[],
): readonly Step[] {
  const way = wayOf(ucp, facts)
  if (way?.kind !== 'hops') return []
  const steps: Step[] = []
  let from = runningVersion(ucp, facts) ?? ''
  way.versions.forEach((version, i) => {
    const last = steps.at(-1)
    const counted = way.versions.length === 1 ? '' : ` (hop ${i + 1} of ${way.versions.length})`
    const title = `Upgrade UCP from ${from} to ${version} with ${atVersion(ucp, version).image}${counted}`
    const named = [title, i + 1 === way.versions.length] as const
    steps.push(hop(atVersion(ucp, version), facts, through, named, last ? [last.id] : after))
    from = version
  })
  return steps
}

function hop(
  ucp: UcpSpec,
  facts: Facts,
  through: HostName,
  [title, isLast]: readonly [string, boolean],
  needs: readonly StepId[],
): Step {
  const { managers, version } = ucp
  // Those that are there; newcomers join after it, in the new version.
  const present = (host: HostName): boolean =>
    member(facts.get(factKey({ fact: 'ucp.node', host })), 'version') !== undefined
  const nodes = [...managers, ...ucp.workers].filter(present)
  const reached: readonly Check[] = nodes.map(host => ({
    fact: 'ucp.reached',
    host,
    args: { least: version },
    is: { reached: true },
  }))
  const last = managers.filter(present).at(-1)
  return {
    ...plain,
    id: `ucp.upgrade@${through}:${version}`,
    kind: 'ucp.upgrade',
    title,
    section: 'UCP upgrade',
    host: through,
    needs,
    requires: [
      { fact: 'docker.container', host: through, args: { name: BOOTSTRAPPER }, is: null },
      ...managers
        .filter(present)
        .flatMap(host => [
          nodeIs(through, host, { role: 'manager', state: 'ready', reachability: 'reachable' }),
          isHealthy(ucp, host),
        ]),
      ...ucp.workers.filter(present).map(host => nodeIs(through, host, { state: 'ready' })),
    ],
    // One manager at a time is without its databases. With fewer than three that interrupts, which no order could help.
    during:
      managers.length < 3 || last === undefined
        ? []
        : [
            {
              fact: 'docker.containers',
              host: last,
              args: { prefix: 'ucp-' },
              is: { 'ucp-kv': { up: false }, 'ucp-auth-store': { up: false } },
            },
          ],
    goal: [
      ...reached,
      ...(isLast ? nodes.map(host => ucpRuns(ucp, host)) : []),
      ...managers.filter(present).map(host => isHealthy(ucp, host)),
    ],
    run: [bootstrap(upgradeCommand(ucp, through))],
    withinSeconds: 1800,
    risk: 'irreversible',
    lane: 'ucp bootstrapper',
    takes: { p50Seconds: 120 * nodes.length, p90Seconds: 600 * nodes.length },
  }
}
