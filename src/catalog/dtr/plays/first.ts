import type { Step, StepId } from '../../../plan/step.ts'
import { FATAL_LINE } from '../../docker/api.ts'
import { RUN_LIMIT_SECONDS, installCommand } from '../commands.ts'
import { askReplica, clusterIsWhole, replicaIsUp } from '../questions.ts'
import { type Making, replicaGoal } from './converge.ts'
import { haveImage, isReadyWorker, lane, readyForBootstrapper, section } from './ready.ts'

/**
 * The first replica. Whether a second install into a cluster that has a registry is refused is unconfirmed, so we look
 * ourselves: no other host of the playbook may hold one.
 */
export function first(making: Making, needs: readonly StepId[]): Step {
  const { donor, others, run, dtr } = making
  return {
    id: `dtr.install@${donor.host}`,
    kind: 'dtr.install',
    title: `Install DTR ${dtr.version} on ${donor.host}, replica ${donor.id}`,
    section,
    host: donor.host,
    needs,
    requires: [
      ...readyForBootstrapper(making),
      isReadyWorker(making, donor),
      ...others.map(one => ({ ...askReplica(one), is: null })),
    ],
    during: [],
    run: [
      haveImage(making),
      { exec: installCommand(run, donor), timeoutSeconds: RUN_LIMIT_SECONDS, failsOn: FATAL_LINE },
      { await: [...replicaIsUp(making, donor), clusterIsWhole(making, donor)], withinSeconds: 600 },
    ],
    goal: replicaGoal(making, donor),
    withinSeconds: 300,
    risk: 'none',
    // The script clears what an interrupted run of ours left of this very id and refuses to touch anything else.
    inDoubt: 'repeat',
    lane,
    takes: { p50Seconds: 140, p90Seconds: 600 },
  }
}
