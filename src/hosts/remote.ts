import type { Exit } from '../plan/fact.ts'
import { bigFiles } from './bigFiles.ts'
import { collector, lineSplitter } from './collect.ts'
import type { Link } from './link.ts'
import {
  FENCED_CODE,
  Fenced,
  type Fence,
  type KeepAct,
  type LeaseAct,
  type LeaseSeen,
  parseLease,
} from './custody.ts'
import { type ExecOptions, type Line, type Session, TIMED_OUT } from './session.ts'
import { sendAhead } from './sendAhead.ts'
import { ShellLost, type Sink } from './shell.ts'
import { type Call, DATA_BYTES, jobFolder } from './wire.ts'

/** What an answer may take beyond the time the host was given. */
const SLACK_MS = 20_000
/** First looks come quickly, so that a short command costs little more than its own time. Seconds. */
const QUICK = [0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3]
const STEADY_SECONDS = 0.5
/** How long a started job may take to show itself. */
const START_MS = 15_000

/**
 * A Session over the shells of one connection.
 * - probe: one message, one answer. A probe that runs over its time, or that was killed for it, has `code: undefined`.
 * - exec: started under its name, then followed in slices, so that a job never keeps a shell to itself. Stopped by its time
 *   limit: `timedOut`, with a line on stderr that says so.
 * - write: folders that are missing are made.
 */
export function remoteSession(link: Link, close: () => void | Promise<void>, host = 'the host'): Session {
  return {
    probe: (lines, { timeoutMs }) => probe(link, lines, timeoutMs),
    exec: (line, options) => exec(link, line, options, host),
    write: (path, content, mode, fence) => write(link, path, content, mode, fence, host),
    ahead: window => sendAhead(link, window, host),
    lease: act => lease(link, act),
    keep: act => keep(link, act),
    audit: async lines => {
      const { out } = await small(link, { call: 'audit', id: 0, lines })
      return out.toString('utf8')
    },
    ...bigFiles(link, host),
    hostKey: async () => (await link.connection()).hostKey,
    close: async () => close(),
  }
}

async function probe(link: Link, lines: readonly Line[], timeoutMs: number): Promise<readonly Exit[]> {
  if (lines.length === 0) return []
  const seconds = wholeSeconds(timeoutMs)
  const calls: readonly Call[] = lines.map((line, id) => ({ call: 'probe', id, seconds, line }))
  return link.use(async shell => {
    const outputs = lines.map(() => ({ out: collector(), err: collector() }))
    const ends = new Map<number, readonly string[]>()
    const result = await shell.ask(
      calls,
      lines.map((_, id) => id),
      (id, stream, bytes) => outputs[id]?.[stream].add(bytes),
      timeoutMs + SLACK_MS,
      ends,
    )
    // A host that never said a word could not be asked: no answer is not an unknown answer.
    if (result === 'late' && !shell.greeted()) throw new ShellLost(false, 'it did not answer in time')
    return outputs.map(({ out, err }, id) => {
      const code = Number(ends.get(id)?.[0] ?? Number.NaN)
      const stdout = out.text()
      const stderr = err.text()
      if (Number.isInteger(code) && code !== 124 && code !== 137) return { code, stdout, stderr }
      const what =
        result === 'late' && !ends.has(id)
          ? 'was not answered in time'
          : `was stopped after ${String(seconds)} s`
      return { code: undefined, stdout, stderr: withNote(stderr, `the question ${what}`) }
    })
  })
}

async function exec(link: Link, line: Line, options: ExecOptions, host: string): Promise<Exit> {
  const seconds = wholeSeconds(options.timeoutMs)
  const out = collector()
  const err = collector()
  const outLines = lineSplitter(text => {
    options.onLine('out', text)
  })
  const errLines = lineSplitter(text => {
    options.onLine('err', text)
  })
  let started = options.attachOnly === true
  let slices = 0
  let startedBy = performance.now() + START_MS
  const until = performance.now() + options.timeoutMs + 60_000
  const finish = (code: number | undefined, note?: string): Exit => {
    outLines.end()
    errLines.end()
    if (note !== undefined) options.onLine('err', `runbook: ${note}`)
    return { code, stdout: out.text(), stderr: note === undefined ? err.text() : withNote(err.text(), note) }
  }

  for (;;) {
    let trouble = ''
    const state = await link.use(async (shell, pool, progress) => {
      // Who only asks comes long after a start: the quick looks are enough to see that there was one.
      const slice = options.attachOnly && slices === 0 ? 0 : pool.limit() < 3 ? 2 : 10
      const delays = [
        ...(slices === 0 ? QUICK : []),
        ...Array.from({ length: slice / STEADY_SECONDS }, () => STEADY_SECONDS),
      ]
      const follow: Call = {
        call: 'follow',
        id: 1,
        name: options.job,
        out: out.size(),
        err: err.size(),
        delays,
      }
      const calls: readonly Call[] = started
        ? [follow]
        : [...fenceCalls(options.fence), { call: 'job', id: 0, name: options.job, seconds, line }, follow]
      // Until the answer has come nobody knows whether the host heard us, so the whole message is sent again after a loss.
      const sink: Sink = (id, stream, bytes) => {
        if (id === 0) {
          trouble += Buffer.from(bytes).toString('utf8')
          return
        }
        progress()
        const [kept, lines] = stream === 'out' ? [out, outLines] : [err, errLines]
        kept.add(bytes)
        lines.add(bytes)
      }
      const ends = new Map<number, readonly string[]>()
      const answer = await shell.ask(calls, started ? [1] : [0, 1], sink, slice * 1000 + SLACK_MS, ends)
      // The host answers after each slice at the latest, so the line is dead, whatever the connection says.
      if (answer === 'late') throw new ShellLost(shell.greeted(), 'it did not answer in time')
      return ends.get(1) ?? []
    })
    slices += 1
    const [word = '', code = ''] = state
    switch (word) {
      case 'rc':
        return finish(Number(code))
      case 'late':
        return { ...finish(TIMED_OUT, `stopped after ${String(seconds)} s, its time limit`), timedOut: true }
      case 'aborted':
        return { ...finish(undefined, await whoAborted(link, options.job)), aborted: true }
      case 'gone':
        return finish(
          undefined,
          'the command was started, and is gone without an exit code (killed, or the host went down): nobody knows how far it got',
        )
      case 'fenced':
        throw new Fenced(host)
      case 'none':
        return finish(126, `the command was not started: ${trouble.trim()}`)
      case 'wait':
        if (options.attachOnly) {
          return finish(undefined, 'the host knows no such command: it never began, or was forgotten')
        }
        if (performance.now() > startedBy)
          return finish(undefined, `no sign that the command was started within ${String(START_MS / 1000)} s`)
        break
      default:
        started = true
        startedBy = Number.POSITIVE_INFINITY
    }
    if (performance.now() > until)
      return finish(
        undefined,
        `the host did not stop the command at its time limit of ${String(seconds)} s; it may still be running`,
      )
  }
}

