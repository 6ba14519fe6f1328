import {
  type Connect,
  type ExecOptions,
  type Line,
  type Session,
  TIMED_OUT,
  Unreachable,
} from '../hosts/session.ts'
import { strideByStride } from '../hosts/ahead.ts'
import { type Fence, Fenced } from '../hosts/custody.ts'
import { BLOCK_BYTES } from '../hosts/wire.ts'
import type { Exit } from '../plan/fact.ts'
import type { HostName } from '../plan/step.ts'
import type { VirtualClock } from './clock.ts'
import { actOnKept, actOnLease, custodyOf, isOurs } from './custody.ts'
import type { Estate, EstateHost, Model, MutableJson } from './estate.ts'

export interface TwinOptions {
  /** Called with every command that reaches a host, for tests that look at what was sent. */
  readonly heard?: (host: HostName, line: Line, how: 'probe' | 'exec') => void
  /** Compares the estate around every probe and throws when one changed it. Costs time. */
  readonly guardProbes?: boolean
  /** Hosts lose their memory of finished jobs, as after a wiped disk. */
  readonly forgetJobs?: boolean
  /** A host's own clock that leases are judged by: seconds since its boot. Default: the virtual time. */
  readonly uptimeSeconds?: (host: HostName) => number
}

const NOT_MODELLED = 127
/** What it had begun stays half done. */
const STOPPED: Exit = { code: TIMED_OUT, stdout: '', stderr: 'stopped at its time limit', timedOut: true }
const lost = (detail: string): Exit => ({ code: undefined, stdout: '', stderr: detail })

/** Sessions to a pretend estate. Hosts remember jobs by name, as real ones do, also when the controller is gone. */
export function connectTwin(
  estate: Estate,
  models: readonly Model[],
  clock: VirtualClock,
  options: TwinOptions = {},
): Connect {
  const running = new Map<string, Promise<Exit>>()

  const run = (line: Line, name: HostName, timeoutMs: number): Exit | Promise<Exit> => {
    estate.clockMs = clock.now()
    for (const model of models) {
      const answer = model(line, name, estate)
      if (answer === undefined) continue
      if (!('finish' in answer)) return answer
      if (answer.tookMs > timeoutMs && answer.goesOn)
        void clock.sleep(answer.tookMs).then(() => {
          estate.clockMs = clock.now()
          answer.finish(estate)
        })
      if (answer.tookMs > timeoutMs) return clock.sleep(timeoutMs).then(() => STOPPED)
      return clock.sleep(answer.tookMs).then(() => {
        estate.clockMs = clock.now()
        return answer.finish(estate)
      })
    }
    return {
      code: NOT_MODELLED,
      stdout: '',
      stderr: `${line.argv[0] ?? ''}: not modelled: ${line.argv.join(' ')}`,
    }
  }

  const uptimeSeconds = options.uptimeSeconds ?? (() => Math.floor(clock.now() / 1000))
  const attempt = async <T>(act: () => T): Promise<T> => {
    await Promise.resolve()
    return act()
  }

  const snapshot = (): string => JSON.stringify([estate.hosts, estate.shared])

  const hostOf = (name: HostName): EstateHost => {
    const host = estate.hosts[name]
    if (!host?.up) {
      throw new Unreachable(
        name,
        'timeout',
        `${name} does not answer`,
        `see whether the host is switched on, or leave it out`,
      )
    }
    return host
  }

  return target => {
    const { name } = target
    const session: Session = {
      async probe(lines, { timeoutMs }) {
        hostOf(name)
        const exits: Exit[] = []
        for (const line of lines) {
          options.heard?.(name, line, 'probe')
          const before = options.guardProbes ? snapshot() : ''
          const exit = run(line, name, timeoutMs)
          if (options.guardProbes && snapshot() !== before) {
            throw new Error(`a probe changed the estate: ${line.argv.join(' ')}`)
          }
          exits.push(exit instanceof Promise ? await exit : exit)
        }
        return exits.map(exit => (exit.timedOut ? lost('the question was not answered in time') : exit))
      },
      exec,
      async write(path, content, mode, fence) {
        const host = hostOf(name)
        await Promise.resolve()
        insist(host, fence)
        host.files[path] = { content: new TextDecoder().decode(content), mode }
        return { code: 0, stdout: '', stderr: '' }
      },
      async read(path, from, blocks) {
        const file = hostOf(name).files[path]
        await Promise.resolve()
        if (file === undefined) return undefined
        const whole = Buffer.from(file.content)
        const at = from * BLOCK_BYTES
        return { bytes: whole.subarray(at, at + blocks * BLOCK_BYTES), size: whole.length }
      },
      async take(path, from, bytes, mode, fence) {
        const host = hostOf(name)
        await Promise.resolve()
        insist(host, fence)
        const before = from === 0 ? '' : (host.files[path]?.content ?? '').slice(0, from * BLOCK_BYTES)
        host.files[path] = { content: before + new TextDecoder().decode(bytes), mode }
        return { code: 0, stdout: '', stderr: '' }
      },
      ahead: window => strideByStride(session, window),
      lease: act => attempt(() => actOnLease(custodyOf(hostOf(name)), act, uptimeSeconds(name))),
      keep: act => attempt(() => actOnKept(custodyOf(hostOf(name)), act)),
      audit: lines =>
        attempt(() => {
          const { audit } = custodyOf(hostOf(name))
          return audit
            .slice(-lines)
            .map(line => `${line}\n`)
            .join('')
        }),
      close: () => Promise.resolve(),
    }

    function insist(host: EstateHost, fence: Fence | undefined): void {
      if (fence !== undefined && !isOurs(host, fence)) throw new Fenced(name)
    }

    async function exec(
      line: Line,
      { job, timeoutMs, onLine, attachOnly, fence }: ExecOptions,
    ): Promise<Exit> {
      const host = hostOf(name)
      const key = `${name} ${job}`
      const known = host.jobs[job] as unknown as { exit?: Exit } | undefined
      let ended: Promise<Exit>
      if (known?.exit) ended = Promise.resolve(known.exit)
      else if (known) ended = running.get(key) ?? Promise.resolve(lost('the job is gone and left no exit'))
      else if (attachOnly) return lost('the host knows no such job')
      else {
        insist(host, fence)
        options.heard?.(name, line, 'exec')
        host.jobs[job] = {}
        // The host goes on with it whatever becomes of whoever asked.
        ended = Promise.resolve(run(line, name, timeoutMs)).then(exit => {
          if (options.forgetJobs)
            host.jobs = Object.fromEntries(Object.entries(host.jobs).filter(([name]) => name !== job))
          else host.jobs[job] = { exit: exit as unknown as MutableJson }
          running.delete(key)
          return exit
        })
        running.set(key, ended)
      }
      const exit = await ended
      for (const [stream, text] of [
        ['out', exit.stdout],
        ['err', exit.stderr],
      ] as const) {
        for (const shown of text.split('\n')) if (shown !== '') onLine(stream, shown)
      }
      return exit
    }
    return new Promise(resolve => {
      hostOf(name)
      resolve(session)
    })
  }
}
