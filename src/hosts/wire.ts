import type { AheadCall } from './aheadWire.ts'
import type { KeepAct, LeaseAct } from './custody.ts'
import { quote } from '../plan/quote.ts'
import type { Line } from './session.ts'

/**
 * The messages to a host: lines of calls to the functions of prelude.ts, each `{ name word word; }`. A line that the network cut
 * short has no closing brace, so the shell finds a syntax error and runs nothing: half a command is never run. Being regular,
 * the same text can be read back without a shell (the twin does).
 */
export type Call =
  | AheadCall
  | { readonly call: 'hello'; readonly nonce: string }
  | { readonly call: 'probe'; readonly id: number; readonly seconds: number; readonly line: Line }
  /** Starts the job unless the host knows the name. */
  | {
      readonly call: 'job'
      readonly id: number
      readonly name: string
      readonly seconds: number
      readonly line: Line
    }
  /** Sends the job's output from these offsets on, looking again after each delay (seconds), until it has ended. */
  | {
      readonly call: 'follow'
      readonly id: number
      readonly name: string
      readonly out: number
      readonly err: number
      readonly delays: readonly number[]
    }
  | { readonly call: 'open'; readonly id: number; readonly path: string; readonly mode: string }
  | { readonly call: 'data'; readonly bytes: Uint8Array }
  | { readonly call: 'close'; readonly id: number; readonly size: number }
  /** What follows in this message may begin only under this lease (custody.ts). */
  | { readonly call: 'fence'; readonly epoch: number; readonly nonce: string }
  | { readonly call: 'lease'; readonly id: number; readonly act: LeaseAct }
  /** The last lines of the host's audit log. */
  | { readonly call: 'audit'; readonly id: number; readonly lines: number }
  | { readonly call: 'keep'; readonly id: number; readonly act: KeepAct }
  /** A piece of a big file, raw on standard output: `blocks` blocks of BLOCK_BYTES from the `from`th on. */
  | {
      readonly call: 'read'
      readonly id: number
      readonly path: string
      readonly from: number
      readonly blocks: number
    }
  /** The file ends after `from` blocks, then come these bytes: raw on standard input, once the host has said that it begins. */
  | {
      readonly call: 'take'
      readonly id: number
      readonly path: string
      readonly from: number
      readonly mode: string
      readonly bytes: Uint8Array
    }

/** How many bytes of content one `data` call carries. */
export const DATA_BYTES = 16_384

/** Pieces of big files begin at a multiple of this. */
export const BLOCK_BYTES = 65_536

/** @throws RangeError when a word holds NUL, an environment name is not one, or there is no command */
export function encode(call: Call): string {
  const name = call.call === 'audit' ? 'lease' : call.call
  return `{ rb_${name} ${words(call).map(quote).join(' ')}; }\n`
}

function words(call: Call): string[] {
  switch (call.call) {
    case 'hello':
      return [call.nonce]
    case 'probe':
      return [String(call.id), String(call.seconds), ...lineWords(call.line)]
    case 'job':
      return [String(call.id), jobFolder(call.name), String(call.seconds), ...lineWords(call.line)]
    case 'follow':
      return [
        String(call.id),
        jobFolder(call.name),
        String(call.out),
        String(call.err),
        ...call.delays.map(String),
      ]
    case 'open':
      return [String(call.id), call.path, call.mode]
    case 'ahead':
      return [String(call.id), ...call.names.map(jobFolder)]
    case 'stride':
      return []
    case 'glance':
      return [
        ...[String(call.id), call.role, String(call.seconds), call.holds, ...call.known],
        ...lineWords(call.line),
      ]
    case 'act':
    case 'over':
      return [String(call.id)]
    case 'deed':
      return [String(call.id), jobFolder(call.name), String(call.seconds), ...lineWords(call.line)]
    case 'put':
      return [String(call.id), call.path, call.mode, String(call.bytes.length), escapeBytes(call.bytes)]
    case 'data':
      return [escapeBytes(call.bytes)]
    case 'close':
      return [String(call.id), String(call.size)]
    case 'fence':
      return [String(call.epoch), nonceWord(call.nonce)]
    case 'lease':
      return [String(call.id), call.act.verb, ...leaseWords(call.act)]
    case 'audit':
      return [String(call.id), 'audit', String(call.lines)]
    case 'keep':
      return [String(call.id), call.act.verb, ...keepWords(call.act)]
    case 'read':
      return [String(call.id), call.path, String(call.from), String(call.blocks)]
    case 'take':
      return [String(call.id), call.path, String(call.from), call.mode, String(call.bytes.length)]
  }
}

