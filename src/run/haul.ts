import { createHash } from 'node:crypto'
import type { Session } from '../hosts/session.ts'
import { BLOCK_BYTES } from '../hosts/wire.ts'
import { showOp } from '../plan/show.ts'
import type { Haul, HostName, Step } from '../plan/step.ts'
import { type Bytes, type Depot, DepotError, type KeptRecord, recordIn, recordOf } from './depot.ts'
import { type Meter, meter } from './meter.ts'
import { prove } from './prove.ts'
import { Stop, type Workplace } from './workplace.ts'

/** 1 MiB a message: two of them are all that is in memory, one on its way while one is worked on. */
const PIECE_BLOCKS = 16

/**
 * Carries large files between a host and a store. Each may be carried again as a whole when nobody knows how far it came: what is in the
 * store counts only with its record, and what comes to a host counts only when the op has ended.
 * @throws Stop and what `failureOf` knows
 */
export async function haul(step: Step, op: Haul, index: number, place: Workplace): Promise<void> {
  const { world, record } = place
  const host = op.on ?? step.host
  const shown = showOp(op)
  const stop = (detail: string, help: string): Stop => new Stop({ why: 'interrupted', host, detail, help })
  if (world.depot === undefined) throw stop('there is no store here', 'run it where the store can be reached')
  record({ kind: 'op-started', step: step.id, op: index, host, shown })
  const say = (line: string): void => {
    record({ kind: 'output', step: step.id, host, stream: 'out', line: world.redact.text(line) })
  }
  const deadlineMs = world.clock.now() + op.timeoutSeconds * 1000
  const measured = (size: number | undefined): Meter =>
    meter(size, world.clock, say, () => {
      if (world.clock.now() <= deadlineMs) return
      throw new Stop({
        why: 'timeout',
        host,
        op: index,
        shown,
        afterSeconds: op.timeoutSeconds,
        lastLines: [],
      })
    })
  try {
    const depot = world.depot(op.store, place.sessions)
    await place.unlessBroken(carry(op, host, depot, place, measured, say))
  } catch (error) {
    if (!(error instanceof DepotError)) throw error
    throw stop(error.message, error.help)
  }
  record({ kind: 'op-ended', step: step.id, op: index, code: 0 })
}

async function carry(
  op: Haul,
  host: HostName,
  depot: Depot,
  place: Workplace,
  measured: (size: number | undefined) => Meter,
  say: (line: string) => void,
): Promise<void> {
  const { world } = place
  if ('prove' in op) return proveAll(op, depot, place, measured, say)
  const session = await place.sessions.to(host)
  if ('keep' in op) {
    const kept = await depot.put(op.as, fromHost(session, host, op.keep, measured))
    const entry: KeptRecord = {
      format: 'runbook.kept/1',
      ...kept,
      host,
      keptAt: new Date(world.clock.now()).toISOString(),
    }
    await depot.put(recordOf(op.as), one(`${JSON.stringify(entry, null, 2)}\n`))
    say(`${op.as}: ${String(kept.bytes)} bytes, sha256 ${kept.sha256}`)
    return
  }
  const known = await recordIn(depot, op.fetch)
  if (known?.sha256 !== op.sha256)
    throw new DepotError(
      `${op.fetch} is not the file that the plan was made for (sha256 ${known?.sha256.slice(0, 12) ?? 'unknown'}, planned ${op.sha256.slice(0, 12)})`,
      'make a new plan',
    )
  const hash = createHash('sha256')
  const secret = op.passphrase === undefined ? undefined : world.secret(op.passphrase.secret)
  if (secret !== undefined) world.redact.add(secret)
  const whole = hashed(depot.get(op.fetch), hash)
  await toHost(
    session,
    op.to,
    op.mode,
    secret === undefined ? whole : depot.opened(whole, secret),
    measured(known.bytes),
  )
  const sha256 = hash.digest('hex')
  if (sha256 !== op.sha256)
    throw new DepotError(
      `${op.fetch} is corrupt: its sha256 is ${sha256.slice(0, 12)}, and was ${op.sha256.slice(0, 12)} when it was kept`,
      'restore another set: `runbook backup list FILE` names them',
    )
}

