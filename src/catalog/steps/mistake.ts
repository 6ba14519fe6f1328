import type { Finding } from '../../plan/finding.ts'

/** Something wrong with a step as written. It becomes a finding; the step is then in no plan. */
export class Mistake extends Error {
  override readonly name = 'Mistake'
  readonly code: string
  /** Below the step: ['file', 'mode']. Empty: the step as a whole. */
  readonly path: Finding['path']
  readonly help: string | undefined
  constructor(code: string, path: Finding['path'], message: string, help?: string) {
    super(message)
    this.code = code
    this.path = path
    this.help = help
  }
}

/** An expression asks what the machine is, and that is not known (yet). */
export class Undecided extends Error {
  override readonly name = 'Undecided'
}
