import type { Check, Step, StepId } from '../../../plan/step.ts'
import type { ReplicaSpec } from '../../../playbook/topology.ts'
import { askPing } from '../questions.ts'
import { restartScript } from '../scripts.ts'
import { lane, section } from './ready.ts'

/** A replica that does not answer well though its storage is there again. */
export function restart(replica: ReplicaSpec, needs: readonly StepId[]): Step {
  const well: Check = { ...askPing(replica), is: { code: 200, healthy: true } }
  return {
    id: `dtr.restart@${replica.host}`,
    kind: 'dtr.restart',
    title: `Restart replica ${replica.id} on ${replica.host}, unless it got well by itself`,
    section,
    host: replica.host,
    needs,
    requires: [],
    during: [],
    run: [
      { exec: { argv: ['sh', '-c', restartScript, 'runbook-dtr-restart', replica.id] }, timeoutSeconds: 600 },
    ],
    goal: [well],
    withinSeconds: 600,
    risk: 'interrupts',
    inDoubt: 'repeat',
    lane,
    takes: { p50Seconds: 60, p90Seconds: 300 },
    mayFollow: { checks: [well], hosts: [replica.host] },
  }
}
