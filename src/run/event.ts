import type { Check, Digest, HostName, Json, StepId } from '../plan/step.ts'
import type { DrillEvent } from './drillEvent.ts'

/** Why a step stopped. */
export type Failure =
  /**
   * 'unobservable': something had to be known and could not be told. 'interrupted': the controller could not go on by
   * itself (a secret or file is missing, a question was not answered).
   */
  | {
      readonly why: 'unreachable' | 'unobservable' | 'interrupted'
      readonly host: HostName
      readonly detail: string
      readonly help: string
    }
  /** `requires` does not hold: the world is not where the plan left it. Nothing was done about it. */
  | { readonly why: 'diverged'; readonly check: Check; readonly seen: Json; readonly detail: string }
  /** Every command ended well and yet the goal did not come true in time. */
  | {
      readonly why: 'goal-not-met'
      readonly check: Check
      readonly seen: Json
      readonly afterSeconds: number
    }
  | {
      readonly why: 'exit'
      readonly host: HostName
      readonly op: number
      readonly shown: string
      readonly code: number
      readonly lastLines: readonly string[]
    }
  | {
      readonly why: 'fatal-line'
      readonly host: HostName
      readonly op: number
      readonly shown: string
      readonly line: string
      readonly lastLines: readonly string[]
    }
  | {
      readonly why: 'timeout'
      readonly host: HostName
      readonly op: number
      readonly shown: string
      readonly afterSeconds: number
      readonly lastLines: readonly string[]
    }
  /** Another holder has the host by now: the op was not begun there, and this controller may do nothing more. */
  | { readonly why: 'fenced'; readonly host: HostName; readonly detail: string; readonly help: string }
  /** Begun, and nobody can say how it ended. */
  | {
      readonly why: 'in-doubt'
      readonly host: HostName
      readonly op: number
      readonly shown: string
      readonly detail: string
    }

export type Outcome = 'done' | 'failed' | 'stopped' | 'in-doubt'
/** 'already': the goal held, nothing was run. 'changed': we made it hold. 'assumed': a person said so. */
export type How = 'already' | 'changed' | 'assumed'

/** A step that was not begun because a group would have lost its majority, and the group as it would have been. */
export interface Held {
  readonly step: StepId
  readonly quorum: string
  readonly up: number
  readonly members: number
}

/**
 * Everything that can happen in a run. Journal, progress, JSON and reports all read this one union.
 * `at` is RFC 3339 in UTC. `attempt` counts from 1 and names the jobs on the hosts.
 */
export type Event = { readonly at: string } & (
  | {
      readonly kind: 'run-started'
      readonly run: string
      readonly plan: Digest
      readonly name: string
      readonly steps: number
      readonly resumed: boolean
      /** Hosts that the run goes on without. */
      readonly without?: readonly HostName[]
      /** Groups that a step may leave without their majority, with the reason somebody gave. */
      readonly overrides?: readonly { readonly quorum: string; readonly reason: string }[]
    }
  /**
   * The intents of several steps of one host, in their order, before one message with all of them leaves: the host goes from one to the
   * next and halts at the first that does not come to its end. What each came to is told by events of its own.
   */
  | {
      readonly kind: 'sent-ahead'
      readonly host: HostName
      readonly steps: readonly { readonly step: StepId; readonly attempt: number }[]
    }
  /** The host has answered: these of the steps sent ahead were not begun, and are not under way. Absent ones came to an end. */
  | { readonly kind: 'came-back'; readonly host: HostName; readonly steps: readonly StepId[] }
  | { readonly kind: 'step-started'; readonly step: StepId; readonly attempt: number }
  | {
      readonly kind: 'op-started'
      readonly step: StepId
      readonly op: number
      readonly host: HostName
      readonly shown: string
    }
  | {
      readonly kind: 'output'
      readonly step: StepId
      readonly host: HostName
      readonly stream: 'out' | 'err'
      readonly line: string
    }
  | { readonly kind: 'op-ended'; readonly step: StepId; readonly op: number; readonly code: number }
  | {
      readonly kind: 'waiting'
      readonly step: StepId
      readonly for: Check
      readonly seen: Json
      readonly elapsedSeconds: number
    }
  | {
      readonly kind: 'answered'
      readonly step: StepId
      readonly op: number
      readonly by: string
      readonly answer: Json
    }
  /** A person looked, and said how a step in doubt had ended. */
  | { readonly kind: 'assumed'; readonly step: StepId; readonly done: boolean; readonly by: string }
  | { readonly kind: 'step-done'; readonly step: StepId; readonly how: How }
  | { readonly kind: 'step-failed'; readonly step: StepId; readonly failure: Failure }
  | {
      readonly kind: 'run-ended'
      readonly outcome: Outcome
      /** Steps that could have begun, had a group been able to spare a member. Absent: none. */
      readonly held?: readonly Held[]
    }
  | DrillEvent
)