async function proveAll(
  op: Extract<Haul, { prove: unknown }>,
  depot: Depot,
  { world }: Workplace,
  measured: (size: number | undefined) => Meter,
  say: (line: string) => void,
): Promise<void> {
  const sums: string[] = []
  for (const { name, proof } of op.prove) {
    const known = await recordIn(depot, name)
    const secret = proof.passphrase === undefined ? undefined : world.secret(proof.passphrase.secret)
    if (secret !== undefined) world.redact.add(secret)
    const seen = await prove(
      depot,
      { name, proof, known, ...(secret !== undefined && { secret }) },
      measured(known?.bytes),
    )
    if (seen.wrong.length > 0)
      throw new DepotError(
        seen.wrong.join('; '),
        'this set is not complete: look at the host it came from, then take another',
      )
    say(`${name}: ${String(seen.entries)} entries, sha256 ${seen.sha256}`)
    sums.push(`${seen.sha256}  ${name.slice(name.lastIndexOf('/') + 1)}\n`)
  }
  await depot.put(op.manifest, one(sums.join('')))
}

/** The file in pieces, the next one on its way while one is worked on. */
async function* fromHost(
  session: Session,
  host: HostName,
  path: string,
  measured: (size: number | undefined) => Meter,
): Bytes {
  if (session.read === undefined)
    throw new DepotError(`${host} gives no large files`, 'use another transport')
  const ask = (from: number) => session.read?.(path, from, PIECE_BLOCKS) ?? Promise.resolve(undefined)
  let next = ask(0)
  let progress: Meter | undefined
  for (let from = 0; ; from += PIECE_BLOCKS) {
    const piece = await next
    if (piece === undefined)
      throw new DepotError(`${path} cannot be read on ${host}`, 'look at the host, then resume')
    progress ??= measured(piece.size)
    const end = from * BLOCK_BYTES + piece.bytes.length
    const last = end >= piece.size
    if (!last && piece.bytes.length < PIECE_BLOCKS * BLOCK_BYTES)
      throw new DepotError(`${path} on ${host} ends before its end`, 'look at its disk, then resume')
    if (!last) {
      next = ask(from + PIECE_BLOCKS)
      // Whoever stops listening leaves it behind.
      next.catch(() => undefined)
    }
    if (piece.bytes.length > 0) yield piece.bytes
    progress.add(piece.bytes.length)
    if (last) {
      progress.end()
      return
    }
  }
}

async function toHost(
  session: Session,
  path: string,
  mode: string,
  bytes: Bytes,
  progress: Meter,
): Promise<void> {
  if (session.take === undefined)
    throw new DepotError('this way to the host takes no large files', 'use another transport')
  let from = 0
  const put = async (piece: Uint8Array): Promise<void> => {
    const exit = await session.take?.(path, from, piece, mode)
    if (exit?.code !== 0)
      throw new DepotError(
        `${path} could not be written: ${exit?.stderr.trim() ?? ''}`,
        'look at the disk of the host, then resume',
      )
    progress.add(piece.length)
    from += PIECE_BLOCKS
  }
  let sent = false
  for await (const piece of pieces(bytes, PIECE_BLOCKS * BLOCK_BYTES)) {
    await put(piece)
    sent = true
  }
  if (!sent) await put(new Uint8Array())
  progress.end()
}

/** The same bytes in pieces of one size, but for the last. */
export async function* pieces(bytes: Bytes, size: number): Bytes {
  let parts: Uint8Array[] = []
  let have = 0
  for await (const part of bytes) {
    let rest = part
    while (have + rest.length >= size) {
      const fits = size - have
      yield Buffer.concat([...parts, rest.subarray(0, fits)])
      rest = rest.subarray(fits)
      parts = []
      have = 0
    }
    if (rest.length > 0) parts.push(rest)
    have += rest.length
  }
  if (have > 0) yield Buffer.concat(parts)
}

async function* hashed(bytes: Bytes, hash: { update(piece: Uint8Array): unknown }): Bytes {
  for await (const piece of bytes) {
    hash.update(piece)
    yield piece
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream of one piece
async function* one(text: string): Bytes {
  yield Buffer.from(text)
}
