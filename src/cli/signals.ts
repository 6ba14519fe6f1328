/** What stops a run from outside. */
export interface Interrupt {
  /** Aborted by the first signal: nothing new is begun. */
  readonly signal: AbortSignal
  /** Which one came, if any. */
  stoppedBy(): NodeJS.Signals | undefined
  /** Back to how it was. */
  release(): void
}

/**
 * Ctrl-C or SIGTERM once: stop after what runs now. Twice: now. SIGHUP is ignored: a closed laptop is no reason to stop.
 * @param first called at the first signal, to say what is going on
 * @param second called at the second one; it ends the process
 */
export function onInterrupt(
  first: (signal: NodeJS.Signals) => void,
  second: (signal: NodeJS.Signals) => void,
): Interrupt {
  const controller = new AbortController()
  let by: NodeJS.Signals | undefined
  const stop = (signal: NodeJS.Signals): void => {
    if (by !== undefined) return second(signal)
    by = signal
    first(signal)
    controller.abort()
  }
  const ignore = (): void => {}
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', ignore)
  return {
    signal: controller.signal,
    stoppedBy: () => by,
    release: () => void process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGHUP', ignore),
  }
}
