import type { Duplex, Readable } from 'node:stream'
import { PRELUDE } from './prelude.ts'
import { type Piece, scanner } from './scan.ts'
import { type Call, encode } from './wire.ts'

/** What we need of an ssh2 channel. */
export interface ShellChannel extends Duplex {
  readonly stderr: Readable
  destroy(): this
}

/** The channel ended before all was answered: the link died, or the host's shell did. */
export class ShellLost extends Error {
  override readonly name = 'ShellLost'
  /** The host's shell had greeted us: it works in principle. */
  readonly greeted: boolean
  /** What the host said outside of any answer (a banner, sudo, a login shell that refuses), at most 2 kB. */
  readonly noise: string
  constructor(greeted: boolean, noise: string) {
    super(
      greeted
        ? 'the connection to the host was lost'
        : `the host did not start a shell${noise === '' ? '' : `: ${noise}`}`,
    )
    this.greeted = greeted
    this.noise = noise
  }
}

/** Takes the words of the mark that ends a call, once all it said has come. */
export interface Ends {
  set(id: number, words: readonly string[]): unknown
}

/** Takes the output of one call as it comes. */
export type Sink = (id: number, stream: 'out' | 'err', bytes: Uint8Array) => void

export interface Shell {
  /**
   * Sends the calls in one flight; done when all of `wanted` have ended, or 'late' when `limitMs` passed first (the shell is
   * closed then). `ends` receives the words of each call's end mark.
   * @throws ShellLost
   */
  ask(
    calls: readonly Call[],
    wanted: readonly number[],
    sink: Sink,
    limitMs: number,
    ends: Ends,
  ): Promise<'done' | 'late'>
  /** The host's `sh` has spoken. */
  readonly greeted: () => boolean
  readonly closed: () => boolean
  close(): void
}

interface Waiting {
  readonly missing: Set<string>
  readonly ends: Ends
  readonly sink: Sink
  /** What a call wants on standard input as soon as it has begun. */
  readonly raw: ReadonlyMap<number, Uint8Array>
  readonly settle: (result: 'done' | 'late' | ShellLost) => void
}

const NOISE_CHARS = 2000

/** Speaks wire.ts over a channel on which `sh` reads its script. One message at a time. */
export function openShell(channel: ShellChannel, nonce: string): Shell {
  let waiting: Waiting | undefined
  let greeted = false
  let gone = false
  let noise = ''
  const lost = (): ShellLost => new ShellLost(greeted, noise.trim())

  const listen = (stream: 'out' | 'err', readable: Readable): void => {
    const scan = scanner(nonce)
    let current: number | undefined
    readable.on('data', (chunk: Buffer) => {
      let pieces: readonly Piece[]
      try {
        pieces = scan(chunk)
      } catch {
        channel.destroy()
        return
      }
      for (const piece of pieces) {
        if ('bytes' in piece) {
          if (current !== undefined) waiting?.sink(current, stream, piece.bytes)
          else noise = (noise + Buffer.from(piece.bytes).toString('utf8')).slice(-NOISE_CHARS)
          continue
        }
        const [word = '', id = '', ...rest] = piece.mark
        if (word === 'hello') {
          greeted = true
          noise = ''
        } else if (word === 'b') {
          current = Number(id)
          const raw = stream === 'out' ? waiting?.raw.get(current) : undefined
          if (raw !== undefined) channel.write(raw)
        } else if (word === 'e') {
          current = undefined
          if (waiting === undefined) continue
          waiting.missing.delete(`${stream} ${id}`)
          const other = stream === 'out' ? 'err' : 'out'
          if (!waiting.missing.has(`${other} ${id}`)) waiting.ends.set(Number(id), rest)
          if (waiting.missing.size === 0) waiting.settle('done')
        }
      }
    })
  }
  listen('out', channel)
  listen('err', channel.stderr)
  const end = (): void => {
    gone = true
    waiting?.settle(lost())
  }
  channel.on('close', end)
  channel.on('error', end)
  channel.stderr.on('error', end)
  channel.write(PRELUDE + encode({ call: 'hello', nonce }))

  return {
    async ask(calls, wanted, sink, limitMs, ends) {
      if (waiting !== undefined) throw new Error('one message at a time')
      if (gone) throw lost()
      // What cannot be said throws here, before anything is sent.
      const parts = calls.map(call => (call.call === 'data' ? call : encode(call)))
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          gone = true
          waiting?.settle('late')
          channel.destroy()
        }, limitMs)
        waiting = {
          missing: new Set(wanted.flatMap(id => [`out ${String(id)}`, `err ${String(id)}`])),
          ends,
          sink,
          raw: new Map(calls.flatMap(call => (call.call === 'take' ? [[call.id, call.bytes] as const] : []))),
          settle(result) {
            clearTimeout(timer)
            waiting = undefined
            if (result instanceof ShellLost) reject(result)
            else resolve(result)
          },
        }
        send(channel, parts)
      })
    },
    greeted: () => greeted,
    closed: () => gone,
    close() {
      gone = true
      channel.destroy()
    },
  }
}

/** Small messages in one packet; big ones as the channel drains, so that memory stays bounded. */
function send(channel: ShellChannel, parts: readonly (string | Call)[]): void {
  let at = 0
  const more = (): void => {
    let text = ''
    while (at < parts.length && text.length < 256 * 1024) {
      const part = parts[at++] ?? ''
      text += typeof part === 'string' ? part : encode(part)
    }
    if (!channel.writable) return
    if (channel.write(text) || at >= parts.length) {
      if (at < parts.length) setImmediate(more)
    } else channel.once('drain', more)
  }
  more()
}
