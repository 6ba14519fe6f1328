import { type CanaryLine, type CanarySeen, type Canaries, type Drill, type Service } from '../plan/drill.ts'
import { Unreachable } from '../hosts/session.ts'
import { bind } from './bind.ts'
import type { DrillEvent } from './drillEvent.ts'
import type { DrillState } from './drillState.ts'
import type { Sessions, World } from './world.ts'

/** What canaries need of the drill they belong to. */
export interface CanaryPlace {
  readonly id: string
  readonly drill: Drill
  readonly canaries: Canaries
  readonly world: World
  readonly sessions: Sessions
  readonly record: (event: DrillEvent) => void
  readonly napMs: number
}

/** Canaries that go on until they are told to stop. */
export interface Flock {
  /** The image that is pulled again and again; undefined as long as none could be pushed. */
  readonly digest: () => string | undefined
  readonly stop: () => Promise<void>
}

/**
 * One try. Undefined: the client itself could not be reached, or nobody saw how it ended, which says nothing about the service.
 * What writes is a named job on the client's host: a controller that is killed and comes back does not write the same twice.
 */
export async function tryOnce(
  line: CanaryLine,
  { world, sessions }: Pick<CanaryPlace, 'world' | 'sessions'>,
  job?: string,
): Promise<CanarySeen | undefined> {
  try {
    const session = await sessions.to(line.host)
    const bound = await bind(line.command, world, () => Promise.resolve(undefined))
    const timeoutMs = line.timeoutSeconds * 1000
    const exit =
      job === undefined
        ? (await session.probe([bound], { timeoutMs }))[0]
        : await session.exec(bound, { job, timeoutMs, onLine: () => undefined })
    return exit?.code === undefined ? undefined : line.read(exit)
  } catch (error) {
    if (error instanceof Unreachable) return undefined
    throw error
  }
}

/** Tries every service of the drill at its own pace, each in a loop of its own. What cannot be recorded ends all of them. */
export function letFly(place: CanaryPlace, before: DrillState, fail: (error: unknown) => void): Flock {
  const { id, drill, canaries, world, record, napMs } = place
  const { clock } = world
  let stopped = false
  const isStopped = (): boolean => stopped
  let digest = before.written.find(one => one.service === 'push')?.digest
  const at = (ms: number): string => new Date(ms).toISOString()
  const loop = async (service: Service, everySeconds: number): Promise<void> => {
    let seq = before.next[service]
    let nextMs = clock.now()
    while (!isStopped()) {
      const startedMs = clock.now()
      const tag = `drill-${id}-${seq}`.toLowerCase()
      const isPull = service === 'pull'
      if (!isPull || digest !== undefined) {
        const line = isPull
          ? canaries.pull(digest ?? '')
          : service === 'push'
            ? canaries.push(tag)
            : canaries.metadata(tag)
        const seen = await tryOnce(line, place, isPull ? undefined : `${id}.canary-${service}.${seq}`)
        if (isStopped()) return
        if (service === 'push' && seen?.ok === true) digest ??= seen.digest
        record({
          kind: 'canary',
          service,
          seq,
          startedAt: at(startedMs),
          ok: seen?.ok ?? null,
          ...(!isPull && { tag }),
          ...(seen?.digest !== undefined && { digest: seen.digest }),
          ...(seen === undefined && { detail: `${drill.canaries.from} could not be asked` }),
          ...(seen?.detail !== undefined && { detail: seen.detail }),
        })
        seq += 1
      }
      // A try that took longer than the pace is followed at once, and the pace begins anew.
      nextMs = Math.max(nextMs + everySeconds * 1000, clock.now())
      // In short naps, so that the drill's end is not waited for.
      while (!isStopped() && clock.now() < nextMs) await clock.sleep(Math.min(nextMs - clock.now(), napMs))
    }
  }
  const { everySeconds } = drill.canaries
  const flying = (['push', 'pull', 'metadata'] as const).flatMap(service => {
    const every = everySeconds[service]
    return every === undefined ? [] : [loop(service, every).catch(fail)]
  })
  return {
    digest: () => digest,
    stop: async () => {
      stopped = true
      await Promise.all(flying)
    },
  }
}
