import { userInfo } from 'node:os'
import { canariesOf } from '../../catalog/drill/canaries.ts'
import { compile } from '../../catalog/compile.ts'
import { products } from '../../catalog/index.ts'
import type { Phase } from '../../plan/drill.ts'
import { asked } from '../../plan/refs.ts'
import type { Plan } from '../../plan/step.ts'
import type { DrillOutcome } from '../../run/drillEvent.ts'
import { runDrill } from '../../run/drill.ts'
import type { DrillStage, PhasePlan } from '../../run/drillStage.ts'
import type { Event } from '../../run/event.ts'
import { createRedact } from '../../run/redact.ts'
import { openSessions, type Sessions, type World } from '../../run/world.ts'
import { virtualClock } from '../../twin/clock.ts'
import { connectTwin } from '../../twin/connect.ts'
import { Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { pretendedHosts, stageFor } from '../rehearsal.ts'
import { type Answers, answerTo } from './answers.ts'
import type { GoodDrill } from './load.ts'
import { phasePlan, undoPlanOf } from './phasePlan.ts'

/** One part of a drill: from where it is to its end, or to where it stops. */
export interface Carrying {
  readonly of: GoodDrill
  readonly id: string
  readonly answers: Answers
  readonly past: readonly Event[]
  readonly emit: (event: Event) => void
  readonly signal: AbortSignal
  readonly io: Io
  /** The plan that a phase began with, where it did. */
  readonly kept: (phase: string) => Plan | undefined
  readonly keep: (phase: string, made: PhasePlan) => void
}

/** Groups are looked at this often: on real hosts every look asks each of them. */
const WATCH_SECONDS = { pretended: 15, real: 10 } as const
const NAP_MS = { pretended: 3_600_000, real: 1_000 } as const
const WIDTH = 10

/** On real hosts, through sessions that are already ours. */
export async function carryOn(
  job: Carrying,
  world: World,
  sessions: Sessions,
  time: 'real' | 'pretended' = 'real',
): Promise<DrillOutcome> {
  const { of, id, io, kept, keep } = job
  const { drill, good, identity } = of
  const canaries = canariesOf(good.topology, drill.canaries.from)
  if (canaries === undefined) throw new Quit('invalid', `${good.topology.name} has no registry to try`)
  const stage: DrillStage = {
    id,
    drill,
    identity,
    by: userInfo().username,
    world,
    sessions,
    canaries,
    // Those whom the playbook means to be members, whoever is one at the moment.
    quorums: compile(good.topology, good.digest, products, new Map()).quorums,
    past: job.past,
    emit: job.emit,
    signal: job.signal,
    width: WIDTH,
    watchSeconds: WATCH_SECONDS[time],
    napMs: NAP_MS[time],
    planOf: async (phase: Phase, run: string): Promise<PhasePlan> => {
      const before = kept(phase.id)
      const begun = job.past.some(event => event.kind === 'run-started' && event.run === run)
      const made = await (begun && before !== undefined
        ? again(before, phase, of, id, world, sessions)
        : phasePlan(good, drill, id, phase, world, sessions))
      keep(phase.id, made)
      return made
    },
    undoPlan: (faults, by) => undoPlanOf(good, faults, by),
    answer: phase => answerTo(phase, drill, job.answers, io),
    isBusinessHours: () => (drill.mode === 'rehearse' ? null : isBusinessHours(new Date(io.clock.now()))),
  }
  return runDrill(stage)
}

/** A phase that was begun goes on with its own plan, whatever another survey would say now. */
async function again(
  plan: Plan,
  phase: Phase,
  { good, drill }: GoodDrill,
  id: string,
  world: World,
  sessions: Sessions,
): Promise<PhasePlan> {
  const observed = { facts: new Map(), refs: asked(plan) }
  const faults =
    phase.kind === 'fault' ? (await phasePlan(good, drill, id, phase, world, sessions)).faults : []
  return { plan, observed, faults }
}

function isBusinessHours(now: Date): boolean {
  return now.getDay() >= 1 && now.getDay() <= 5 && now.getHours() >= 9 && now.getHours() < 17
}

/** On pretended hosts that are as the playbook wants them, in virtual time. Needs no host and no secret. */
export async function rehearseDrill(job: Carrying): Promise<DrillOutcome> {
  const { good } = job.of
  const { estate } = await pretendedHosts(good, good)
  const stage = stageFor(good, estate)
  const clock = virtualClock(estate.clockMs)
  const connect = connectTwin(estate, stage.models, clock)
  const { hosts } = good.topology
  const { facts, secret, file } = stage
  const ask = (question: string): Promise<never> => Promise.reject(new Error(`nobody answers: ${question}`))
  const world: World = { hosts, connect, facts, secret, file, ask, clock, redact: createRedact() }
  return carryOn(job, world, openSessions(hosts, connect), 'pretended')
}
