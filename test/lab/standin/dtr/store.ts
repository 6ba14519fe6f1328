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
/** RethinkDB's own time limit for a heartbeat: a member that is silent for longer counts as gone. */
const freshMs = 10_000

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

const asking = new Map<string, Promise<boolean>>()

/** One question at a time to each: those to a dead replica would pile up and hold up the look-ups of the others. */
function askVersion(id: string): Promise<boolean> {
  const asked = asking.get(id) ?? ask(id).finally(() => asking.delete(id))
  asking.set(id, asked)
  return asked
}

async function ask(id: string): Promise<boolean> {
  const found = await call({ url: storeUrl(id) }, '/version', { timeoutMs: 2500 }).catch(() => undefined)
  if (found?.status !== 200) return false
  const { version } = JSON.parse(found.text) as { readonly version: number }
  const before = peers.get(id)
  const since =
    before !== undefined && Date.now() - before.at < freshMs ? before.since : new Date().toISOString()
  peers.set(id, { version, at: Date.now(), since })
  return true
}

/** Who has answered lately, ourselves included when we are a member; in the order in which they lead. */
function there(): readonly string[] {
  const now = Date.now()
  return record.members.filter(id => id === own || now - (peers.get(id)?.at ?? 0) < freshMs).sort()
}

/** Ends when so many of the works have ended well, or all have ended. */
function enough(works: readonly Promise<boolean>[], wanted: number): Promise<number> {
  return new Promise(resolve => {
    let [good, ended] = [0, 0]
    const settle = (well: boolean): void => {
      ended++
      if (well) good++
      if (good >= wanted || ended === works.length) resolve(good)
    }
    for (const work of works) void work.then(settle)
    if (works.length === 0 || wanted <= 0) resolve(good)
  })
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
    await Promise.race([Promise.all(others().map(askVersion)), sleep(1000)])
    await catchUp()
    await sleep(700)
  }
}

/** Makes sure that a majority answers now and that we have its newest document. @throws NoQuorum */
async function quorum(): Promise<readonly string[]> {
  const mine = record.members.includes(own) ? 1 : 0
  const needed = majority(record.members) - mine
  if (record.members.length === 0 || (await enough(others().map(askVersion), needed)) < needed)
    throw new NoQuorum()
  await catchUp()
  return there()
}

async function read(): Promise<Data | undefined> {
  await quorum()
  return record.data
}

async function throughPrimary(path: string, body: unknown, here: () => Promise<object>): Promise<object> {
  const [primary] = await quorum()
  if (primary === own || primary === undefined) return serially(here)
  const answered = await call({ url: storeUrl(primary) }, path, { body, timeoutMs: 6000 })
  if (answered.status !== 200) throw answered.status === 503 ? new NoQuorum() : new Error(answered.text)
  const { version } = JSON.parse(answered.text) as { readonly version: number }
  if (version > record.version) {
    peers.set(primary, {
      version,
      at: Date.now(),
      since: peers.get(primary)?.since ?? new Date().toISOString(),
    })
    await catchUp()
  }
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
  const sent = everybody.map(async id => {
    const found = await call({ url: storeUrl(id) }, '/replicate', { body: next, timeoutMs: 3000 }).catch(
      () => undefined,
    )
    return found?.status === 200 && members.includes(id)
  })
  const mine = members.includes(own) ? 1 : 0
  const needed = majority(members) - mine
  if ((await enough(sent, needed)) < needed) throw new NoQuorum()
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
  const alive = there()
  const most = record.members.length > 0 && alive.length >= majority(record.members)
  const newest = Math.max(record.version, ...[...peers.values()].map(peer => peer.version))
  const started = new Date(now - process.uptime() * 1000).toISOString()
  const members = record.members.map((id): MemberStatus => {
    const seen = id === own ? { version: record.version, at: now, since: started } : peers.get(id)
    const connected = alive.includes(id)
    const behind = newest - (seen?.version ?? 0) > 20
    const words = most ? (behind ? 'backfilling' : 'ready') : 'waiting_for_quorum'
    return { id, state: connected ? words : 'disconnected', connected, since: seen?.since ?? started }
  })
  const primary = most ? alive[0] : undefined
  return {
    id: own,
    version: record.version,
    quorum: most,
    members,
    ...(primary === undefined ? {} : { primary }),
  }
}
