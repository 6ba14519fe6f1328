import type { Exit } from '../../plan/fact.ts'
import type { Line } from '../../hosts/session.ts'
import type { Estate, Pending } from '../../twin/estate.ts'
import { engineState } from '../docker/estate.ts'
import { exit } from '../os/model.ts'
import { settingOf, twinUcp } from '../ucp/estate.ts'
import { wayTo } from './hops.ts'
import { unhealthyText } from './messages.ts'
import { print, refuse, start, takesMs, unfitEntry, versionOf } from './modelReplica.ts'
import { isRunning, storeName, twinDtr } from './state.ts'

/** `remove` tells the database and clears the node; `destroy` clears the node and leaves a ghost. */
export function takeAway(
  verb: 'remove' | 'destroy',
  image: string,
  flag: (name: string) => string,
  estate: Estate,
): Exit | Pending {
  const dtr = twinDtr(estate)
  const id = (flag('--replica-ids') || flag('--replica-id')).split(',')[0] ?? ''
  const known = dtr?.members[id]
  if (verb === 'remove') {
    const entry = flag('--existing-replica-id')
    if (!dtr || !known) return refuse(`Replica ${id} was not found`)
    const unfit = unfitEntry(estate, dtr, entry, image)
    if (unfit !== undefined) return refuse(unfit)
    if (entry === id) return refuse('The existing replica and the replica to remove are the same')
    const bad = Object.entries(dtr.members).filter(
      ([one, { host }]) => one !== id && !isRunning(estate, one, host),
    )
    if (isRunning(estate, id, known.host) && bad.length > 0)
      return refuse(unhealthyText(bad.map(([one]) => one)))
  }
  return {
    tookMs: takesMs[verb],
    finish: now => {
      for (const name of Object.keys(now.hosts)) {
        const engine = now.hosts[name]?.up ? engineState(now, name) : undefined
        for (const part of [
          ...Object.keys(engine?.containers ?? {}),
          ...Object.keys(engine?.volumes ?? {}),
        ]) {
          if (!engine || !part.startsWith('dtr-') || !part.endsWith(`-${id}`)) continue
          Reflect.deleteProperty(engine.containers, part)
          Reflect.deleteProperty(engine.volumes, part)
        }
      }
      const after = twinDtr(now)
      if (verb === 'remove' && after) Reflect.deleteProperty(after.members, id)
      return exit(
        0,
        '',
        print([
          ['info', `Beginning Docker Trusted Registry replica ${verb}`],
          ['info', 'Force removing replica'],
          ['info', 'Replica removed.'],
        ]),
      )
    },
  }
}

/** One replica after the other; what was done before a run broke off stays done, and the next run does the rest. */
export function upgrade(image: string, flag: (name: string) => string, estate: Estate): Exit | Pending {
  const dtr = twinDtr(estate)
  const entry = dtr?.members[flag('--existing-replica-id')]
  if (!dtr || !entry) return refuse(`Replica ${flag('--existing-replica-id')} was not found`)
  const bad = Object.entries(dtr.members).filter(([id, { host }]) => !isRunning(estate, id, host))
  if (bad.length > 0) return refuse(unhealthyText(bad.map(([id]) => id)))
  const ucp = twinUcp(estate)
  if (ucp && settingOf(ucp.toml, 'trust_configuration', 'require_content_trust') === 'true')
    return refuse('image or trust data does not exist for the upgrade images: content trust is enforced')
  const to = image.slice(image.lastIndexOf(':') + 1)
  for (const [id, { host }] of Object.entries(dtr.members)) {
    const way = wayTo(versionOf(estate, id, host), to)
    if (way.kind !== 'hops' || way.versions.length > 1)
      return refuse(`Upgrading from ${versionOf(estate, id, host)} to ${to} is not supported`)
  }
  return {
    tookMs: takesMs.upgrade,
    finish: now => {
      const after = twinDtr(now)
      if (!after) return refuse('the registry has gone')
      for (const [id, { host }] of Object.entries(after.members)) start(now, host, id, image, to)
      after.version = to
      after.image = image
      return exit(0, '', print([['info', `Beginning Docker Trusted Registry upgrade to ${to}`]]))
    },
  }
}

/** Changes what its flags name and restarts; a storage flag without --storage-migrated erases every tag. */
export function reconfigure(
  image: string,
  flags: ReadonlyMap<string, string>,
  env: Line['env'],
  estate: Estate,
): Exit | Pending {
  const flag = (name: string): string => flags.get(name) ?? ''
  const id = flag('--existing-replica-id')
  const dtr = twinDtr(estate)
  if (!dtr) return refuse(`Replica ${id} was not found`)
  const unfit = unfitEntry(estate, dtr, id, image)
  if (unfit !== undefined) return refuse(unfit)
  if (flag('--dtr-cert') !== '' && env['DTR_KEY'] === undefined && env['MSR_KEY'] === undefined)
    return refuse('dtr-key: cannot prompt for a value, the input device is not a TTY')
  return {
    tookMs: takesMs.reconfigure,
    finish: now => {
      const after = twinDtr(now)
      const own = after?.members[id]
      if (!after || !own) return refuse(`Replica ${id} was not found`)
      if (flags.has('--dtr-external-url'))
        after.externalHost = flag('--dtr-external-url').replace(/^https:\/\//, '')
      if (flag('--dtr-cert') !== '') after.webCertificate = flag('--dtr-cert')
      if (flags.has('--replica-https-port')) own.httpsPort = Number(flag('--replica-https-port'))
      if (flags.has('--replica-http-port')) own.httpPort = Number(flag('--replica-http-port'))
      const nfs = flag('--nfs-storage-url')
      const volume = flag('--dtr-storage-volume')
      if (nfs !== '' || volume !== '') {
        after.storage = nfs !== '' ? { kind: 'nfs', url: nfs } : { kind: 'path', path: volume }
        // The flag says that a person has copied all images there.
        if (!flags.has('--storage-migrated')) after.tags = {}
        else for (const tag of Object.values(after.tags)) tag.stores.push(storeName(now, after, id))
      }
      for (const [one, { host }] of Object.entries(after.members))
        if (isRunning(now, one, host)) start(now, host, one, image, versionOf(now, one, host))
      return exit(0, '', print([['info', 'Starting phase1 reconfigure']]))
    },
  }
}
