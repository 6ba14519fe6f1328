import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Event } from './event.ts'

/** Not one view among others: it is written first, and when it cannot be written the run stops. */
export interface Journal {
  /** On disk when it returns, for all but host output, which the next other record takes along. @throws when it cannot be written */
  append(event: Event): void
  close(): void
}

/** A journal read back. */
export interface Past {
  readonly events: readonly Event[]
  /** Set when the last line was torn (the controller died while writing it) and left out. */
  readonly note?: string
  /** Bytes that hold whole records. */
  readonly bytes: number
  readonly last: string
}

const GENESIS = '0'.repeat(64)

/** Opens a journal for appending; a torn last line of `past` is cut off first. */
export function openJournal(path: string, past?: Past): Journal {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const file = openSync(path, past ? 'r+' : 'wx', 0o600)
  let at = 0
  if (past) {
    ftruncateSync(file, past.bytes)
    at = past.bytes
  }
  let last = past?.last ?? GENESIS
  return {
    append(event) {
      const body = JSON.stringify({ ...event, prev: last })
      last = sha256(body)
      const line = Buffer.from(`${body}\n`)
      const written = writeSync(file, line, 0, line.length, at)
      if (written !== line.length)
        throw new Error(
          `only ${written} of ${line.length} bytes could be written to ${path}: is the disk full?`,
        )
      at += line.length
      if (event.kind !== 'output' && event.kind !== 'waiting') fsyncSync(file)
    },
    close() {
      fsyncSync(file)
      closeSync(file)
    },
  }
}

/**
 * Reads a journal and checks its chain.
 * @throws Error naming the line when a record is not JSON (other than a torn last one) or was changed after it was written
 */
export function readJournal(path: string): Past {
  const text = readFileSync(path, 'utf8')
  const lines = text.split('\n')
  const torn = lines.pop() ?? ''
  const events: Event[] = []
  let last = GENESIS
  let bytes = 0
  for (const [i, line] of lines.entries()) {
    const { prev, ...event } = parse(line, path, i + 1)
    if (prev !== last)
      throw new Error(
        `${path}:${i + 1}: this record does not follow the one before it; the journal was changed after it was written`,
      )
    last = sha256(line)
    bytes += Buffer.byteLength(line) + 1
    events.push(event as Event)
  }
  const note =
    torn === '' ? {} : { note: `the last record was cut short (${torn.length} bytes) and is left out` }
  return { events, ...note, bytes, last }
}

function parse(line: string, path: string, number: number): Event & { prev: unknown } {
  try {
    const record: unknown = JSON.parse(line)
    if (typeof record === 'object' && record !== null && 'kind' in record && 'prev' in record)
      return record as Event & { prev: unknown }
  } catch {
    // Falls through to the one message for both.
  }
  throw new Error(`${path}:${number}: not a journal record`)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
