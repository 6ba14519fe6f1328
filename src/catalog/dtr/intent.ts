import { type Facts, factKey } from '../../plan/fact.ts'
import { matches } from '../../plan/check.ts'
import { type Census, type SeenMember, type Stray, censusOf } from './census.ts'
import { type Diagnosis, diagnose } from './verdict.ts'
import type { Way } from '../hops.ts'
import { wayTo } from './hops.ts'
import { type Wanted, askSettings } from './questions.ts'
import { wantedStorage } from './plays/objectStorage.ts'
import { isObject, member } from '../os/text.ts'
import { atLeast } from '../../plan/version.ts'

/** What is to be done about a registry that is there, beside starting, installing and joining. Made once, from playbook and facts. */
export interface Intent {
  readonly census: Census
  readonly diagnosis: Diagnosis
  /** Members that cannot come back by themselves and go first, in the order they go. */
  readonly broken: readonly SeenMember[]
  /** Healthy members that go before the joins, since a planned replica needs their host. */
  readonly inTheWay: readonly SeenMember[]
  /** Healthy members that go when all is joined. */
  readonly leavers: readonly SeenMember[]
  /** Parts the database does not know, that may be destroyed. */
  readonly strays: readonly Stray[]
  /** Members and strays the playbook does not know and nobody asked to be rid of. */
  readonly unasked: readonly (SeenMember | Stray)[]
  /** From the version that runs to the one that is wanted; undefined when nothing runs. */
  readonly way: Way | undefined
  /** The client name is another one than the playbook's. */
  readonly renames: boolean
  /** The web certificate is another one than the playbook's. */
  readonly recertifies: boolean
  /** Planned replicas that listen on other ports than planned: as they are now. */
  readonly moved: readonly { readonly id: string; readonly httpPort: number; readonly httpsPort: number }[]
  /** Storage moves to another back end whose blobs the operator says are copied. */
  readonly migrates: boolean
}

/** The code whose acceptance says: the blobs are copied, switch and keep the metadata. */
export const STORAGE_DIFFERS = 'RB0858'

/** Pure: playbook and facts in. */
export function intentOf(wanted: Wanted, facts: Facts): Intent {
  const { topology, dtr } = wanted
  const census = censusOf(wanted, facts)
  const planned = (id: string): boolean => dtr.replicas.some(one => one.id === id)
  const named = (id: string): boolean => topology.absent?.replicas.includes(id) === true
  const goes = (id: string): boolean => named(id) || (topology.prune === true && !planned(id))
  const { members, strays } = census
  const broken = members.filter(
    one => one.state !== 'healthy' && (goes(one.id) || (one.state === 'ghost' && planned(one.id))),
  )
  const leaving = members.filter(one => one.state === 'healthy' && goes(one.id) && !planned(one.id))
  const needsHost = (one: SeenMember): boolean =>
    dtr.replicas.some(replica => replica.host === one.host && replica.id !== one.id)
  const settings = census.witness && facts.get(factKey(askSettings(wanted, census.witness)))
  const host = member(settings, 'host')
  const certificate = member(settings, 'certificate')
  const storage = member(settings, 'storage')
  const accepted = topology.accepts?.some(({ code }) => code === STORAGE_DIFFERS) === true
  return {
    census,
    diagnosis: diagnose(census),
    broken,
    inTheWay: leaving.filter(needsHost),
    leavers: leaving.filter(one => !needsHost(one)),
    strays: strays.filter(one => named(one.id) || topology.prune === true),
    unasked: [
      ...members.filter(one => !planned(one.id) && !goes(one.id)),
      ...strays.filter(one => !planned(one.id) && !goes(one.id)),
    ],
    way: census.version === undefined ? undefined : wayTo(census.version, dtr.version),
    renames: typeof host === 'string' && host !== '' && host !== clientName(dtr.externalUrl),
    recertifies:
      dtr.certificates !== undefined &&
      typeof certificate === 'string' &&
      certificate !== '' &&
      certificate !== dtr.certificates.cert.sha256,
    moved: dtr.replicas.flatMap(one => {
      const now = members.find(seen => seen.id === one.id)
      if (now?.httpsPort === undefined || now.httpPort === undefined) return []
      return now.httpsPort === one.httpsPort && now.httpPort === one.httpPort
        ? []
        : [{ id: one.id, httpPort: now.httpPort, httpsPort: now.httpsPort }]
    }),
    migrates:
      accepted &&
      isObject(storage) &&
      !matches(wantedStorage(topology.storage), storage) &&
      ['nfs', 'path'].includes(topology.storage.kind) &&
      mayMigrate(census.version ?? dtr.version),
  }
}

/** Below 2.6.4 `--storage-migrated` is not there, and a switch erases every tag [D: reconfigure.md, release notes]. */
export function mayMigrate(version: string): boolean {
  return atLeast(version, '2.6.4')
}

/** `dtr.example.com:4443` of `https://dtr.example.com:4443`, as the registry keeps it. */
export function clientName(url: string): string {
  return url.replace(/^https:\/\//, '').replace(/:443$/, '')
}
