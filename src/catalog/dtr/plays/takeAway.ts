import type { Check, Step, StepId } from '../../../plan/step.ts'
import { FATAL_LINE } from '../../docker/api.ts'
import { takeOut } from '../../loadBalancer/bracket.ts'
import type { SeenMember, Stray } from '../census.ts'
import { RUN_LIMIT_SECONDS, destroyCommand, removeCommand } from '../commands.ts'
import { login } from '../facts.ts'
import { askMember, isNotUnwell, partsOn } from '../questions.ts'
import { unknownScript } from '../scripts.ts'
import type { Making } from './converge.ts'
import { haveImage, lane, readyForBootstrapper, section } from './ready.ts'

/**
 * One member out: first of the balancer and its transfers given time, then of the database, through a healthy member that is not itself
 * [D: remove.md, §8.3, §8.4]. One id a run is the contract. A broken one needs its healthy donor only; a healthy one needs every other
 * member well. What stays is looked at before anything else begins.
 */
export function remove(
  making: Making,
  victim: SeenMember,
  staying: readonly string[],
  needs: readonly StepId[],
  /** The playbook means this very id to be there: it is joined anew later. */
  comesBack = false,
): Step {
  const { donor, run, topology, facts } = making
  const where = victim.host === undefined ? '' : ` on ${victim.host}`
  const well = victim.state === 'healthy'
  const gone: Check = { ...askMember(making, donor, victim.id), is: null }
  const isWell = (id: string): Check => ({
    ...askMember(making, donor, id),
    is: { ok: true, fresh: true, present: true },
  })
  return {
    id: `dtr.remove@${donor.host}:${victim.id}`,
    kind: 'dtr.remove',
    title: `Remove ${well ? '' : `${victim.state} `}replica ${victim.id}${where} for good`,
    section,
    host: donor.host,
    needs,
    requires: [...readyForBootstrapper(making), ...(well ? staying : [donor.id]).map(isWell)],
    during: [],
    run: [
      ...(victim.host === undefined ? [] : takeOut(topology, facts, victim.host)),
      haveImage(making),
      {
        exec: removeCommand(run, donor, victim.id),
        timeoutSeconds: RUN_LIMIT_SECONDS,
        failsOn: FATAL_LINE,
      },
      { await: [gone, ...(well ? staying : [donor.id]).map(isWell)], withinSeconds: 600 },
    ],
    // What a step promises must last: an id that is joined anew later will be a member again, and a well one.
    goal: comesBack ? [isNotUnwell(making, donor, victim.id)] : [gone, ...nothingLeft(making, victim)],
    withinSeconds: 120,
    risk: 'irreversible',
    // The same command may be given again: the goal is asked first, so a member that has gone is not asked for.
    inDoubt: 'repeat',
    lane,
    takes: { p50Seconds: 75, p90Seconds: 600 },
  }
}

/** Parts that no database knows, off one host: asked once more just before, since destroy on a member would leave a ghost (§9.1). */
export function destroy(making: Making, stray: Stray, needs: readonly StepId[]): Step {
  const { donor, run, ucp } = making
  return {
    id: `dtr.destroy@${stray.host}:${stray.id}`,
    kind: 'dtr.destroy',
    title: `Destroy what is left of replica ${stray.id} on ${stray.host}, which the registry does not know`,
    section,
    host: stray.host,
    needs,
    requires: [
      ...readyForBootstrapper(making),
      { ...askMember(making, donor, stray.id), is: null },
      { ...askMember(making, donor, donor.id), is: { ok: true, fresh: true, present: true } },
    ],
    during: [],
    run: [
      {
        exec: {
          argv: ['sh', '-c', unknownScript, 'runbook-dtr-unknown', String(donor.httpsPort), stray.id],
          stdin: login(ucp.adminUsername, ucp.adminPassword),
        },
        on: donor.host,
        timeoutSeconds: 60,
      },
      haveImage(making),
      { exec: destroyCommand(run, stray.id), timeoutSeconds: 600, failsOn: FATAL_LINE },
    ],
    goal: nothingLeft(making, stray),
    withinSeconds: 60,
    risk: 'irreversible',
    inDoubt: 'repeat',
    lane,
    takes: { p50Seconds: 25, p90Seconds: 120 },
  }
}

/** Nothing of it is on its host any more, where that host can be asked and carries nothing else. */
function nothingLeft(
  { topology, intent }: Making,
  { id, host }: { readonly id: string; readonly host: string | undefined },
): readonly Check[] {
  if (host === undefined || topology.hosts[host] === undefined) return []
  const others = intent.census.carried.some(one => one.host === host && one.id !== id)
  return others ? [] : [{ ...partsOn(host), is: null }]
}
