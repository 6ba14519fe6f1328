import type ssh2 from 'ssh2'
import type { Exit } from '../plan/fact.ts'
import type { Host, HostName } from '../plan/step.ts'
import { FENCED_CODE, Fenced, type Fence, showLease } from '../hosts/custody.ts'
import { PRELUDE } from '../hosts/prelude.ts'
import { mark } from '../hosts/scan.ts'
import type { Line, Session } from '../hosts/session.ts'
import { SUDO_WORDS } from '../hosts/sudo.ts'
import { callReader } from '../hosts/unwire.ts'
import type { Call } from '../hosts/wire.ts'
import { serveAhead } from './ahead.ts'

/** How a shell behaves where hosts differ, and who is told of what reaches it. */
export interface ShellOptions {
  /** What sudo wants where a host's `sudo` is a password. Absent: any password is right. */
  readonly sudoPassword?: string
  /** Called for each message that a host gets, before it is acted on: `drop()` cuts that connection there. */
  readonly onCall?: (host: HostName, call: Call, drop: () => void) => void
}

/** A job that was started through this server; it goes on when the connection does not. */
export interface Job {
  exit?: Exit
  failed?: Error
  readonly done: Promise<void>
}

/** One channel: what `sh` with the prelude does on a real host, on a Session. */
export function serveShell(
  channel: ssh2.ServerChannel,
  host: Host,
  connected: Promise<Session>,
  jobs: Map<string, Job>,
  options: ShellOptions,
  drop: () => void,
): void {
  const decoder = new TextDecoder()
  const read = callReader()
  const window = serveAhead()
  let expected = typeof host.sudo === 'object' ? undefined : PRELUDE
  let text = ''
  let nonce = ''
  let gone = false
  let turn = Promise.resolve()
  let fence: Fence | undefined
  /** A call that reads bytes off the channel, which are no text. */
  let raw:
    | { readonly wanted: number; readonly parts: Uint8Array[]; readonly done: (all: Uint8Array) => void }
    | undefined
  let file: { readonly path: string; readonly mode: string; readonly parts: Uint8Array[] } | undefined

  const stop = (reason: string): void => {
    gone = true
    channel.stderr.write(`twin: ${reason}\n`)
    channel.exit(2)
    channel.end()
  }
  const both = (...words: readonly string[]): void => {
    if (gone) return
    channel.write(mark(nonce, words))
    channel.stderr.write(mark(nonce, words))
  }
  const say = (stdout: string | Uint8Array, stderr: string | Uint8Array): void => {
    if (gone) return
    if (stdout.length > 0) channel.write(stdout)
    if (stderr.length > 0) channel.stderr.write(stderr)
  }

  const act = async (call: Call): Promise<void> => {
    const session = await connected
    switch (call.call) {
      case 'hello':
        nonce = call.nonce
        both('hello', '0')
        return
      case 'probe': {
        both('b', String(call.id))
        const [exit] = await session.probe([call.line], { timeoutMs: call.seconds * 1000 })
        if (exit === undefined) throw new Error('no answer')
        say(exit.stdout, exit.stderr)
        both('e', String(call.id), String(exit.code ?? 137))
        return
      }
      case 'job': {
        both('b', String(call.id))
        if (jobs.get(call.name)?.exit !== undefined || !jobs.has(call.name))
          jobs.set(call.name, begin(session, call.name, call.line, call.seconds, fence))
        fence = undefined
        both('e', String(call.id), '0')
        return
      }
      case 'follow': {
        both('b', String(call.id))
        const job = jobs.get(call.name)
        const limitMs = 1000 * call.delays.reduce((sum, delay) => sum + delay, 0)
        if (job !== undefined) await settled(job.done, limitMs)
        if (job?.failed instanceof Fenced) {
          jobs.delete(call.name)
          both('e', String(call.id), 'fenced')
          return
        }
        if (job?.failed !== undefined) throw job.failed
        say(after(job?.exit?.stdout, call.out), after(job?.exit?.stderr, call.err))
        both('e', String(call.id), ...state(job))
        return
      }
      case 'open':
        both('b', String(call.id))
        file = { path: call.path, mode: call.mode, parts: [] }
        both('e', String(call.id), '0')
        return
      case 'data':
        file?.parts.push(call.bytes)
        return
      case 'close': {
        both('b', String(call.id))
        const written = file
        file = undefined
        const under = fence
        fence = undefined
        try {
          const exit =
            written === undefined
              ? undefined
              : await session.write(written.path, Buffer.concat(written.parts), written.mode, under)
          say(exit?.stdout ?? '', exit?.stderr ?? '')
          both('e', String(call.id), String(exit?.code ?? 1))
        } catch (error) {
          if (!(error instanceof Fenced)) throw error
          both('e', String(call.id), String(FENCED_CODE))
        }
        return
      }
      case 'fence':
        fence = { epoch: call.epoch, nonce: call.nonce }
        return
      case 'ahead':
      case 'stride':
      case 'glance':
      case 'act':
      case 'deed':
      case 'put':
      case 'over': {
        const run = async (
          deed: Extract<Call, { call: 'deed' }>,
          under: Fence | undefined,
        ): Promise<Exit> => {
          const job = jobs.get(deed.name) ?? begin(session, deed.name, deed.line, deed.seconds, under)
          jobs.set(deed.name, job)
          await job.done
          if (job.failed instanceof Fenced) jobs.delete(deed.name)
          if (job.failed !== undefined) throw job.failed
          return job.exit ?? { code: undefined, stdout: '', stderr: '' }
        }
        await window(call, fence, { session, both, say, run })
        if (call.call === 'over') fence = undefined
        return
      }
      case 'lease': {
        both('b', String(call.id))
        const seen = await session.lease?.(call.act)
        say(seen === undefined ? '' : showLease(seen), seen?.trouble ?? '')
        both('e', String(call.id), seen === undefined || seen.trouble !== undefined ? '1' : '0')
        return
      }
      case 'audit': {
        both('b', String(call.id))
        say((await session.audit?.(call.lines)) ?? '', '')
        both('e', String(call.id), '0')
        return
      }
      case 'keep': {
        both('b', String(call.id))
        const kept = await session.keep?.(call.act)
        say(kept ?? '', '')
        both('e', String(call.id), kept === undefined ? '1' : '0')
        return
      }
      case 'read': {
        both('b', String(call.id))
        const piece = await session.read?.(call.path, call.from, call.blocks)
        say(piece?.bytes ?? '', '')
        both('e', String(call.id), piece === undefined ? '2' : '0', String(piece?.size ?? 0))
        return
      }
      case 'take': {
        const under = fence
        fence = undefined
        const bytes = await new Promise<Uint8Array>(done => {
          raw = { wanted: call.bytes.length, parts: [], done }
          both('b', String(call.id))
          if (call.bytes.length === 0) done(new Uint8Array())
        })
        raw = undefined
        try {
          const exit = await session.take?.(call.path, call.from, bytes, call.mode, under)
          say('', exit?.stderr ?? '')
          both('e', String(call.id), String(exit?.code ?? 1))
        } catch (error) {
          if (!(error instanceof Fenced)) throw error
          both('e', String(call.id), String(FENCED_CODE))
        }
      }
    }
  }

  channel.on('data', (chunk: Buffer) => {
    if (gone) return
    if (raw !== undefined) {
      raw.parts.push(chunk)
      const all = Buffer.concat(raw.parts)
      if (all.length >= raw.wanted) raw.done(all.subarray(0, raw.wanted))
      return
    }
    text += decoder.decode(chunk, { stream: true })
    if (expected === undefined) {
      const end = text.indexOf('\n')
      if (end === -1) return
      const password = text.slice(0, end)
      text = text.slice(end + 1)
      if (options.sudoPassword !== undefined && password !== options.sudoPassword) {
        channel.stderr.write(`Sorry, try again.\n${SUDO_WORDS.prompt}`)
        return
      }
      expected = PRELUDE
      channel.write(`${SUDO_WORDS.ready}\n`)
    }
    if (expected !== '') {
      const length = Math.min(expected.length, text.length)
      if (!text.startsWith(expected.slice(0, length))) {
        stop('this is not the prelude of this version')
        return
      }
      expected = expected.slice(length)
      text = text.slice(length)
    }
    try {
      for (const call of read(text)) {
        turn = turn.then(async () => {
          if (gone) return
          options.onCall?.(host.name, call, drop)
          await act(call)
        })
        turn.catch(() => {
          // A session that is unreachable is a line that is dead.
          gone = true
          drop()
        })
      }
      text = ''
    } catch (error) {
      stop(error instanceof Error ? error.message : String(error))
    }
  })
  channel.on('close', () => {
    gone = true
  })
  channel.on('error', () => {
    gone = true
  })
  if (expected === undefined) channel.stderr.write(SUDO_WORDS.prompt)
}

/** Output is sent when the job has ended: a session's lines need not be a beginning of its whole output, byte for byte. */
function begin(session: Session, name: string, line: Line, seconds: number, fence: Fence | undefined): Job {
  const running = session.exec(line, {
    job: name,
    timeoutMs: seconds * 1000,
    onLine: () => undefined,
    ...(fence && { fence }),
  })
  const job: Job = {
    done: running.then(
      exit => {
        job.exit = exit
      },
      (error: unknown) => {
        job.failed = error instanceof Error ? error : new Error(String(error))
      },
    ),
  }
  return job
}

function state(job: Job | undefined): string[] {
  if (job === undefined) return ['wait']
  if (job.exit === undefined) return ['run']
  if (job.exit.code === undefined) return ['gone']
  return [job.exit.timedOut ? 'late' : 'rc', String(job.exit.code)]
}

/** What follows after the first `from` bytes. */
function after(text: string | undefined, from: number): Uint8Array {
  return Buffer.from(text ?? '').subarray(from)
}

/** Resolves with the promise, or after the time. */
async function settled(promise: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([promise, new Promise<void>(resolve => (timer = setTimeout(resolve, limitMs)))])
  clearTimeout(timer)
}
