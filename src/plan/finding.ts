/** Something a rule has to say about a playbook, a plan or what was seen on the hosts. */
export interface Finding {
  /** 'RB0312'. Never reused. `runbook explain RB0312` prints its page. */
  readonly code: string
  readonly severity: 'error' | 'warning' | 'note'
  readonly message: string
  /** Where in the playbook: keys and indexes from the top. Empty: the file as a whole. */
  readonly path: readonly (string | number)[]
  /** What to do. */
  readonly help?: string
  /** The host it was seen on, when it comes from facts. */
  readonly host?: string
}

/** The page of one code for `explain`. */
export interface RulePage {
  readonly code: string
  readonly title: string
  readonly severity: Finding['severity']
  /** Why the rule exists, with its source. */
  readonly why: string
  /** What to do about it. */
  readonly fix: string
  /** A playbook may accept it with a reason (`accept: [{code, reason}]`); it is then a note. */
  readonly acceptable?: true
}
