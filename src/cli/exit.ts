import type { Outcome } from '../run/event.ts'

/** The only place that knows exit codes. They are part of what scripts rely on: never changed, only added to. */
export const exits = {
  ok: 0,
  bug: 1,
  changes: 2,
  invalid: 10,
  unreachable: 11,
  refused: 12,
  stale: 13,
  locked: 14,
  failed: 15,
  rolledBack: 16,
  inDoubt: 17,
  unsteady: 18,
  unanswered: 19,
  lost: 20,
  usage: 64,
  interrupted: 130,
  terminated: 143,
} as const

/** What each says, and what to do about it: for the reference. */
export const exitMeanings: { readonly [name in ExitName]: string } = {
  ok: 'All is as it should be.',
  bug: 'A bug of ours. `--debug` adds a stack trace; please report it.',
  changes: '`--detailed-exitcode`: something would change, or two plans differ.',
  invalid: 'The playbook is wrong. Each message names the line, the reason and the fix.',
  unreachable: 'A host cannot be reached, its key is not the known one, or it does not let us in.',
  refused: 'A safety rule says no. The message has its code: `runbook explain CODE`.',
  stale: 'The cluster is not what the plan was made for. Plan again and look.',
  locked: 'Somebody else holds a host, or it is frozen: `runbook lock status FILE` tells who.',
  failed: 'A step failed; the run stopped cleanly. `runbook resume` goes on.',
  rolledBack: 'A step failed, and what the run had changed was undone (`--on-failure rollback`).',
  inDoubt: 'Nobody can say how a step ended. Look, then `runbook resume RUN STEP --assume done|not-done`.',
  unsteady: '`status`: not as it should be, degraded or not there; no majority is lost.',
  unanswered: 'A secret, an answer or a consent is missing, and nobody is there to ask.',
  lost: '`status`: a group has lost its majority.',
  usage: 'The command line is wrong.',
  interrupted: 'Ctrl-C. `runbook resume` goes on.',
  terminated: 'SIGTERM. `runbook resume` goes on.',
}

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