function leaseWords(act: LeaseAct): string[] {
  switch (act.verb) {
    case 'look':
      return []
    case 'take':
      return [String(act.over ?? 0), nonceWord(act.nonce), oneLine(act.record), oneLine(act.audit)]
    case 'beat':
      return [String(act.epoch)]
    case 'end':
      return [String(act.epoch), '-', oneLine(act.record), oneLine(act.audit)]
  }
}

function keepWords(act: KeepAct): string[] {
  if (act.verb === 'list') return ['-']
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*\/[a-z]+\.[a-z]+$/.test(act.path))
    throw new RangeError(`not the name of a file that a run keeps: ${JSON.stringify(act.path)}`)
  if (act.verb === 'new') return [act.path]
  return [act.path, String(act.offset), ...(act.verb === 'put' ? [escapeBytes(act.bytes)] : [])]
}

function nonceWord(nonce: string): string {
  if (!/^[a-z0-9]+$/i.test(nonce)) throw new RangeError('a nonce is letters and digits')
  return nonce
}

function oneLine(text: string): string {
  if (text.includes('\n')) throw new RangeError('what is said about a lease is one line')
  return escapeBytes(new TextEncoder().encode(text))
}

function lineWords(line: Line): string[] {
  if (line.argv.length === 0 || line.argv[0] === '') throw new RangeError('a command needs at least one word')
  const env = Object.entries(line.env)
  for (const [name] of env) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.startsWith('rb_')) {
      throw new RangeError(
        `${JSON.stringify(name)} cannot be the name of an environment variable (letters, digits, _; not rb_…)`,
      )
    }
  }
  const stdin = line.stdin === undefined ? '-' : escapeBytes(new TextEncoder().encode(line.stdin))
  return [
    stdin === '-' && line.stdin !== undefined ? '\\0055' : stdin,
    String(env.length),
    ...env.flat(),
    ...line.argv,
  ]
}

/** A name that is one folder's name and nothing else, the same for the same job, different for different ones. */
export function jobFolder(name: string): string {
  const safe = name
    .replaceAll(/[^A-Za-z0-9._@-]/gu, char => encodeURIComponent(char).replace(/^[^%]$/, hex))
    .replace(/^\./, '%2E')
  if (safe === '' || safe.length > 200)
    throw new RangeError(`a job's name has 1 to 200 characters: ${JSON.stringify(name)}`)
  return safe
}

function hex(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/** Bytes for `printf %b`: printable ASCII stands for itself, all else (and the backslash) as octal. */
export function escapeBytes(bytes: Uint8Array): string {
  let text = ''
  let plainFrom = 0
  const latin = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    if ((byte >= 32 && byte < 127 && byte !== 92) || byte === 10 || byte === 9) continue
    text += `${latin.toString('latin1', plainFrom, i)}\\0${byte.toString(8).padStart(3, '0')}`
    plainFrom = i + 1
  }
  return text + latin.toString('latin1', plainFrom)
}

/** Undoes `escapeBytes`. */
export function unescapeBytes(text: string): Uint8Array {
  const plain = text.replaceAll(/\\0([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
  return Uint8Array.from(Buffer.from(plain, 'latin1'))
}
