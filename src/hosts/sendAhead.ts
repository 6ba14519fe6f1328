import type { Exit } from '../plan/fact.ts'
import { type Deed, type Halt, LOOK_SECONDS, type Window } from './ahead.ts'
import { type AheadCall, type Part, windowCalls } from './aheadWire.ts'
import { collector, lineSplitter } from './collect.ts'
import { Fenced } from './custody.ts'
import type { Link } from './link.ts'
import { TIMED_OUT } from './session.ts'
import { type Ends, ShellLost } from './shell.ts'

/** What an answer may take beyond the time the host was given. */
const SLACK_MS = 20_000

/**
 * A window over the shells of a connection: one message, told of as the host comes along. When the line breaks, what is not told of is
 * sent again: commands have names that never start twice, and a file is put in place as a whole.
 * @throws Unreachable, and Fenced
 */
export async function sendAhead(link: Link, window: Window, host: string): Promise<Halt | undefined> {
  const { strides, fence, tale } = window
  /** The first stride that is not told of to its end. */
  let from = 0
  let begun = -1
  let sent = false
  return link.use(async (shell, _, progress) => {
    const first = from
    const lost = sent
    sent = true
    const rest = strides.slice(first)
    const { calls, parts } = windowCalls(rest)
    const hears = rest.map(({ deeds }) => deeds.map(() => hearing()))
    let seen: Exit[] = []
    let halt: Halt | undefined
    const fencing = { isOver: false }
    /** What one stream said of a deed before the other had told that it began. */
    const early: (() => void)[] = []
    const looks = parts.map(() => ({ out: collector(), err: collector() }))

    const tell = (id: number, part: Part, [word = '', code = '']: readonly string[]): void => {
      if (part.part === 'ahead') {
        if (word !== 'ok') halt = { stride: first, at: 'unable' }
        return
      }
      if (part.part === 'over') return
      if (halt !== undefined || fencing.isOver) return
      const stride = first + part.stride
      switch (part.part) {
        case 'needs':
        case 'goal':
        case 'after': {
          if (word === 'skip') return
          const { out, err } = looks[id] ?? { out: collector(), err: collector() }
          if (part.part === 'goal' || part.part === 'after') {
            if (part.look === 0) seen = []
            seen.push({ code: Number(code), stdout: out.text(), stderr: err.text() })
          }
          if (word === 'holds' ? part.part !== 'after' : part.part === 'goal' && word === 'lacks') return
          if (word !== 'holds') halt = { stride, at: part.part === 'after' ? 'goal' : 'look' }
          else if (part.look === (rest[part.stride]?.goal.length ?? 0) - 1) {
            from = stride + 1
            tale.done(stride, seen)
          }
          return
        }
        case 'act':
          if (word === 'fenced') fencing.isOver = true
          else if (word === 'skip') {
            from = stride + 1
            tale.already(stride, seen, lost)
          } else if (begun < stride) {
            begun = stride
            tale.begun(stride)
            for (const hear of early.splice(0)) hear()
          }
          return
        case 'deed': {
          if (word === 'fenced') {
            fencing.isOver = true
            return
          }
          const exit = hears[part.stride]?.[part.deed]?.exit(word, code, rest[part.stride]?.deeds[part.deed])
          if (exit === undefined) return
          tale.ended(stride, part.deed, exit)
          if (exit.code !== 0 || exit.timedOut) halt = { stride, at: 'deed' }
        }
      }
    }
    const ends: Ends = {
      set(id, words) {
        const part = parts[id]
        if (part === undefined) return
        progress()
        tell(id, part, words)
      },
    }
    const answer = await shell.ask(
      [...(fence === undefined ? [] : [{ call: 'fence' as const, ...fence }]), ...calls],
      parts.map((_, id) => id),
      (id, stream, bytes) => {
        const part = parts[id]
        if (part?.part === 'deed') {
          const stride = first + part.stride
          const hear = (said: Uint8Array): void => {
            hears[part.stride]?.[part.deed]?.hear(stream, said, text => {
              tale.line(stride, stream, text)
            })
          }
          if (begun >= stride) hear(bytes)
          else {
            const kept = Uint8Array.from(bytes)
            early.push(() => {
              hear(kept)
            })
          }
        } else looks[id]?.[stream].add(bytes)
      },
      limitMs(calls),
      ends,
    )
    if (answer === 'late') throw new ShellLost(shell.greeted(), 'it did not answer in time')
    if (fencing.isOver) throw new Fenced(host)
    return halt === undefined || !lost ? halt : { ...halt, lost }
  })
}

/** As long as all of it may take at most. */
function limitMs(calls: readonly AheadCall[]): number {
  const seconds = calls.map(call =>
    call.call === 'glance' ? call.seconds || LOOK_SECONDS / 10 : call.call === 'deed' ? call.seconds + 15 : 1,
  )
  return SLACK_MS + 1000 * seconds.reduce((sum, one) => sum + one, 0)
}

interface Hearing {
  hear(stream: 'out' | 'err', bytes: Uint8Array, onLine: (text: string) => void): void
  /** Undefined: it was not begun. */
  exit(word: string, code: string, deed: Deed | undefined): Exit | undefined
}

/** What one deed says, and how it ended. */
function hearing(): Hearing {
  const kept = { out: collector(), err: collector() }
  const splitters: { out?: ReturnType<typeof lineSplitter>; err?: ReturnType<typeof lineSplitter> } = {}
  let say: (stream: 'out' | 'err', text: string) => void = () => undefined
  return {
    hear(stream, bytes, onLine) {
      kept[stream].add(bytes)
      say = (_, text) => {
        onLine(text)
      }
      const splitter = (splitters[stream] ??= lineSplitter(onLine))
      splitter.add(bytes)
    },
    exit(word, code, deed) {
      splitters.out?.end()
      splitters.err?.end()
      const said = { stdout: kept.out.text(), stderr: kept.err.text() }
      const noted = (note: string): string => {
        say('err', `runbook: ${note}`)
        return `${said.stderr}${said.stderr === '' || said.stderr.endsWith('\n') ? '' : '\n'}runbook: ${note}\n`
      }
      switch (word) {
        case 'skip':
          return undefined
        case 'rc':
          return { code: Number(code), ...said }
        case 'late': {
          const seconds = deed !== undefined && 'job' in deed ? deed.timeoutSeconds : 0
          return {
            code: TIMED_OUT,
            ...said,
            stderr: noted(`stopped after ${String(seconds)} s, its time limit`),
            timedOut: true,
          }
        }
        case 'none':
          return { code: 126, ...said, stderr: noted('the command was not started') }
        default:
          return {
            code: undefined,
            ...said,
            stderr: noted('the command was begun, and nobody saw how it ended'),
          }
      }
    },
  }
}
