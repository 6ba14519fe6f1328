import type { HostName, Risk } from '../plan/step.ts'
import type { LocalFile } from './topology.ts'

/** A text in which `${{ … }}` may still stand. */
export type Words = string

/** A value of `vars`, and what a template may be given. */
export type Plain = string | number | boolean | readonly (string | number | boolean)[]

/** A step of the person's own, as written: hosts resolved and files pinned, `${{ … }}` and `when` not yet evaluated. */
export interface StepSpec {
  readonly name: string
  /** A product or a step kind. Neither: after everything. */
  readonly before?: string
  readonly after?: string
  /** In playbook order, each once. */
  readonly hosts: readonly HostName[]
  /** A condition in CEL. */
  readonly when?: string
  readonly risk?: Risk
  /** Every action written. All but exactly one is a finding. */
  readonly actions: readonly ActionSpec[]
}

export type ActionSpec =
  | CommandSpec
  | FileSpec
  | TemplateSpec
  | PackageSpec
  | ServiceSpec
  | UserSpec
  | MountSpec
  | SysctlSpec
  | WaitForSpec
  | PauseSpec

/** One of the two. */
export interface CommandLine {
  readonly argv?: readonly Words[]
  readonly shell?: Words
}

/** A command that only looks, and what it prints when all is well. Without `output` its exit code 0 is enough. */
export interface LookSpec extends CommandLine {
  readonly output?: Words
}

export interface CommandSpec extends CommandLine {
  readonly kind: 'command'
  readonly env?: { readonly [name: string]: Words }
  readonly stdin?: Words
  readonly goal?: LookSpec
  readonly creates?: Words
  readonly unless?: CommandLine
  readonly undo?: CommandLine
  readonly timeoutSeconds: number
}

interface Place {
  readonly path: Words
  readonly mode?: Words
  readonly owner?: Words
  readonly group?: Words
}

export interface FileSpec extends Place {
  readonly kind: 'file'
  readonly state: 'file' | 'directory' | 'absent'
  readonly content?: Words
  readonly source?: LocalFile
}

export interface TemplateSpec extends Place {
  readonly kind: 'template'
  readonly source: LocalFile
  /** What the file says. Empty when it could not be read. */
  readonly text: string
  readonly variables: { readonly [name: string]: Plain }
}

export interface PackageSpec {
  readonly kind: 'package'
  /** 'chrony', or 'chrony=4.3-2' for one version. */
  readonly names: readonly Words[]
  readonly state: 'present' | 'absent'
}

export interface ServiceSpec {
  readonly kind: 'service'
  readonly name: Words
  readonly state: 'running' | 'stopped'
  /** Whether it starts with the machine. */
  readonly enabled: boolean
}

export interface UserSpec {
  readonly kind: 'user'
  readonly name: Words
  readonly state: 'present' | 'absent'
  readonly uid?: number | Words
  /** Groups it is in besides its own. Others it is in stay. */
  readonly groups?: readonly Words[]
  readonly shell?: Words
  readonly home?: Words
  readonly system: boolean
}

export interface MountSpec {
  readonly kind: 'mount'
  readonly path: Words
  readonly state: 'mounted' | 'absent'
  readonly source?: Words
  readonly type?: Words
  readonly options: Words
}

export interface SysctlSpec {
  readonly kind: 'sysctl'
  readonly name: Words
  readonly value: number | Words
}

/** One of port, http and command. */
export interface WaitForSpec {
  readonly kind: 'waitFor'
  readonly port?: number | Words
  /** Of the port. Absent: the host itself. */
  readonly address?: Words
  readonly http?: { readonly url: Words; readonly status: number; readonly insecure: boolean }
  readonly command?: LookSpec
  readonly withinSeconds: number
}

export interface PauseSpec {
  readonly kind: 'pause'
  readonly message: Words
  /** Ask in every run; else the answer is remembered on the first host until the message changes. */
  readonly always: boolean
}
