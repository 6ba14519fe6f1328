import type { Event } from '../run/event.ts'

/**
 * Something that shows a run while it goes. It is fed with events in their order and with the time some ten times a
 * second, and can change nothing: it schedules nothing, owns no signal and reads no clock.
 */
export interface View {
  show(event: Event): void
  /** @param nowMs milliseconds since 1970, on the clock that `event.at` is of */
  tick(nowMs: number): void
  /** A message of ours while the run goes on, one line. */
  say(text: string): void
  /** Gives the terminal back at once: for a question, or an end that cannot wait. */
  drop(): void
  /** Takes it again after `drop`. */
  take(): void
  /** The last picture stays; the terminal is as it was. May be called twice. */
  end(): Promise<void>
}
