import type { Exit } from '../plan/fact.ts'
import type { Host } from '../plan/step.ts'
import type { Halt, Window } from './ahead.ts'
import type { Fence, KeepAct, LeaseAct, LeaseSeen } from './custody.ts'

/** A command with every value bound. */
export interface Line {
  readonly argv: readonly string[]
  readonly stdin?: string
  readonly env: { readonly [name: string]: string }
}

export interface ExecOptions {
  /**
   * Same name, same effect: the host keeps the command's exit and output under this name. A host that has run it
   * answers again instead of running it again; a host that is running it is attached to.
   */
  readonly job: string
  /**
   * Never begin it: only say what became of a job begun earlier. A job the host does not know ends with `code: undefined`,
   * because nobody can say whether it never began or was forgotten.
   */
  readonly attachOnly?: true
  /** Begin it only while the host is still ours. @throws Fenced from `exec` otherwise */
  readonly fence?: Fence
  readonly timeoutMs: number
  readonly onLine: (stream: 'out' | 'err', text: string) => void
}

/** The exit code that stands for a stop by the time limit, as the `timeout` command has it. A command may end with it by itself: `timedOut` tells. */
export const TIMED_OUT = 124

/** An open way to one host. Methods may be called concurrently. */
export interface Session {
  /**
   * Read-only commands, all in one round trip; answers stand in the order of the questions.
   * @throws Unreachable when the host cannot be asked at all
   */
  probe(lines: readonly Line[], options: { readonly timeoutMs: number }): Promise<readonly Exit[]>
  /**
   * One effect. An exit nobody saw has `code: undefined`; one that its time limit stopped is `timedOut`.
   * @throws Unreachable when the connection is gone and could not be made again
   */
  exec(line: Line, options: ExecOptions): Promise<Exit>
  /** Puts a file in place atomically: temporary name in the same folder, mode first, then rename. */
  write(path: string, content: Uint8Array, mode: string, fence?: Fence): Promise<Exit>
  /**
   * Short effects of several steps in one message; the host looks before and after each and halts at the first that does not come to its
   * end. Answers where. Absent where a way to a host carries none. @throws Unreachable, and Fenced
   */
  ahead?(window: Window): Promise<Halt | undefined>
  /** Absent where a session leads to nothing that can be held. @throws Unreachable */
  lease?(act: LeaseAct): Promise<LeaseSeen>
  /** What runs keep on the host for others. Undefined: there is no such file, or it could not be written. @throws Unreachable */
  keep?(act: KeepAct): Promise<Uint8Array | undefined>
  /** The last lines of the host's audit log. @throws Unreachable */
  audit?(lines: number): Promise<string>
  /** The key that the host showed: 'ssh-ed25519 SHA256:…'. Absent, or undefined: this way to it knows of no key. @throws Unreachable */
  hostKey?(): Promise<string | undefined>
  /**
   * A piece of a big file: `blocks` blocks of BLOCK_BYTES (wire.ts) from the `from`th on, and the size of the whole. Undefined: there
   * is no such file. Absent where a way to a host carries none. @throws Unreachable
   */
  read?(path: string, from: number, blocks: number): Promise<Piece | undefined>
  /** Cuts the file off after `from` blocks and puts the bytes behind them; with `from` 0 it is made anew with this mode. May be repeated. */
  take?(path: string, from: number, bytes: Uint8Array, mode: string, fence?: Fence): Promise<Exit>
  close(): Promise<void>
}

export interface Piece {
  readonly bytes: Uint8Array
  /** Of the whole file. */
  readonly size: number
}

/** @throws Unreachable */
export type Connect = (host: Host) => Promise<Session>

export type UnreachableReason = 'connect' | 'hostkey' | 'auth' | 'sudo' | 'lost' | 'timeout'

/** The host could not be reached or did not let us in. Its message says what was tried and what to do next. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
  readonly host: string
  readonly reason: UnreachableReason
  readonly help: string
  constructor(host: string, reason: UnreachableReason, message: string, help: string) {
    super(message)
    this.host = host
    this.reason = reason
    this.help = help
  }
}
