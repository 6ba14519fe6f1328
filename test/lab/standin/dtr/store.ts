import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { bodyOf, call, sleep } from '../common/wire.ts'
import type { Data, MemberStatus, StoreStatus, Write } from './data.ts'
import { storePort, storeUrl } from './data.ts'

/** The document with its number and the replicas that keep it. */
interface Copy {
  readonly version: number
  readonly members: readonly string[]
  readonly data: Data | undefined
}

interface Seen {
  readonly version: number
  readonly at: number
  readonly since: string
}

const own = process.env['DTR_REPLICA_ID'] ?? ''
const file = '/data/record.json'
const freshMs = 4000

let record: Copy = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as Copy)
  : { version: 0, members: [], data: undefined }
const peers = new Map<string, Seen>()
let queue: Promise<unknown> = Promise.resolve()

class NoQuorum extends Error {
  constructor() {
    super('cannot perform the operation: the majority of replicas cannot be reached')
  }
}

/**
 * `dtr-rethinkdb`: a document kept by all replicas. A write is done when a majority has it; one replica at a time, the
 * smallest id that answers, gives the numbers. Not RethinkDB and no Raft: enough for what the bootstrapper and the health
 * endpoints show, see the lab's README.
 */
export function store(): void {
  putAuthority()
  const server = createServer((message, response) => {
    answer(message, response).catch((error: unknown) => {
      response.writeHead(error instanceof NoQuorum ? 503 : 500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ message: error instanceof Error ? error.message : String(error) }))
    })
  })
  server.listen(storePort, '0.0.0.0')
  process.once('SIGTERM', () => process.exit(0))
  void watchPeers()
}

async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = message.method === 'POST' ? (JSON.parse(await bodyOf(message)) as unknown) : undefined
  const say = (value: unknown, status = 200): void => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }
  switch (message.url) {
    case '/version':
      say({ version: record.version })
      return
    case '/record':
      say(record)
      return
    case '/status':
      say(status())
      return
    case '/read':
      say(await read())
      return
    case '/write':
      say(await throughPrimary('/write', body, () => change(record.members, body as readonly Write[])))
      return
    case '/members': {
      const { add, remove } = body as { readonly add?: string; readonly remove?: string }
      say(
        await throughPrimary('/members', body, () => {
          const kept = record.members.filter(id => id !== remove && id !== add)
          const gone =
            remove === undefined ? [] : [{ path: ['health', remove] }, { path: ['replicas', remove] }]
          return change([...kept, ...(add === undefined ? [] : [add])].sort(), gone)
        }),
      )
      return
    }
    case '/load':
      accept(body as Copy)
      say({})
      return
    case '/force':
      accept({ version: record.version + 1000, members: [own], data: without(record.data) })
      say({})
      return
    case '/replicate': {
      const given = body as Copy
      if (given.version <= record.version) say({ version: record.version }, 409)
      else {
        accept(given)
        say({})
      }
      return
    }
    default:
      say({ message: 'not found' }, 404)
  }
}

function without(data: Data | undefined): Data | undefined {
  if (data === undefined) return undefined
  const only = <T>(all: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(all).filter(([id]) => id === own))
  return { ...data, health: only(data.health), replicas: only(data.replicas) }
}

function accept(given: Copy): void {
  record = given
  mkdirSync('/data', { recursive: true })
  writeFileSync(`${file}.new`, JSON.stringify(record))
  renameSync(`${file}.new`, file)
  for (const id of peers.keys()) if (!record.members.includes(id)) peers.delete(id)
  putAuthority()
}

/** The registry trusts tokens by this file. */
function putAuthority(): void {
  const authority = record.data?.secrets.authority
  if (authority === undefined) return
  writeFileSync('/ca/ca.pem', authority.cert)
  writeFileSync('/ca/key.pem', authority.key, { mode: 0o600 })
}

const others = (): readonly string[] => record.members.filter(id => id !== own)
const majority = (members: readonly string[]): number => Math.floor(members.length / 2) + 1

async function askVersion(id: string): Promise<void> {
  const found = await call({ url: storeUrl(id) }, '/version', { timeoutMs: 1500 }).catch(() => undefined)
  if (found?.status !== 200) return
  const { version } = JSON.parse(found.text) as { readonly version: number }
  const before = peers.get(id)
  const since =
    before !== undefined && Date.now() - before.at < freshMs ? before.since : new Date().toISOString()
  peers.set(id, { version, at: Date.now(), since })
}

