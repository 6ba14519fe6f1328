import type { Step } from '../plan/step.ts'
import { Fenced } from '../hosts/custody.ts'
import { Unreachable } from '../hosts/session.ts'
import { Unbound, Unresolved } from './bind.ts'
import type { Event, Failure } from './event.ts'
import type { Knowledge } from './knowledge.ts'
import type { Sessions, World } from './world.ts'

/** Without the clock: the caller stamps it. */
export type Happening = Event extends infer E ? (E extends Event ? Omit<E, 'at'> : never) : never

/** What one step needs to be brought about. */
export interface Workplace {
  readonly runId: string
  readonly world: World
  readonly sessions: Sessions
  readonly knowledge: Knowledge
  /** @throws when the run is broken (its journal cannot be written) */
  readonly record: (happening: Happening) => void
  /** Waits for `doing`, but not beyond the moment the run breaks. @throws what broke the run */
  readonly unlessBroken: <T>(doing: Promise<T>) => Promise<T>
}

/** Carries a Failure up to the one place that records it. */
export class Stop extends Error {
  override readonly name = 'Stop'
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.why)
    this.failure = failure
  }
}

/** The failure that an error stands for. @throws the error itself, with the step's id, when it is none a host or person can cause */
export function failureOf(error: unknown, step: Step): Failure {
  if (error instanceof Stop) return error.failure
  if (error instanceof Unreachable) {
    return { why: 'unreachable', host: error.host, detail: error.message, help: error.help }
  }
  if (error instanceof Fenced) {
    const help = 'see who holds it with `runbook lock status FILE`; do not start this run again blindly'
    return { why: 'fenced', host: error.host, detail: error.message, help }
  }
  if (error instanceof Unbound) {
    return {
      why: 'unobservable',
      host: error.ref.host,
      detail: error.message,
      help: 'ask the host yourself, then resume',
    }
  }
  if (error instanceof Unresolved) {
    return {
      why: 'interrupted',
      host: step.host,
      detail: error.message,
      help: 'make it available to the controller, then resume',
    }
  }
  throw error instanceof Error ? Object.assign(error, { step: step.id }) : error
}
