/** The nouns of a plan. This folder imports nothing of ours and knows no product. */

export type HostName = string
/** 'web.join@web-2': stable, readable, never a position. */
export type StepId = string
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
/** Lower-case hex sha256 of canonical bytes. */
export type Digest = string

/** One question put to one host. `args` narrows it (a path, a port) and may hold `{secret}` references. */
export interface FactRef {
  readonly fact: string
  readonly host: HostName
  readonly args?: Json
}

/** True when what was seen contains everything in `is` (see `matches`). */
export interface Check extends FactRef {
  readonly is: Json
}

/**
 * A string that may be known only at run time. References are bound just before use and never stored.
 * - `secret`: `env:NAME`, `file:PATH` and the like; resolved by the controller.
 * - `fact`: asked of a host just before use; `pick` is a dotted path into its answer.
 * - `file`: a file beside the playbook, pinned by the digest seen when the plan was made.
 * - `join`: its parts put together without a separator.
 * - `json`: the value as a JSON string literal, quotes included (to put a secret into a JSON body).
 */
export type Value =
  | string
  | { readonly secret: string }
  | { readonly fact: FactRef; readonly pick: string }
  | { readonly file: string; readonly sha256: Digest }
  | { readonly join: readonly Value[] }
  | { readonly json: Value }

/** Words, never a shell line: one function quotes them. A secret may stand in `stdin` or `env`, never in `argv`. */
export interface Command {
  readonly argv: readonly Value[]
  readonly stdin?: Value
  readonly env?: { readonly [name: string]: Value }
}

/** Where large files are kept outside of the cluster. Data, so that a plan says where things go. */
export type Store = {
  /** Each file is encrypted to all of `recipients` (age) before it leaves the controller; `identity` opens it again. */
  readonly age?: { readonly recipients: readonly string[]; readonly identity: { readonly secret: string } }
} & (
  | { readonly directory: string }
  /** A folder of a host of the playbook. */
  | { readonly host: HostName; readonly path: string }
  | {
      readonly s3: {
        /** 'https://s3.eu-central-1.amazonaws.com', without the bucket. */
        readonly endpoint: string
        readonly region: string
        readonly bucket: string
        /** Before each name; '' or it ends with '/'. */
        readonly prefix: string
        readonly accessKey: { readonly secret: string }
        readonly secretKey: { readonly secret: string }
      }
    }
)

/** What an archive must be to count as one: each of `entries` is the source of a regular expression that some name in it matches. */
export interface Proof {
  readonly form: 'tar' | 'json'
  readonly entries: readonly string[]
  readonly atLeast: number
  /** The file is a message encrypted with this passphrase (OpenPGP, symmetric); the archive is inside. */
  readonly passphrase?: { readonly secret: string }
}

/**
 * Large files between a host and a store, streamed through the controller, never whole in its memory.
 * - keep: the file at this path of the host goes to the store under the name `as`, with a record of its size and digest beside it.
 * - fetch: the file of this name comes to the host's path `to`, once its digest is the one of its record; `passphrase` opens it on the way.
 * - prove: what is kept under these names is read back whole and is what it should be; then `manifest` says so, the digest of each, in
 *   the form of sha256sum. What has no manifest is not complete. Nothing on any host is touched.
 */
export type Haul = { readonly store: Store; readonly on?: HostName; readonly timeoutSeconds: number } & (
  | { readonly keep: string; readonly as: string }
  | {
      readonly fetch: string
      readonly to: string
      readonly mode: string
      readonly sha256: Digest
      readonly passphrase?: { readonly secret: string }
    }
  | {
      readonly prove: readonly { readonly name: string; readonly proof: Proof }[]
      readonly manifest: string
    }
)

/**
 * The only ways to touch the world. `on` names another host than the step's own (a balancer drained around a change).
 * `failsOn` is the source of a regular expression: a line of output that matches it is a failure even when the exit
 * code is 0 (vendor tools do that). `answer` is a JSON schema; the answer false stops the step.
 */
export type Op =
  | {
      readonly exec: Command
      readonly on?: HostName
      readonly timeoutSeconds: number
      readonly failsOn?: string
    }
  | { readonly write: string; readonly content: Value; readonly mode: string; readonly on?: HostName }
  | Haul
  | { readonly await: readonly Check[]; readonly withinSeconds: number }
  | { readonly ask: string; readonly answer: Json }

/** What shall hold afterwards, and how it is brought about. */
export interface Change {
  readonly goal: readonly Check[]
  readonly run: readonly Op[]
  /** How long the goal may take to show after `run` has ended. */
  readonly withinSeconds: number
}

export type Risk = 'none' | 'interrupts' | 'irreversible'

/** A Hoare triple as data: where `requires` holds, `run` makes `goal` hold; meanwhile `during` holds. */
export interface Step extends Change {
  readonly id: StepId
  /** 'web.join': its page in `explain`, its history of durations. */
  readonly kind: string
  readonly title: string
  /** Heading it is shown under, in order of first appearance. */
  readonly section: string
  readonly host: HostName
  readonly needs: readonly StepId[]
  readonly requires: readonly Check[]
  readonly during: readonly Check[]
  readonly risk: Risk
  /** May `run` be repeated when nobody knows how far it got? */
  readonly inDoubt: 'repeat' | 'ask'
  /** At most one step that names the same lane runs at a time (the product's own bootstrapper lock, for example). */
  readonly lane?: string
  /** Typical and slow seconds, for the estimate. */
  readonly takes: { readonly p50Seconds: number; readonly p90Seconds: number }
  /** Absent: nothing undoes it. */
  readonly undo?: Change
  /**
   * Parts of the goal that may come true by themselves when an earlier step has to do with one of these hosts: a balancer sends again
   * to a server that is back, a node whose engine starts is a member again. Where nothing else of the goal is missing the plan says
   * that the step is needed only if they have not. Set only where what was seen speaks for it.
   */
  readonly mayFollow?: { readonly checks: readonly Check[]; readonly hosts: readonly HostName[] }
  /** Nothing tells whether it is needed, so it runs every time. It has no goal then. */
  readonly opaque?: true
}

/** One voter: whether it belongs to the group, and whether it is up. Unknown `member` counts as a member that is down. */
export interface Voter {
  readonly name: string
  readonly member: Check
  readonly up: Check
}

/** A group that works while more than half of its members are up. */
export interface Quorum {
  readonly name: string
  readonly voters: readonly Voter[]
  /** Somebody's reason why a step may leave it without its majority: such a step then runs alone. Absent: none may. */
  readonly mayBreak?: string
}

export interface Host {
  readonly name: HostName
  readonly address: string
  readonly port: number
  readonly user: string
  readonly roles: readonly string[]
  readonly site?: string
  /** Name of another host of the playbook to connect through. */
  readonly jump?: HostName
  readonly identityFile?: string
  readonly password?: { readonly secret: string }
  /** How commands become root's: not at all (the user may do it all), or by sudo, with a password when it asks for one. */
  readonly sudo: 'no' | 'nopasswd' | { readonly secret: string }
}

export interface Plan {
  readonly format: 'runbook.plan/1'
  readonly name: string
  readonly from: { readonly playbook: Digest; readonly facts: Digest }
  readonly hosts: { readonly [name: HostName]: Host }
  readonly quorums: readonly Quorum[]
  /** In an order that respects `needs`; the same input gives the same bytes. */
  readonly steps: readonly Step[]
  /** Hosts that somebody chose to go on without, and the steps that are left undone for it. */
  readonly without?: {
    readonly hosts: readonly HostName[]
    readonly left: readonly { readonly step: StepId; readonly title: string; readonly why: string }[]
  }
}
