import { type Facts, factKey } from '../../../plan/fact.ts'
import type { Check, HostName, Step, StepId } from '../../../plan/step.ts'
import { compareVersions } from '../../../plan/version.ts'
import type { Topology, UcpSpec } from '../../../playbook/topology.ts'
import type { Way } from '../../hops.ts'
import { plain } from '../../os/steps.ts'
import { member } from '../../os/text.ts'
import { isHealthy, nodeIs, ucpRuns } from '../cluster.ts'
import { BOOTSTRAPPER, bootstrap, releaseCommand, upgradeCommand } from '../commands.ts'
import { atVersion, wayTo } from '../hops.ts'
import { trustIsOff } from '../trust.ts'

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

/** Nodes that are there; newcomers join after it, in the new version. */
function isPresent(facts: Facts, host: HostName): boolean {
  return member(facts.get(factKey({ fact: 'ucp.node', host })), 'version') !== undefined
}

/**
 * From the version that runs to the one that is wanted, minor by minor, each hop one run of the new bootstrapper on a healthy manager: it
 * takes the managers one after another, then the workers, and may be run again after a failure. Where the playbook says so the workers are
 * held back and come in waves of their own, before the next hop. Managers cannot be rolled back [D: ee/ucp/admin/install/upgrade.md].
 */
export function upgrade(
  topology: Topology,
  ucp: UcpSpec,
  facts: Facts,
  through: HostName,
  after: readonly StepId[],
): readonly Step[] {
  const way = wayOf(ucp, facts)
  if (way?.kind !== 'hops') return []
  const steps: Step[] = []
  let from = runningVersion(ucp, facts) ?? ''
  let needs = after
  way.versions.forEach((version, i) => {
    const counted = way.versions.length === 1 ? '' : ` (hop ${i + 1} of ${way.versions.length})`
    const to = atVersion(ucp, version)
    const title = `Upgrade UCP from ${from} to ${version} with ${to.image}${counted}`
    const isLast = i + 1 === way.versions.length
    const first = hop(to, facts, through, [title, isLast], needs)
    steps.push(first)
    needs = [first.id]
    for (const wave of wavesOf(topology, ucp, facts)) {
      const released = wave.map(host => worker(to, facts, through, [host, isLast], needs))
      steps.push(...released)
      needs = released.map(step => step.id)
    }
    from = version
  })
  return steps
}

/** Workers in the order they come after the managers: of the playbook, hosts of replicas last. None when the bootstrapper takes them. */
function wavesOf({ dtr }: Topology, ucp: UcpSpec, facts: Facts): readonly (readonly HostName[])[] {
  const size = ucp.upgrade?.workersAtOnce
  if (size === undefined) return []
  const carries = (host: HostName): boolean => dtr?.replicas.some(one => one.host === host) === true
  const present = ucp.workers.filter(host => isPresent(facts, host))
  const ordered = [...present.filter(host => !carries(host)), ...present.filter(carries)]
  return Array.from({ length: Math.ceil(ordered.length / size) }, (_, i) =>
    ordered.slice(i * size, (i + 1) * size),
  )
}

function reached(host: HostName, version: string): Check {
  return { fact: 'ucp.reached', host, args: { least: version }, is: { reached: true } }
}

/** One worker that was held back: its label goes, and its agents come in the new version. */
function worker(
  ucp: UcpSpec,
  facts: Facts,
  through: HostName,
  [host, isLast]: readonly [HostName, boolean],
  needs: readonly StepId[],
): Step {
  const managers = ucp.managers.filter(one => isPresent(facts, one))
  return {
    ...plain,
    id: `ucp.upgradeWorker@${host}:${ucp.version}`,
    kind: 'ucp.upgradeWorker',
    title: `Let ${host} follow to UCP ${ucp.version}`,
    section: 'UCP upgrade',
    host,
    needs,
    requires: [
      nodeIs(through, host, { state: 'ready' }),
      ...managers.flatMap(one => [reached(one, ucp.version), isHealthy(ucp, one)]),
    ],
    goal: [
      reached(host, ucp.version),
      ...(isLast ? [ucpRuns(ucp, host)] : []),
      nodeIs(through, host, { state: 'ready' }),
    ],
    run: [{ exec: releaseCommand(host), on: through, timeoutSeconds: 60 }],
    withinSeconds: 900,
    risk: 'irreversible',
    takes: { p50Seconds: 60, p90Seconds: 600 },
  }
}

function hop(
  ucp: UcpSpec,
  facts: Facts,
  through: HostName,
  [title, isLast]: readonly [string, boolean],
  needs: readonly StepId[],
): Step {
  const { version } = ucp
  const managers = ucp.managers.filter(host => isPresent(facts, host))
  const workers = ucp.workers.filter(host => isPresent(facts, host))
  const isWaved = ucp.upgrade?.workersAtOnce !== undefined
  const nodes = isWaved ? managers : [...managers, ...workers]
  const last = managers.at(-1)
  return {
    ...plain,
    id: `ucp.upgrade@${through}:${version}`,
    kind: 'ucp.upgrade',
    title: isWaved ? `${title}, managers first` : title,
    section: 'UCP upgrade',
    host: through,
    needs,
    requires: [
      { fact: 'docker.container', host: through, args: { name: BOOTSTRAPPER }, is: null },
      trustIsOff(ucp, through, facts),
      ...managers.flatMap(host => [
        nodeIs(through, host, { role: 'manager', state: 'ready', reachability: 'reachable' }),
        isHealthy(ucp, host),
      ]),
      ...workers.map(host => nodeIs(through, host, { state: 'ready' })),
    ],
    // One manager at a time is without its databases. With fewer than three that interrupts, which no order could help.
    during:
      ucp.managers.length < 3 || last === undefined
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
      ...nodes.map(host => reached(host, version)),
      ...(isLast ? nodes.map(host => ucpRuns(ucp, host)) : []),
      ...managers.map(host => isHealthy(ucp, host)),
    ],
    run: [bootstrap(upgradeCommand(ucp, through))],
    withinSeconds: 1800,
    risk: 'irreversible',
    lane: 'ucp bootstrapper',
    takes: { p50Seconds: 120 * nodes.length, p90Seconds: 600 * nodes.length },
  }
}
