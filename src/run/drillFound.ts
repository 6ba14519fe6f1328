import { type CanaryPlace, tryOnce } from './drillCanaries.ts'
import type { DrillState } from './drillState.ts'

/** So many are looked for at a time. */
const AT_ONCE = 4

/** Looks for everything that canaries were told is kept, and has not been looked for yet. What could not be told is said to be so. */
export async function lookForWritten(place: CanaryPlace, { written, found }: DrillState): Promise<void> {
  const { canaries, record } = place
  const open = written.filter(one => !found.has(`${one.service} ${one.tag}`))
  const next = open.values()
  const look = async (): Promise<void> => {
    for (const { service, tag, digest } of next) {
      const line = service === 'push' ? canaries.find(tag, digest) : canaries.findMetadata(tag)
      let seen = await tryOnce(line, place)
      // A try may fail for reasons of its own; what the service says is not there, is not.
      for (let again = 0; again < 2 && seen?.ok !== true && seen?.detail !== 'absent'; again += 1)
        seen = await tryOnce(line, place)
      const there = seen?.ok === true ? true : seen?.detail === 'absent' ? false : null
      record({ kind: 'found', service, tag, there })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, look))
}