/** Asks everybody now; answers who is there, ourselves included when we are a member. */
async function reachable(): Promise<readonly string[]> {
  await Promise.all(others().map(askVersion))
  const there = others().filter(id => Date.now() - (peers.get(id)?.at ?? 0) < freshMs)
  return record.members.includes(own) ? [...there, own].sort() : there
}

/** Fetches the newest document when a peer has one. */
async function catchUp(): Promise<void> {
  const ahead = others()
    .map(id => ({ id, version: peers.get(id)?.version ?? 0 }))
    .filter(peer => peer.version > record.version)
    .sort((left, right) => right.version - left.version)
  const [best] = ahead
  if (best === undefined) return
  const found = await call({ url: storeUrl(best.id) }, '/record', { timeoutMs: 3000 }).catch(() => undefined)
  if (found?.status !== 200) return
  const given = JSON.parse(found.text) as Copy
  if (given.version > record.version) accept(given)
}

async function watchPeers(): Promise<void> {
  for (;;) {
    await Promise.all(others().map(askVersion))
    await catchUp()
    await sleep(1000)
  }
}

async function quorum(): Promise<readonly string[]> {
  const there = await reachable()
  if (record.members.length === 0 || there.length < majority(record.members)) throw new NoQuorum()
  await catchUp()
  return there
}

async function read(): Promise<Data | undefined> {
  await quorum()
  return record.data
}

async function throughPrimary(path: string, body: unknown, here: () => Promise<object>): Promise<object> {
  const [primary] = await quorum()
  if (primary === own || primary === undefined) return serially(here)
  const answered = await call({ url: storeUrl(primary) }, path, { body, timeoutMs: 10_000 })
  if (answered.status !== 200) throw answered.status === 503 ? new NoQuorum() : new Error(answered.text)
  await Promise.all(others().map(askVersion))
  await catchUp()
  return JSON.parse(answered.text) as object
}

function serially<T>(work: () => Promise<T>): Promise<T> {
  const next = queue.then(work, work)
  queue = next.catch(() => undefined)
  return next
}

async function change(members: readonly string[], writes: readonly Write[]): Promise<object> {
  await quorum()
  const next: Copy = { version: record.version + 1, members, data: applied(record.data, writes) }
  const everybody = [...new Set([...members, ...record.members])].filter(id => id !== own)
  const said = await Promise.all(
    everybody.map(async id => {
      const found = await call({ url: storeUrl(id) }, '/replicate', { body: next, timeoutMs: 3000 }).catch(
        () => undefined,
      )
      return found?.status === 200 ? [id] : []
    }),
  )
  const kept = [own, ...said.flat()].filter(id => members.includes(id))
  if (kept.length < majority(members)) throw new NoQuorum()
  accept(next)
  return { version: next.version }
}

function applied(data: Data | undefined, writes: readonly Write[]): Data | undefined {
  const copy = structuredClone(data ?? {}) as Record<string, unknown>
  for (const { path, value } of writes) {
    let place = copy
    for (const name of path.slice(0, -1)) place = (place[name] ??= {}) as Record<string, unknown>
    const last = path.at(-1) ?? ''
    if (value === undefined) Reflect.deleteProperty(place, last)
    else place[last] = value
  }
  return copy as unknown as Data
}

function status(): StoreStatus {
  const now = Date.now()
  const there = record.members.filter(id => id === own || now - (peers.get(id)?.at ?? 0) < freshMs)
  const enough = record.members.length > 0 && there.length >= majority(record.members)
  const newest = Math.max(record.version, ...[...peers.values()].map(peer => peer.version))
  const started = new Date(now - process.uptime() * 1000).toISOString()
  const members = record.members.map((id): MemberStatus => {
    const seen = id === own ? { version: record.version, at: now, since: started } : peers.get(id)
    const connected = there.includes(id)
    const behind = newest - (seen?.version ?? 0) > 20
    const alive = enough ? (behind ? 'backfilling' : 'ready') : 'waiting_for_quorum'
    return { id, state: connected ? alive : 'disconnected', connected, since: seen?.since ?? started }
  })
  const primary = enough ? [...there].sort()[0] : undefined
  return {
    id: own,
    version: record.version,
    quorum: enough,
    members,
    ...(primary === undefined ? {} : { primary }),
  }
}
