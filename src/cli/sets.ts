import { basename } from 'node:path'
import { type BackupSet, type PartName, fileOf, proofOf, readSet, setProof } from '../catalog/backup/set.ts'
import type { BackupSpec } from '../playbook/topology.ts'
import { type Depot, DepotError, type KeptRecord, recordIn } from '../run/depot.ts'
import { prove } from '../run/prove.ts'
import { openSessions, type Sessions } from '../run/world.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'
import { type Good, loadGood } from './load.ts'
import { products } from '../catalog/index.ts'
import { fetchSecrets, secretsIn } from './secrets.ts'
import { openStore } from './store/open.ts'
import { realWorld } from './world.ts'

/** What one file of a set is, as its record says. */
export interface SetPart {
  readonly part: PartName
  readonly record?: KeptRecord
}

/** One folder of a store, as far as it can be told without reading archives. */
export interface SeenSet {
  readonly name: string
  /** Absent: its document is missing or no document of a set. */
  readonly set?: BackupSet
  readonly parts: readonly SetPart[]
  readonly keptAt?: string
  readonly bytes: number
  /** Why it is not complete; empty: it is. */
  readonly missing: readonly string[]
}

/** A playbook with its store open. */
export interface Opened {
  readonly good: Good
  readonly spec: BackupSpec
  readonly depot: Depot
  readonly secret: (reference: string) => string
  readonly sessions: Sessions
}

/** Opens the store of a playbook. @throws Quit when the playbook says nothing on backups, or secrets are missing */
export async function openSets(file: string, io: Io): Promise<Opened> {
  const good = await loadGood(file, io)
  const spec = specOf(good)
  const { topology, folder } = good
  const { hosts, ssh } = topology
  const over = 'host' in spec.store ? [hosts] : []
  const secret = await fetchSecrets(secretsIn([over, spec.store, spec.passphrase]), { env: io.env, folder })
  const world = realWorld({ hosts, ssh, folder, products, secret, may: 'change', io })
  const sessions = openSessions(hosts, world.connect)
  return {
    good,
    spec,
    depot: openStore(spec.store, { folder, secret: world.secret, sessions }),
    secret: world.secret,
    sessions,
  }
}

/** @throws Quit when the playbook says nothing on backups */
export function specOf({ topology, file }: Pick<Good, 'topology' | 'file'>): BackupSpec {
  if (topology.backup !== undefined && topology.ucp !== undefined) return topology.backup
  throw new Quit(
    'usage',
    topology.backup === undefined
      ? `${basename(file)} says nothing on backups`
      : `${basename(file)} declares no UCP: there is nothing to back up`,
    "add a section 'backup': where to, and what becomes of the images",
  )
}

/** What a store has, newest first. @throws DepotError */
export async function seenSets(depot: Depot): Promise<readonly SeenSet[]> {
  const names = await depot.folders()
  const seen: SeenSet[] = []
  for (const name of [...names].reverse()) seen.push(await seenSet(depot, name))
  return seen
}

/** One set by its name. @throws DepotError */
export async function seenSet(depot: Depot, name: string): Promise<SeenSet> {
  const text = await depot.text(`${name}/set.json`)
  const set = text === undefined ? undefined : readSet(text)
  const own = await recordIn(depot, `${name}/set.json`)
  const parts: SetPart[] = []
  const missing: string[] = []
  if (text === undefined) missing.push('its document set.json is not there')
  else if (set === undefined) missing.push('its document set.json is not one of a set')
  for (const part of set?.parts ?? []) {
    const record = await recordIn(depot, `${name}/${fileOf(part)}`)
    parts.push({ part, ...(record && { record }) })
    if (record === undefined) missing.push(`${fileOf(part)} was not kept whole`)
  }
  if ((await depot.text(`${name}/SHA256SUMS`)) === undefined)
    missing.push('it was never read back whole: no SHA256SUMS')
  return {
    name,
    ...(set && { set }),
    parts,
    ...(own && { keptAt: own.keptAt }),
    bytes: parts.reduce((sum, one) => sum + (one.record?.bytes ?? 0), 0),
    missing,
  }
}

/**
 * Reads a whole set. Answers what is wrong with it, each by the name of the file; nothing is wrong with a set that may be restored.
 * @param said called with each file as it has been read
 */
export async function wrongWith(
  { depot, spec, secret }: Opened,
  seen: SeenSet,
  said: (line: string) => void = () => undefined,
): Promise<readonly string[]> {
  const { name, set } = seen
  if (set === undefined || seen.missing.length > 0)
    return seen.missing.map(why => `set ${name} is incomplete: ${why}`)
  const wrong: string[] = []
  const { passphrase } = spec
  if (set.ucp.encrypted && passphrase === undefined)
    return [`ucp.tar of set ${name} is encrypted by UCP, and the playbook names no backup.passphrase`]
  const key = set.ucp.encrypted ? passphrase : undefined
  const files = [
    { file: 'set.json', proof: setProof },
    ...set.parts.map(part => ({
      file: fileOf(part),
      proof: proofOf(part, set, part === 'ucp' ? key : undefined),
    })),
  ]
  const sums = sumsIn((await depot.text(`${name}/SHA256SUMS`)) ?? '')
  for (const { file, proof } of files) {
    const path = `${name}/${file}`
    const known = await recordIn(depot, path)
    const text = proof.passphrase === undefined ? undefined : secret(proof.passphrase.secret)
    const proven = await prove(depot, {
      name: path,
      proof,
      known,
      ...(text !== undefined && { secret: text }),
    })
    const listed = sums.get(file)
    if (proven.wrong.length === 0 && listed !== proven.sha256)
      wrong.push(`${path} is not the file that SHA256SUMS names`)
    wrong.push(...proven.wrong)
    said(
      `${path}: ${proven.wrong.length === 0 ? `${String(proven.entries)} entries, sha256 ${proven.sha256}` : 'refused'}`,
    )
  }
  return wrong
}

/** The set that is meant: by name, or the newest complete one. @throws Quit when there is none @throws DepotError */
export async function chosenSet(depot: Depot, name: string | undefined, file: string): Promise<SeenSet> {
  if (name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw new Quit('usage', `'${name}' is no name of a set`, `runbook backup list ${file}`)
  if (name !== undefined) {
    const names = await depot.folders()
    if (names.includes(name)) return seenSet(depot, name)
    throw new Quit('usage', `there is no set ${name}`, `runbook backup list ${file} names those there are`)
  }
  const all = await seenSets(depot)
  const found = all.find(one => one.missing.length === 0) ?? all[0]
  if (found) return found
  throw new Quit('refused', 'the store holds no set', `runbook backup create ${file} makes one`)
}

/** What a store could not do, as an end of the command. */
export async function orQuit<T>(doing: Promise<T>): Promise<T> {
  try {
    return await doing
  } catch (error) {
    if (!(error instanceof DepotError)) throw error
    throw new Quit('refused', error.message, error.help)
  }
}

function sumsIn(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap(line => {
      const [, sum = '', file = ''] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? []
      return sum === '' ? [] : [[file, sum] as const]
    }),
  )
}
