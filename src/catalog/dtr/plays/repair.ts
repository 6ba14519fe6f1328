import type { Step, StepId } from '../../../plan/step.ts'
import { FATAL_LINE } from '../../docker/api.ts'
import { RUN_LIMIT_SECONDS, repairCommand } from '../commands.ts'
import { askWorks } from '../lossFacts.ts'
import { askReplica, clusterIsWhole, replicaIsUp } from '../questions.ts'
import { type Making, replicaGoal } from './converge.ts'
import { haveImage, lane, readyForBootstrapper, section } from './ready.ts'

/**
 * The survivor alone becomes the registry. Right before, it must still hold a database and still say that the registry does not work: one
 * that came back by itself needs no repair, and would lose its other members by one.
 */
export function repair(making: Making, needs: readonly StepId[]): Step {
  const { donor: survivor, run } = making
  return {
    id: `dtr.repair@${survivor.host}`,
    kind: 'dtr.repair',
    title: `Make replica ${survivor.id} on ${survivor.host} the registry, and drop all other members`,
    section,
    host: survivor.host,
    needs,
    requires: [
      ...readyForBootstrapper(making),
      { ...askReplica(survivor), is: { [survivor.id]: {} } },
      { ...askWorks(making, survivor), is: { works: false } },
    ],
    during: [],
    run: [
      haveImage(making),
      { exec: repairCommand(run, survivor), timeoutSeconds: RUN_LIMIT_SECONDS, failsOn: FATAL_LINE },
      { await: [...replicaIsUp(making, survivor), clusterIsWhole(making, survivor)], withinSeconds: 600 },
    ],
    goal: [...replicaGoal(making, survivor), { ...askWorks(making, survivor), is: { works: true } }],
    withinSeconds: 300,
    risk: 'irreversible',
    // The same survivor again loses nothing that the first run had not dropped; `requires` is asked once more before it.
    inDoubt: 'repeat',
    lane,
    takes: { p50Seconds: 90, p90Seconds: 600 },
  }
}
