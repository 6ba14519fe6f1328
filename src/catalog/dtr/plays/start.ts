import type { Step, StepId } from '../../../plan/step.ts'
import type { ReplicaSpec } from '../../../playbook/topology.ts'
import { replicaIsUp } from '../questions.ts'
import { startScript } from '../scripts.ts'
import type { Making } from './converge.ts'
import { lane, section } from './ready.ts'

/** A replica whose containers are there and stopped is started: its data is on that host [KB: How to properly restart DTR]. */
export function start(making: Making, replica: ReplicaSpec, needs: readonly StepId[]): Step {
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
    goal: replicaIsUp(making, replica),
    withinSeconds: 600,
    risk: 'none',
    inDoubt: 'repeat',
    lane,
    takes: { p50Seconds: 60, p90Seconds: 300 },
  }
}