/** What the person who ended the job left beside it. */
async function whoAborted(link: Link, job: string): Promise<string> {
  const script =
    'home=/var/lib/runbook; [ "$(id -u)" = 0 ] || home=$HOME/.runbook; cat "$home/jobs/$1/aborted"'
  const line: Line = { argv: ['sh', '-c', script, 'runbook-aborted', jobFolder(job)], env: {} }
  const [seen] = await probe(link, [line], 10_000)
  const said = seen?.stdout.trim() ?? ''
  return `${said === '' ? 'ended by hand' : said}: nobody knows how far it got`
}

async function write(
  link: Link,
  path: string,
  content: Uint8Array,
  mode: string,
  fence: Fence | undefined,
  host: string,
): Promise<Exit> {
  if (!path.startsWith('/') || path.endsWith('/'))
    throw new RangeError(`a file to write needs an absolute path: ${path}`)
  if (!/^[0-7]{3,4}$/.test(mode))
    throw new RangeError(`a file's mode is three or four octal digits, as a string: ${mode}`)
  const calls: Call[] = [...fenceCalls(fence), { call: 'open', id: 0, path, mode }]
  for (let at = 0; at < content.length; at += DATA_BYTES)
    calls.push({ call: 'data', bytes: content.subarray(at, at + DATA_BYTES) })
  calls.push({ call: 'close', id: 1, size: content.length })
  return link.use(async shell => {
    const err = collector()
    const ends = new Map<number, readonly string[]>()
    // 100 kB/s is a link that is hardly one.
    const limitMs = 60_000 + content.length / 100
    const answer = await shell.ask(
      calls,
      [0, 1],
      (_, __, bytes) => {
        err.add(bytes)
      },
      limitMs,
      ends,
    )
    if (answer === 'late')
      return {
        code: undefined,
        stdout: '',
        stderr: `${path} was not written within ${String(Math.round(limitMs / 1000))} s`,
      }
    const code = Number(ends.get(1)?.[0] ?? 1)
    if (code === FENCED_CODE) throw new Fenced(host)
    return { code, stdout: '', stderr: err.text() }
  })
}

function fenceCalls(fence: Fence | undefined): Call[] {
  return fence === undefined ? [] : [{ call: 'fence', ...fence }]
}

/** One call that is answered at once. */
async function small(
  link: Link,
  call: Call,
): Promise<{ readonly out: Buffer; readonly err: string; readonly code: number }> {
  return link.use(async shell => {
    const out: Uint8Array[] = []
    const err = collector()
    const ends = new Map<number, readonly string[]>()
    const sink: Sink = (_, stream, bytes) => {
      if (stream === 'out') out.push(Uint8Array.from(bytes))
      else err.add(bytes)
    }
    const answer = await shell.ask([call], [0], sink, SLACK_MS, ends)
    if (answer === 'late') throw new ShellLost(shell.greeted(), 'it did not answer in time')
    return { out: Buffer.concat(out), err: err.text(), code: Number(ends.get(0)?.[0] ?? 1) }
  })
}

/** May be sent twice when the line breaks: a lease that is ours already is not taken again, since it is not free. */
async function lease(link: Link, act: LeaseAct): Promise<LeaseSeen> {
  const { out, err, code } = await small(link, { call: 'lease', id: 0, act })
  return parseLease(out.toString('utf8'), code === 0 ? undefined : err.trim())
}

async function keep(link: Link, act: KeepAct): Promise<Uint8Array | undefined> {
  const { out, code } = await small(link, { call: 'keep', id: 0, act })
  return code === 0 ? out : undefined
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}

function withNote(text: string, note: string): string {
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}runbook: ${note}\n`
}
