/** What became of a plan on pretended hosts: once undisturbed, then once for each call and each kind of fault that was drawn. */
export interface Rehearsed {
  /** What the pretended hosts were before: 'bare hosts', or the playbook that had been applied to them. */
  readonly from: string
  /** Steps that already held there, and so were not rehearsed: 'bare' is never quite nothing. */
  readonly held?: number
  /** Steps with commands of the playbook's own that nobody can pretend: they were taken to do what the step says. */
  readonly taken?: number
  /** Calls of the undisturbed run, over all hosts. */
  readonly calls: number
  /** Every call in every way that it can fail. */
  readonly faults: number
  /** So many of them were injected, each followed by a resume. */
  readonly injected: number
  /** Which ones were drawn, where they are not all. */
  readonly seed?: number
  /** Ended in doubt where the step says that a person must look: as it should be. */
  readonly inDoubt: number
  /** Neither whole after a resume nor in doubt on purpose: what happened, a line each. */
  readonly stuck: readonly string[]
  /** Whole, and somewhere else than the undisturbed run. */
  readonly diverged: readonly string[]
  /** What was planned and not seen, or run and not planned, and secrets where nobody may see them. */
  readonly wrong: readonly string[]
}

/** Whether nothing was found. */
export function isClean({ stuck, diverged, wrong }: Rehearsed): boolean {
  return stuck.length + diverged.length + wrong.length === 0
}

/** 'rehearsed on the twin from bare hosts: 400 of 1685 failures injected (seed 1), 0 stuck, 3 left for a person to judge'. */
export function rehearsedWords(one: Rehearsed): string {
  const drawn =
    one.seed === undefined ? `${one.injected} failures` : `${one.injected} of ${one.faults} failures`
  return [
    `rehearsed on the twin from ${one.from}: ${drawn} injected${one.seed === undefined ? '' : ` (seed ${one.seed})`}`,
    `${one.stuck.length} stuck`,
    ...(one.diverged.length === 0 ? [] : [`${one.diverged.length} ended elsewhere`]),
    ...(one.wrong.length === 0 ? [] : [`${one.wrong.length} not as planned`]),
    ...(one.held === undefined ? [] : [`${one.held} of the steps held there already`]),
    ...(one.taken === undefined ? [] : [`${one.taken} with commands of your own taken at their word`]),
    ...(one.inDoubt === 0 ? [] : [`${one.inDoubt} left for a person to judge`]),
  ].join(', ')
}
