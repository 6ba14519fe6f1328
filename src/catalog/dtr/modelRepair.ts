import type { Exit } from '../../plan/fact.ts'
import type { Estate, Pending } from '../../twin/estate.ts'
import { engineIsUp, engineState, peekEngine } from '../docker/estate.ts'
import { exit } from '../os/model.ts'
import { print, refuse, start, takesMs, versionOf } from './modelReplica.ts'
import { hostSeconds, isRunning, twinDtr } from './state.ts'

/** `emergency-repair`: one replica stays with what its volumes hold, all others are dropped; their volumes stay without `--prune`. */
export function repair(image: string, flags: ReadonlyMap<string, string>, estate: Estate): Exit | Pending {
  const id = flags.get('--existing-replica-id') ?? ''
  const dtr = twinDtr(estate)
  const own = dtr?.members[id]
  if (!flags.has('--yes')) return refuse('cannot prompt for a confirmation, the input device is not a TTY')
  if (!dtr || !own || !engineIsUp(estate, own.host)) return refuse(`Replica ${id} was not found`)
  if (peekEngine(estate, own.host).volumes[`dtr-rethink-${id}`] === undefined)
    return refuse(`Volumes of replica ${id} were not found on ${own.host}`)
  const version = versionOf(estate, id, own.host)
  const wanted = image.slice(image.lastIndexOf(':') + 1)
  if (version !== '' && version !== wanted)
    return refuse(`The bootstrapper is ${wanted}, the replica ${id} is ${version}`)
  return {
    tookMs: takesMs['emergency-repair'],
    finish: now => {
      const after = twinDtr(now)
      const kept = after?.members[id]
      if (!after || !kept) return refuse(`Replica ${id} was not found`)
      const wroteMs = writtenMs(now, id)
      for (const host of Object.keys(now.hosts).filter(one => engineIsUp(now, one))) {
        const { containers, volumes } = engineState(now, host)
        const others = (name: string): boolean =>
          /^dtr-[a-z-]+-[0-9a-f]{12}$/.test(name) && !name.endsWith(`-${id}`)
        for (const name of Object.keys(containers)) if (others(name)) Reflect.deleteProperty(containers, name)
        for (const name of Object.keys(volumes))
          if (flags.has('--prune') && others(name)) Reflect.deleteProperty(volumes, name)
      }
      start(now, kept.host, id, image, wanted)
      Reflect.deleteProperty(kept, 'stoppedMs')
      Reflect.deleteProperty(kept, 'wroteMs')
      after.members = { [id]: kept }
      // What was written after its last write was written elsewhere, and is gone with those.
      for (const [tag, { pushedMs }] of Object.entries(after.tags))
        if (pushedMs !== undefined && pushedMs > wroteMs) Reflect.deleteProperty(after.tags, tag)
      return exit(0, '', print([['info', 'Beginning Docker Trusted Registry emergency repair']]))
    },
  }
}

/** Virtual time of the last write that reached a member: until it stopped, or until the majority was lost, whichever came first. */
export function writtenMs(estate: Estate, id: string): number {
  const dtr = twinDtr(estate)
  const own = dtr?.members[id]
  if (!dtr || !own) return 0
  if (own.wroteMs !== undefined) return own.wroteMs
  const stops = Object.entries(dtr.members)
    .flatMap(([one, { host, stoppedMs }]) => (isRunning(estate, one, host) ? [] : [stoppedMs ?? 0]))
    .sort((a, b) => a - b)
  const count = Object.keys(dtr.members).length
  // The stop that took the majority away: from then on nobody writes.
  const lostMs = stops[Math.ceil(count / 2) - 1] ?? estate.clockMs
  return Math.min(own.stoppedMs ?? lostMs, lostMs)
}

/** What `dataScript` prints. */
export function dataLines(estate: Estate, host: string, id: string): Exit {
  if (peekEngine(estate, host).volumes[`dtr-rethink-${id}`] === undefined) return exit(0, 'none=1\nend=1\n')
  const ago = Math.round((estate.clockMs - writtenMs(estate, id)) / 1000)
  return exit(0, `written=${hostSeconds(estate, host) - ago}\nend=1\n`)
}

/** What `wipeScript` does. */
export function wipe(estate: Estate, host: string, id: string): Exit {
  const { containers, volumes } = engineState(estate, host)
  for (const kind of [containers, volumes])
    for (const name of Object.keys(kind))
      if (new RegExp(`^dtr-[a-z-]+-${id}$`).test(name)) Reflect.deleteProperty(kind, name)
  return exit(0)
}
