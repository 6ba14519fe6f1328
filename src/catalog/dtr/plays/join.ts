import type { Change, Check, Step, StepId } from '../../../plan/step.ts'
import type { ReplicaSpec } from '../../../playbook/topology.ts'
import { putBack, takeOut } from '../../loadBalancer/bracket.ts'
import { FATAL_LINE } from '../../docker/api.ts'
import { RUN_LIMIT_SECONDS, joinCommand, removeCommand } from '../commands.ts'
import { login } from '../facts.ts'
import { askMember, clusterIsWhole, isNotUnwell, partsOn, replicaIsUp } from '../questions.ts'
import { leaveScript, unknownScript, wipeScript } from '../scripts.ts'
import { type Making, replicaGoal } from './converge.ts'
import { haveImage, isReadyWorker, lane, readyForBootstrapper, section } from './ready.ts'

/**
 * One more replica. Before: every member healthy, else the join is refused [KB: Unhealthy DTR replica]; the id is none the
 * database knows, so nothing of a member is ever cleared away. After: the new member as it sees itself, and the whole as
 * both it and the donor see it.
 */
export function join(
  making: Making,
  replica: ReplicaSpec,
  needs: readonly StepId[],
  /** An id that has just been taken out comes back: the goal says so, as its removal's said the contrary. */
  again = false,
  /** What its host carries of this id belongs to a registry that is no more: it goes as soon as the one that is has said that it does not know it. */
  leftovers = false,
): Step {
  const { donor, run, ucp } = making
  const known: readonly Check[] = again
    ? [{ ...askMember(making, donor, replica.id), is: { ok: true, fresh: true } }]
    : []
  const unknown = {
    argv: ['sh', '-c', unknownScript, 'runbook-dtr-unknown', String(donor.httpsPort), replica.id],
    stdin: login(ucp.adminUsername, ucp.adminPassword),
  }
  return {
    id: `dtr.join@${replica.host}`,
    kind: 'dtr.join',
    title: `Join replica ${replica.id} on ${replica.host}`,
    section,
    host: replica.host,
    needs,
    // Members that go when all is joined: one that has died meanwhile goes first, which is another plan.
    requires: [
      ...readyForBootstrapper(making),
      isReadyWorker(making, replica),
      ...making.intent.leavers.map(one => isNotUnwell(making, donor, one.id)),
    ],
    during: [],
    run: [
      { await: [clusterIsWhole(making, donor)], withinSeconds: 600 },
      { exec: unknown, on: donor.host, timeoutSeconds: 60 },
      ...(leftovers
        ? [
            {
              exec: { argv: ['sh', '-c', wipeScript, 'runbook-dtr-wipe', replica.id] },
              timeoutSeconds: 300,
            },
          ]
        : []),
      haveImage(making),
      { exec: joinCommand(run, replica, donor), timeoutSeconds: RUN_LIMIT_SECONDS, failsOn: FATAL_LINE },
      {
        await: [
          ...replicaIsUp(making, replica),
          clusterIsWhole(making, replica),
          clusterIsWhole(making, donor),
        ],
        withinSeconds: 600,
      },
      // Its removal took the host out of the balancer; clients come back as soon as the new member is well.
      ...(again ? putBack(making.topology, making.facts, replica.host) : []),
    ],
    goal: [...replicaGoal(making, replica), ...known],
    withinSeconds: 300,
    risk: 'none',
    // As for install; and a job the host still has under its name is attached to, not run again.
    inDoubt: 'repeat',
    lane,
    takes: { p50Seconds: 150, p90Seconds: 600 },
    undo: leaves(making, replica),
  }
}

/**
 * Out again, by the same rule as any member: through the donor, never through itself, when every member is well [D: remove.md, §8.3].
 * A join that broke off before the database knew it has only its parts to be cleared, and one that cannot say waits for a person.
 */
function leaves(making: Making, replica: ReplicaSpec): Change {
  const { donor, run, ucp, topology, facts } = making
  const gone: Check = { ...askMember(making, donor, replica.id), is: null }
  const remove = removeCommand(run, donor, replica.id)
  return {
    goal: [gone, { ...partsOn(replica.host), is: null }],
    run: [
      {
        await: [{ ...askMember(making, donor, donor.id), is: { ok: true, fresh: true, present: true } }],
        withinSeconds: 120,
      },
      ...takeOut(topology, facts, replica.host),
      { ...haveImage(making), on: donor.host },
      {
        exec: {
          ...remove,
          argv: [
            ...['sh', '-c', leaveScript, 'runbook-dtr-leave', String(donor.httpsPort), replica.id],
            ...remove.argv,
          ],
          stdin: login(ucp.adminUsername, ucp.adminPassword),
        },
        on: donor.host,
        timeoutSeconds: RUN_LIMIT_SECONDS,
        failsOn: FATAL_LINE,
      },
      { await: [gone], withinSeconds: 300 },
      {
        exec: { argv: ['sh', '-c', wipeScript, 'runbook-dtr-wipe', replica.id] },
        timeoutSeconds: 300,
      },
    ],
    withinSeconds: 120,
  }
}
