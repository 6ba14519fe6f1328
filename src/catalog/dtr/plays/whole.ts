import type { Step, StepId } from '../../../plan/step.ts'
import { clusterIsWhole } from '../questions.ts'
import type { Making } from './converge.ts'
import { section } from './ready.ts'

/** Exactly the playbook's members, all fresh and well, every table ready, nothing at issue: asked through the donor. */
export function whole(making: Making, needs: readonly StepId[]): Step {
  const { donor, dtr } = making
  const goal = [
    clusterIsWhole(
      making,
      donor,
      dtr.replicas.map(one => one.id),
    ),
  ]
  return {
    id: `dtr.whole@${donor.host}`,
    kind: 'dtr.whole',
    title: `See ${dtr.replicas.length} members whole`,
    section,
    host: donor.host,
    needs,
    requires: [],
    during: [],
    run: [{ await: goal, withinSeconds: 600 }],
    goal,
    withinSeconds: 10,
    risk: 'none',
    inDoubt: 'repeat',
    takes: { p50Seconds: 5, p90Seconds: 120 },
  }
}
