import { createHash } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { HostName, StepId } from '../plan/step.ts'
import type { Event } from './event.ts'

/** Not one view among others: it is written first, and when it cannot be written the run stops. */
export interface Journal {
  /**
   * On disk when it returns, for all that an effect follows from or that tells of one. What only says what was seen (host output,
   * a goal that held already) goes along with the next such record. Answers the bytes, for copies.
   * @throws when it cannot be written
   */
  append(event: Event): Uint8Array
  close(): void
}

/** Were it lost, a resume would ask again and find the same. Before an effect leaves, its own intent is written, and waited for. */
function tellsNoEffect(event: Event): boolean {
  return (
    event.kind === 'output' ||
    event.kind === 'waiting' ||
    event.kind === 'step-started' ||
    (event.kind === 'step-done' && event.how === 'already')
  )
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
const NEWLINE = 10
const SUM_BYTES = `,"sum":"${GENESIS}"}`.length

/** Opens a journal for appending; a torn last line of `past` is cut off first. */
export function openJournal(path: string, past?: Past): Journal {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const file = openSync(path, past ? 'r+' : 'wx', 0o600)
  if (!past) syncFolder(dirname(path))
  let at = 0
  if (past) {
    if (fstatSync(file).size > past.bytes) ftruncateSync(file, past.bytes)
    at = past.bytes
  }
  let last = past?.last ?? GENESIS
  /** Steps whose intent went to disk together: what becomes of each of them waits for the disk when all have been heard of. */
  const ahead = new Map<HostName, ReadonlySet<StepId>>()
  const isAhead = (event: Event): boolean =>
    'step' in event && [...ahead.values()].some(steps => steps.has(event.step))
  return {
    append(event) {
      const body = JSON.stringify({ ...event, prev: last })
      const sum = sha256(body)
      const line = Buffer.from(`${body.slice(0, -1)},"sum":"${sum}"}\n`)
      const written = writeSync(file, line, 0, line.length, at)
      if (written !== line.length) {
        throw new Error(
          `only ${written} of ${line.length} bytes could be written to ${path}: is the disk full?`,
        )
      }
      last = sum
      at += line.length
      if (event.kind === 'sent-ahead') ahead.set(event.host, new Set(event.steps.map(({ step }) => step)))
      if (event.kind === 'came-back') ahead.delete(event.host)
      const waits = !tellsNoEffect(event) && (event.kind === 'step-failed' || !isAhead(event))
      if (waits) fsyncSync(file)
      return line
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
  const file = readFileSync(path)
  const events: Event[] = []
  let last = GENESIS
  let bytes = 0
  for (let end = file.indexOf(NEWLINE); end !== -1; end = file.indexOf(NEWLINE, bytes)) {
    const record = parse(file.subarray(bytes, end), `${path}:${events.length + 1}`)
    if (record.prev !== last) {
      throw new Error(
        `${path}:${events.length + 1}: this record does not follow the one before it; the journal was changed after it was written`,
      )
    }
    last = record.sum
    bytes = end + 1
    events.push(record.event)
  }
  const torn = file.length - bytes
  const note = torn === 0 ? {} : { note: `the last record was cut short (${torn} bytes) and is left out` }
  return { events, ...note, bytes, last }
}

interface Stored {
  readonly event: Event
  readonly prev: string
  readonly sum: string
}

/** One line: the event, the sum of the record before, and at the end the record's own sum, so that the last one is covered too. */
function parse(line: Buffer, where: string): Stored {
  const sumAt = line.length - SUM_BYTES
  const body = Buffer.concat([line.subarray(0, Math.max(sumAt, 0)), Buffer.from('}')])
  const found = /^,"sum":"([0-9a-f]{64})"}$/.exec(line.subarray(Math.max(sumAt, 0)).toString('latin1'))
  const sum = found?.[1]
  if (sum === undefined) throw new Error(`${where}: not a journal record`)
  if (sha256(body) !== sum) throw new Error(`${where}: this record was changed after it was written`)
  const { prev, ...event } = JSON.parse(body.toString('utf8')) as Event & { readonly prev: string }
  return { event: event, prev, sum }
}

/** Without it the file's name may be gone after a power cut, however safe its bytes are. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}
