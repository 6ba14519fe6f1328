import { createHash } from 'node:crypto'
import type { Proof } from '../plan/step.ts'
import type { Bytes, Depot, KeptRecord } from './depot.ts'
import { DepotError } from './depot.ts'
import type { Meter } from './meter.ts'

/** What was seen of one kept file. */
export interface Proven {
  readonly bytes: number
  readonly sha256: string
  /** How many files are in the archive. */
  readonly entries: number
  /** All that is not as it should be; empty: it is. */
  readonly wrong: readonly string[]
}

/** A document is read whole. */
const MOST_JSON_BYTES = 4 * 1024 * 1024

/**
 * Reads a kept file back, whole and once, in constant memory: its size and digest against its record, and what is in it against what
 * must be. Never throws for what is in the file. @throws DepotError when the store gives nothing
 */
export async function prove(
  depot: Pick<Depot, 'get' | 'opened'>,
  asked: {
    readonly name: string
    readonly proof: Proof
    readonly known: KeptRecord | undefined
    readonly secret?: string
  },
  progress?: Meter,
): Promise<Proven> {
  const { name, proof, known, secret } = asked
  const hash = createHash('sha256')
  let size = 0
  const at = { end: false }
  const whole = (async function* (): Bytes {
    for await (const piece of depot.get(name)) {
      hash.update(piece)
      size += piece.length
      progress?.add(piece.length)
      yield piece
    }
    at.end = true
  })()
  const wrong: string[] = []
  let names: readonly string[] = []
  const inner = secret === undefined ? whole : depot.opened(whole, secret)
  try {
    names = await (proof.form === 'tar' ? namesInTar(inner) : namesInJson(inner))
  } catch (error) {
    if (!(error instanceof Corrupt)) {
      if (!(error instanceof DepotError)) throw error
      return { bytes: size, sha256: '', entries: 0, wrong: [`${name} is corrupt: ${error.message}`] }
    }
    wrong.push(`${name} is corrupt: ${error.message}`)
  }
  progress?.end()
  const sha256 = hash.digest('hex')
  if (known === undefined) wrong.unshift(`${name} has no record: it was never kept whole`)
  else if (at.end && size < known.bytes)
    wrong.unshift(`${name} is truncated: ${String(size)} of ${String(known.bytes)} bytes are there`)
  else if (sha256 !== known.sha256)
    wrong.unshift(
      `${name} is corrupt: its sha256 is ${sha256.slice(0, 12)}, and was ${known.sha256.slice(0, 12)}`,
    )
  if (wrong.length === 0) {
    if (names.length < proof.atLeast)
      wrong.push(
        `${name} holds ${String(names.length)} files, and at least ${String(proof.atLeast)} belong in it`,
      )
    for (const entry of proof.entries) {
      const pattern = new RegExp(entry)
      if (!names.some(one => pattern.test(one))) wrong.push(`${name} holds no file like ${entry}`)
    }
  }
  return { bytes: size, sha256, entries: names.length, wrong }
}

class Corrupt extends Error {}

/** Most names that are looked at: an archive of more is none of ours, and names take memory. */
const MOST_NAMES = 1_000_000

async function namesInTar(bytes: Bytes): Promise<readonly string[]> {
  const { Parser } = await import('tar')
  const names: string[] = []
  const failed: Error[] = []
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      if (names.length < MOST_NAMES && entry.type !== 'Directory') names.push(entry.path.replace(/^\.\//, ''))
      entry.resume()
    },
  })
  parser.on('error', (error: unknown) => {
    failed.push(error instanceof Error ? error : new Error(String(error)))
  })
  const isBroken = (): boolean => failed.length > 0
  let size = 0
  // Read on behind what cannot be understood: the digest of the whole tells more than where a reader gave up.
  for await (const piece of bytes) {
    size += piece.length
    const isFull =
      failed.length === 0 && !parser.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    if (isFull && !isBroken())
      await new Promise<void>(resolve => {
        const go = (): void => {
          resolve()
        }
        parser.once('drain', go)
        parser.once('error', go)
      })
  }
  if (failed.length === 0)
    await new Promise<void>(resolve => {
      parser.once('end', resolve)
      parser.once('error', () => {
        resolve()
      })
      parser.end()
    })
  const [first] = failed
  if (first) throw new Corrupt(`it is no readable tar (${first.message})`)
  if (size === 0) throw new Corrupt('it is empty')
  return names
}

async function namesInJson(bytes: Bytes): Promise<readonly string[]> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const piece of bytes) {
    size += piece.length
    if (size <= MOST_JSON_BYTES) parts.push(piece)
  }
  if (size > MOST_JSON_BYTES) throw new Corrupt('it is too big for a document')
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
    return typeof value === 'object' && value !== null ? Object.keys(value) : []
  } catch {
    throw new Corrupt('it is no JSON')
  }
}
