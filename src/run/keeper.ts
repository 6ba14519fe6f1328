import { Unreachable } from '../hosts/session.ts'
import type { HostName } from '../plan/step.ts'
import type { Sessions } from './world.ts'

/** Copies of a run's files on hosts, so that somebody else can go on with it from another machine. */
export interface Keeper {
  /** Takes note and returns at once; the bytes follow as the hosts take them. Never throws. */
  append(file: string, text: string | Uint8Array): void
  /** Waits until all hosts have all, but no longer than that. */
  settle(withinMs: number): Promise<void>
}

/** How many copies there are of a run. */
export const COPIES = 2
/** So much goes in one message. */
const PIECE_BYTES = 32_768
const RETRY_MS = 3_000
const MOST_FAILURES = 20

/**
 * Copies as the run goes. An effect never waits for it: a host knows the jobs it was given by name, so a copy that is a little
 * behind leads a resume to the same job, and never to a second one.
 * @param sleep real time between tries
 * @param isNew no host can have anything of this run yet, so that is not asked first
 */
export function createKeeper(
  run: string,
  hosts: readonly HostName[],
  sessions: Sessions,
  sleep: (ms: number) => Promise<void>,
  isNew = false,
): Keeper {
  const files = new Map<string, Growing>()
  const pumps = hosts.map(host => pump(host, run, files, sessions, sleep, isNew))
  return {
    append(file, text) {
      const before = files.get(file) ?? { bytes: Buffer.alloc(16_384), length: 0 }
      const more = Buffer.from(text as string)
      const length = before.length + more.length
      const roomy = length <= before.bytes.length
      const bytes = roomy ? before.bytes : Buffer.concat([before.bytes], 2 * length)
      more.copy(bytes, before.length)
      files.set(file, { bytes, length })
      for (const one of pumps) one.wake()
    },
    async settle(withinMs) {
      await Promise.race([Promise.all(pumps.map(one => one.idle())), sleep(withinMs)])
    },
  }
}

/** A file so far; its bytes have room behind. */
interface Growing {
  readonly bytes: Buffer
  readonly length: number
}

interface Pump {
  wake(): void
  idle(): Promise<void>
}

/** Brings one host up to date, file after file, one message at a time. */
function pump(
  host: HostName,
  run: string,
  files: ReadonlyMap<string, Growing>,
  sessions: Sessions,
  sleep: (ms: number) => Promise<void>,
  isNew: boolean,
): Pump {
  const sizes = new Map<string, number>()
  /** Files that the host has more or less of than it should. */
  const odd = new Set<string>()
  let working: Promise<void> | undefined
  let failures = 0
  const next = (): { readonly file: string; readonly offset: number; readonly bytes: Buffer } | undefined => {
    for (const [file, { bytes, length }] of files) {
      const offset = sizes.get(file) ?? 0
      if (offset < length)
        return { file, offset, bytes: bytes.subarray(offset, Math.min(length, offset + PIECE_BYTES)) }
    }
    return undefined
  }
  const work = async (): Promise<void> => {
    for (let piece = next(); piece !== undefined && failures < MOST_FAILURES; piece = next()) {
      try {
        const session = await sessions.to(host)
        if (session.keep === undefined) {
          failures = MOST_FAILURES
          return
        }
        const path = `${run}/${piece.file}`
        if (!sizes.has(piece.file) && (!isNew || odd.has(piece.file))) {
          sizes.set(piece.file, await agreed(host, path, files.get(piece.file), sessions))
          continue
        }
        const { offset, bytes } = piece
        const size = await session.keep({ verb: 'put', path, offset, bytes })
        const now = size === undefined ? Number.NaN : Number(Buffer.from(size).toString().trim())
        if (size === undefined) failures = MOST_FAILURES
        else if (now === offset + bytes.length || odd.has(piece.file)) sizes.set(piece.file, now)
        else {
          // Another run of this name, or a message that came twice: look at what is there.
          odd.add(piece.file)
          sizes.delete(piece.file)
        }
      } catch (error) {
        if (!(error instanceof Unreachable)) failures = MOST_FAILURES
        failures += 1
        await sleep(RETRY_MS)
      }
    }
  }
  const wake = (): void => {
    // Let what is appended in the same moment go in one message.
    working ??= Promise.resolve()
      .then(work)
      .catch(() => undefined)
      .finally(() => {
        working = undefined
        if (failures < MOST_FAILURES && next() !== undefined) wake()
      })
  }
  return {
    wake,
    async idle() {
      while (working !== undefined) await working
    },
  }
}

/**
 * How much of the file the host has already. A copy that is not a beginning of ours (of a part of the run that went on
 * elsewhere) is begun anew.
 */
async function agreed(
  host: HostName,
  path: string,
  ours: Growing | undefined,
  sessions: Sessions,
): Promise<number> {
  const theirs = await fetchKept(host, path, sessions)
  if (theirs === undefined || ours === undefined) return 0
  if (theirs.length <= ours.length && theirs.equals(ours.bytes.subarray(0, theirs.length)))
    return theirs.length
  const session = await sessions.to(host)
  await session.keep?.({ verb: 'new', path })
  return 0
}

/** The two hosts that keep a copy: the first two by name, of two sites where there are two. */
export function keepersAmong(
  hosts: readonly { readonly name: HostName; readonly site?: string }[],
): readonly HostName[] {
  const sorted = [...hosts].sort((a, b) => (a.name < b.name ? -1 : 1))
  const [first] = sorted
  if (first === undefined) return []
  const elsewhere = sorted.slice(1).find(host => host.site !== first.site) ?? sorted[1]
  return [first, elsewhere].flatMap(host => (host === undefined ? [] : [host.name])).slice(0, COPIES)
}

/** A file of a run as one host keeps it; undefined when it has none. @throws Unreachable */
export async function fetchKept(
  host: HostName,
  path: string,
  sessions: Sessions,
): Promise<Buffer | undefined> {
  const session = await sessions.to(host)
  const pieces: Uint8Array[] = []
  for (let offset = 0; ;) {
    const piece = await session.keep?.({ verb: 'get', path, offset })
    if (piece === undefined) return undefined
    if (piece.length === 0) return Buffer.concat(pieces)
    pieces.push(piece)
    offset += piece.length
  }
}

/** The runs that a host has files of, the oldest first. @throws Unreachable */
export async function listKept(host: HostName, sessions: Sessions): Promise<readonly string[]> {
  const session = await sessions.to(host)
  const names = Buffer.from((await session.keep?.({ verb: 'list' })) ?? '').toString()
  return names
    .split('\n')
    .filter(name => name !== '')
    .sort()
}
