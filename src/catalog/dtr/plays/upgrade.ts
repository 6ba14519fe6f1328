import type { Step, StepId } from '../../../plan/step.ts'
import { FATAL_LINE } from '../../docker/api.ts'
import { steer } from '../../loadBalancer/steer.ts'
import { trustIsOff } from '../../ucp/trust.ts'
import { RUN_LIMIT_SECONDS, upgradeCommand } from '../commands.ts'
import { atVersion } from '../hops.ts'
import { askMember, askPing, clusterIsWhole, replicaIsUp, replicaRuns } from '../questions.ts'
import type { Making } from './converge.ts'
import { lastToCome } from './reconfigure.ts'
import { haveImage, lane, readyForBootstrapper, section } from './ready.ts'

/**
 * From the version that runs to the one that is wanted, minor by minor, each hop one run of the new bootstrapper: it replaces one
 * replica after the other by itself and may be run again after a failure [D: upgrade.md, §8.15]. Nothing leads back. Which replica comes
 * when is not documented: a balancer of ours is steered meanwhile to those whose turn is not now.
 */
export function upgrade(making: Making, needs: readonly StepId[]): readonly Step[] {
  const { way, census } = making.intent
  if (way?.kind !== 'hops') return []
  const steps: Step[] = []
  let from = census.version ?? ''
  way.versions.forEach((version, i) => {
    const after = steps.at(-1)
    steps.push(hop(making, from, version, [i + 1, way.versions.length], after ? [after.id] : needs))
    from = version
  })
  return steps
}

function hop(
  making: Making,
  from: string,
  version: string,
  [at, of]: readonly [number, number],
  needs: readonly StepId[],
): Step {
  const { donor, ucp, wanted } = making
  const dtr = atVersion(wanted.dtr, version)
  const now: Making = { ...making, dtr, run: { ...making.run, dtr } }
  const count = dtr.replicas.length
  const all = dtr.replicas.flatMap(one =>
    at === of ? replicaIsUp(now, one) : replicaRuns(now, one, version),
  )
  const limitSeconds = RUN_LIMIT_SECONDS * count
  const steering = steer(making.topology, making.facts, lastToCome(now), limitSeconds + 600 * count)
  const hops = of === 1 ? '' : ` (hop ${at} of ${of})`
  return {
    id: `dtr.upgrade@${donor.host}:${version}`,
    kind: 'dtr.upgrade',
    title: `Upgrade the registry from ${from} to ${version} with ${dtr.image}${hops}`,
    section,
    host: donor.host,
    needs,
    requires: [
      ...readyForBootstrapper(now),
      trustIsOff(ucp, making.run.manager, making.facts),
      ...dtr.replicas.map(one => ({
        ...askMember(now, donor, one.id),
        is: { ok: true, fresh: true },
      })),
    ],
    // One replica restarts at a time. With fewer than three every restart interrupts, which no order could help.
    during: count < 3 ? [] : [{ ...askPing(donor), is: { code: 503, healthy: false } }],
    run: [
      { await: [clusterIsWhole(now, donor)], withinSeconds: 600 },
      haveImage(now),
      ...steering.begin,
      {
        exec: upgradeCommand(now.run, donor),
        timeoutSeconds: limitSeconds,
        failsOn: FATAL_LINE,
      },
      { await: [...all, clusterIsWhole(now, donor)], withinSeconds: 600 * count },
      ...steering.end,
    ],
    goal: all,
    withinSeconds: 600,
    risk: 'irreversible',
    inDoubt: 'repeat',
    lane,
    takes: { p50Seconds: 240 * count, p90Seconds: 900 * count },
  }
}
