import type { Step, StepId } from '../../../plan/step.ts'
import type { ReplicaSpec } from '../../../playbook/topology.ts'
import { askHelper } from '../questions.ts'
import { clearScript } from '../scripts.ts'
import type { Making } from './converge.ts'
import { lane, section } from './ready.ts'

/** The container of a bootstrapper's run that has ended: its name would make the next run fail (§9.34). Its log's end is shown first. */
export function clear(_making: Making, replica: Pick<ReplicaSpec, 'host'>, needs: readonly StepId[]): Step {
  return {
    id: `dtr.clear@${replica.host}`,
    kind: 'dtr.clear',
    title: `Clear the helper that an ended bootstrapper left on ${replica.host}`,
    section,
    host: replica.host,
    needs,
    requires: [{ ...askHelper(replica), is: { running: false } }],
    during: [],
    run: [{ exec: { argv: ['sh', '-c', clearScript, 'runbook-dtr-clear'] }, timeoutSeconds: 60 }],
    goal: [{ ...askHelper(replica), is: { running: false, left: false } }],
    withinSeconds: 10,
    risk: 'none',
    inDoubt: 'repeat',
    lane,
    takes: { p50Seconds: 2, p90Seconds: 10 },
  }
}
