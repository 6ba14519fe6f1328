import type { Range } from './placed.ts'

/** Something wrong with a playbook, before it is known which line that is. */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly help?: string
  readonly range: Range
}
