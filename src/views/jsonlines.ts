import { canonical } from '../plan/canonical.ts'
import type { Event } from '../run/event.ts'
import type { View } from './view.ts'

/** Every event as one line of JSON. The first line of a run names the format. Messages go to `say`. */
export function jsonLines(write: (text: string) => void, say: (text: string) => void): View {
  return {
    show: (event: Event) =>
      write(
        `${canonical(event.kind === 'run-started' ? { format: 'runbook.events/1', ...event } : event)}\n`,
      ),
    tick: () => {},
    say: text => say(`${text}\n`),
    drop: () => {},
    take: () => {},
    end: () => Promise.resolve(),
  }
}
