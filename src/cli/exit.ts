import type { Outcome } from '../run/event.ts'

/** The only place that knows exit codes. They are part of what scripts rely on: never changed, only added to. */
export const exits = {
  ok: 0,
  /** A bug of ours. */
  bug: 1,
  /** `plan --detailed-exitcode`: something would change. */
  changes: 2,
  /** The playbook is wrong. */
  invalid: 10,
  /** A host cannot be reached, its key is not the known one, or it does not let us in. */
  unreachable: 11,
  /** A safety rule says no. */
  refused: 12,
  /** The cluster is not what the plan was made for. */
  stale: 13,
  /** Somebody else holds a host, or it is frozen. */
  locked: 14,
  /** A step failed; the run stopped cleanly and can be resumed. */
  failed: 15,
  /** Nobody can say how a step ended; a person must look. */
  inDoubt: 17,
  /** A secret, an answer or a consent is missing. */
  unanswered: 19,
  /** The command line is wrong. */
  usage: 64,
  /** Ctrl-C; can be resumed. */
  interrupted: 130,
  /** SIGTERM; can be resumed. */
  terminated: 143,
} as const

export type ExitName = keyof typeof exits

/** An end with a message for the person who typed the command: no bug, no stack. */
export class Quit extends Error {
  override readonly name = 'Quit'
  readonly exit: ExitName
  readonly help: string | undefined
  constructor(exit: ExitName, message: string, help?: string) {
    super(message)
    this.exit = exit
    this.help = help
  }
}

/** How a run's outcome, and the signal that stopped it, end the process. */
export function exitOfRun(outcome: Outcome | undefined, stoppedBy: NodeJS.Signals | undefined): number {
  if (outcome === 'done') return exits.ok
  if (outcome === 'failed') return exits.failed
  if (outcome === 'in-doubt') return exits.inDoubt
  return stoppedBy === 'SIGTERM' ? exits.terminated : exits.interrupted
}
