import type { Step, StepId } from '../../../plan/step.ts'
import type { ReplicaSpec } from '../../../playbook/topology.ts'
import { askReplica } from '../questions.ts'
import { startScript } from '../scripts.ts'
import { type Making, replicaGoal } from './converge.ts'
import { lane, section } from './ready.ts'

/** A replica whose containers are there and stopped is started: its data is on that host [KB: How to properly restart DTR]. */
export function start(
  making: Making,
  replica: ReplicaSpec,
  needs: readonly StepId[],
  /** Of several that are started together, the last one answers for all: before a majority runs none of them is well. */
  together: readonly ReplicaSpec[] = [replica],
): Step {
  return {
    id: `dtr.start@${replica.host}`,
    kind: 'dtr.start',
    title: `Start replica ${replica.id} on ${replica.host}`,
    section,
    host: replica.host,
    needs,
    requires: [],
    during: [],
    run: [
      { exec: { argv: ['sh', '-c', startScript, 'runbook-dtr-start', replica.id] }, timeoutSeconds: 300 },
    ],
    goal:
      together.length === 0
        ? [{ ...askReplica(replica), is: { [replica.id]: { running: true } } }]
        : together.flatMap(one => replicaGoal(making, one)),
    withinSeconds: 600,
    risk: 'none',
    inDoubt: 'repeat',
    lane,
    takes: { p50Seconds: 60, p90Seconds: 300 },
  }
}
