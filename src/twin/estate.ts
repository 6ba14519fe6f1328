import type { Line } from '../hosts/session.ts'
import type { Exit } from '../plan/fact.ts'
import type { HostName } from '../plan/step.ts'

export interface Custody {
  /** By epoch, from 1. `beatSeconds`: the host's uptime at the last sign of life. */
  leases: { nonce: string; record: string; beatSeconds: number; ended?: string }[]
  audit: string[]
  /** By path below the runs' folder; one character is one byte. */
  kept: { [path: string]: string }
}

/** A pretend estate as plain data: cloning, comparing and printing are free. Models may write anything JSON into it. */
export interface Estate {
  /** Virtual milliseconds since the estate began. */
  clockMs: number
  hosts: { [name: HostName]: EstateHost }
  /** What no single host owns: swarm, product databases, object stores. */
  shared: { [key: string]: MutableJson }
}

export type MutableJson = null | boolean | number | string | MutableJson[] | { [key: string]: MutableJson }

export interface EstateHost {
  /** Reachable over the network. */
  up: boolean
  /** path → content and octal mode. Directories end with '/'. */
  files: { [path: string]: { content: string; mode: string } }
  /** Finished and running jobs by name: the host's memory of what it was asked to do. */
  jobs: { [name: string]: MutableJson }
  /** Who holds the host, and what runs left there for others; see custody.ts. */
  custody?: Custody
  /** Per product folder: whatever its model keeps there. */
  state: { [key: string]: MutableJson }
}

/**
 * A command that takes a while: `begin` has already been written into the estate when this is returned, `finish` is
 * called `tookMs` of virtual time later and says how it ended. In between, others see the half-done state.
 */
export interface Pending {
  readonly tookMs: number
  /** A container of its own does the work: it goes on to its end when the command that began it is stopped at its time limit. */
  readonly goesOn?: true
  readonly finish: (estate: Estate) => Exit
}

/** How one product's commands behave. Undefined: not mine. Commands no model knows answer 127 "not modelled". */
export type Model = (line: Line, host: HostName, estate: Estate) => Exit | Pending | undefined
