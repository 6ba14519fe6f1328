import { type Paces, pacesOf } from '../plan/pace.ts'
import { durations } from '../run/durations.ts'
import { keptRun, runIds } from './runs.ts'

/** So many runs back are looked at; older ones were of another day. */
const RUNS = 10

/** How long steps took in the newest runs that are kept in this folder. A run that cannot be read says nothing, and stops nobody. */
export function pacesHere(runsDir: string): Paces {
  return pacesOf(
    runIds(runsDir)
      .slice(-RUNS)
      .flatMap(id => {
        try {
          const { plan, past } = keptRun(runsDir, id)
          return durations(plan, past.events)
        } catch {
          return []
        }
      }),
  )
}
