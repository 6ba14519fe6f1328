import type { Canaries, Drill, DrillIdentity, Phase } from '../plan/drill.ts'
import type { Facts } from '../plan/fact.ts'
import type { FactRef, HostName, Json, Plan, Quorum, StepId } from '../plan/step.ts'
import type { DrillEvent, PhaseOutcome } from './drillEvent.ts'
import type { drillState } from './drillState.ts'
import type { Groups, Watch } from './drillWatch.ts'
import type { Event } from './event.ts'
import type { Sessions, World } from './world.ts'

/** The plan of one phase, for what is there when it begins. */
export interface PhasePlan {
  readonly plan: Plan
  readonly observed: { readonly facts: Facts; readonly refs: readonly FactRef[] }
  /** Steps that break something, with the fault's id. */
  readonly faults: readonly { readonly step: StepId; readonly fault: string; readonly host: HostName }[]
}

/** What a person says. `afterSeconds`: how long they took, where nobody is there to take it. */
export interface Answer {
  readonly by: string
  readonly answer: Json
  readonly afterSeconds?: number
}

/** Nobody was there to answer. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

/** Everything that a drill needs of the outside, handed in. */
export interface DrillStage {
  readonly id: string
  readonly drill: Drill
  readonly identity: DrillIdentity
  readonly by: string
  readonly world: World
  readonly sessions: Sessions
  readonly canaries: Canaries
  readonly quorums: readonly Quorum[]
  readonly past: readonly Event[]
  readonly emit: (event: Event) => void
  /** Aborted: the drill stops where it is; its faults are left to `drill stop` and the timers. */
  readonly signal: AbortSignal
  readonly width: number
  /** @throws Error that says why there is no plan (a recipe that does not fit what is seen) */
  readonly planOf: (phase: Phase, run: string) => Promise<PhasePlan>
  readonly undoPlan: (
    faults: readonly { readonly fault: string; readonly host: HostName }[],
    by: string,
  ) => Plan
  /** @throws Unanswered */
  readonly answer: (phase: Phase) => Promise<Answer>
  readonly isBusinessHours: () => boolean | null
  /** How often groups and faults are looked at. */
  readonly watchSeconds: number
  /** The longest sleep from which nobody can be woken: short where time is real. */
  readonly napMs: number
}

/** A phase that came to no good end. */
export class PhaseEnd extends Error {
  readonly outcome: Exclude<PhaseOutcome, 'done'>
  constructor(outcome: Exclude<PhaseOutcome, 'done'>, message: string) {
    super(message)
    this.outcome = outcome
  }
}

/** What the phases of a drill share. */
export interface Parts {
  readonly stage: DrillStage
  readonly events: readonly Event[]
  readonly record: (event: DrillEvent) => void
  readonly emit: (event: Event) => void
  readonly state: () => ReturnType<typeof drillState>
  readonly signal: AbortSignal
  readonly watch: Watch
}

const POLL_MS = 1_000

/** Waits until it is so. @throws PhaseEnd when the drill is to stop meanwhile */
export async function until(
  holds: () => boolean,
  seconds: number,
  world: World,
  signal: AbortSignal,
): Promise<boolean> {
  const endMs = world.clock.now() + seconds * 1000
  for (;;) {
    if (holds()) return true
    if (world.clock.now() >= endMs) return false
    await pause(POLL_MS, world, signal)
  }
}

/** @throws PhaseEnd when the drill is to stop meanwhile */
export async function pause(
  ms: number,
  world: World,
  signal: AbortSignal,
  napMs: number = POLL_MS,
): Promise<void> {
  const endMs = world.clock.now() + ms
  for (;;) {
    if (signal.aborted) throw new PhaseEnd('stopped', 'the drill was stopped')
    const leftMs = endMs - world.clock.now()
    if (leftMs <= 0) return
    await world.clock.sleep(Math.min(leftMs, napMs))
  }
}

/** Groups in words: 'db 2/3, raft 3/3'. */
export function groupWords(groups: Groups): string {
  return Object.entries(groups)
    .map(([name, { up, members }]) => `${name} ${up}/${members}`)
    .join(', ')
}
