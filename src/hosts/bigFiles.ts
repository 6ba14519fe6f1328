import { collector } from './collect.ts'
import { FENCED_CODE, Fenced, type Fence } from './custody.ts'
import type { Link } from './link.ts'
import type { Piece, Session } from './session.ts'
import { ShellLost, type Sink } from './shell.ts'
import { BLOCK_BYTES, type Call } from './wire.ts'
import type { Exit } from '../plan/fact.ts'

/** The part of a session that carries big files, a piece a message, so that a lost line costs one piece. */
export function bigFiles(link: Link, host: string): Required<Pick<Session, 'read' | 'take'>> {
  return {
    read: (path, from, blocks) => read(link, path, from, blocks),
    take: (path, from, bytes, mode, fence) => take(link, { path, from, bytes, mode }, fence, host),
  }
}

async function read(link: Link, path: string, from: number, blocks: number): Promise<Piece | undefined> {
  return link.use(async shell => {
    const parts: Uint8Array[] = []
    const ends = new Map<number, readonly string[]>()
    const sink: Sink = (_, stream, bytes) => {
      if (stream === 'out') parts.push(Uint8Array.from(bytes))
    }
    const limitMs = 60_000 + (blocks * BLOCK_BYTES) / 100
    const answer = await shell.ask([{ call: 'read', id: 0, path, from, blocks }], [0], sink, limitMs, ends)
    if (answer === 'late') throw new ShellLost(shell.greeted(), 'it did not answer in time')
    const [code = '1', size = '0'] = ends.get(0) ?? []
    return code === '0' ? { bytes: Buffer.concat(parts), size: Number(size) } : undefined
  })
}

async function take(
  link: Link,
  piece: Omit<Extract<Call, { call: 'take' }>, 'call' | 'id'>,
  fence: Fence | undefined,
  host: string,
): Promise<Exit> {
  const fenced: readonly Call[] = fence === undefined ? [] : [{ call: 'fence', ...fence }]
  return link.use(async shell => {
    const err = collector()
    const ends = new Map<number, readonly string[]>()
    const answer = await shell.ask(
      [...fenced, { call: 'take', id: 1, ...piece }],
      [1],
      (_, __, bytes) => {
        err.add(bytes)
      },
      60_000 + piece.bytes.length / 100,
      ends,
    )
    if (answer === 'late') throw new ShellLost(shell.greeted(), 'it did not answer in time')
    const code = Number(ends.get(1)?.[0] ?? 1)
    if (code === FENCED_CODE) throw new Fenced(host)
    return { code, stdout: '', stderr: err.text() }
  })
}
