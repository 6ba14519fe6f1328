import type { ExecOptions, Line, Session } from '../../src/hosts/session.ts'
import type { Exit } from '../../src/plan/fact.ts'
import type { FactRef, Json, Plan, Step } from '../../src/plan/step.ts'
import type { Event } from '../../src/run/event.ts'
import { type ExecuteOptions, execute } from '../../src/run/execute.ts'
import type { Run } from '../../src/run/fold.ts'
import { createRedact } from '../../src/run/redact.ts'
import type { World } from '../../src/run/world.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { toyFacts, toyHost, toyPlan } from '../toy.ts'

export const ok = (stdout = ''): Exit => ({ code: 0, stdout, stderr: '' })
export const bad = (code: number | undefined, stderr = ''): Exit => ({ code, stdout: '', stderr })
export const stopped: Exit = { ...bad(124), timedOut: true }

/** What one pretend host says; `calls` is what it was asked to do, in order. Members may be replaced while a run goes on. */
export interface Script {
  /** Answers `web show`: null is no member, undefined is "could not tell". May throw Unreachable. */
  show: () => Json | undefined
  token: () => Exit
  exec: (line: Line, options: ExecOptions) => Exit | Promise<Exit>
  write: (path: string, content: string, mode: string) => Exit
  connect: () => void
  readonly calls: string[]
}

export function scripted(changes: Partial<Script> = {}): Script {
  return {
    show: () => null,
    token: () => ok('tok-12345-secret'),
    exec: () => ok(),
    write: () => ok(),
    connect: () => undefined,
    calls: [],
    ...changes,
  }
}

export interface Setting {
  readonly world: World
  readonly hosts: { readonly [name: string]: Script }
}

export function setting(hosts: { readonly [name: string]: Script }, changes: Partial<World> = {}): Setting {
  const clock = virtualClock(Date.UTC(2026, 0, 1))
  const connect: World['connect'] = async ({ name }) => {
    const script = hosts[name]
    if (!script) throw new Error(`nobody scripted ${name}`)
    script.calls.push('connect')
    script.connect()
    await Promise.resolve()
    const probe = (line: Line): Exit => {
      script.calls.push(`probe ${line.argv.join(' ')}`)
      if (line.argv[1] === 'token') return script.token()
      const seen = script.show()
      if (seen === undefined) return bad(7, 'curl: (7) refused')
      return ok(seen === null ? '' : JSON.stringify(seen))
    }
    const session: Session = {
      probe: async lines => {
        await clock.sleep(1)
        return lines.map(probe)
      },
      exec: async (line, options) => {
        script.calls.push(`${options.attachOnly ? 'attach' : 'exec'} ${options.job}`)
        return script.exec(line, options)
      },
      write: (path, content, mode) => {
        script.calls.push(`write ${path}`)
        return Promise.resolve(script.write(path, Buffer.from(content).toString(), mode))
      },
      close: () => Promise.resolve(),
    }
    return session
  }
  const world: World = {
    hosts: Object.fromEntries(Object.keys(hosts).map(name => [name, toyHost(name)])),
    connect,
    facts: toyFacts,
    secret: reference => `the-secret-${reference}`,
    file: file => `text of ${file}`,
    ask: () => Promise.reject(new Error('nobody is there')),
    clock,
    redact: createRedact(),
    ...changes,
  }
  return { world, hosts }
}

export interface Played {
  readonly run: Run
  readonly events: readonly Event[]
}

/** One part of a run; `past` is the events of the parts before. */
export async function go(
  plan: Plan,
  { world }: Setting,
  options: Partial<ExecuteOptions> & { readonly seen?: { readonly [host: string]: Json } } = {},
): Promise<Played> {
  const { seen = {}, past = [], ...rest } = options
  const events: Event[] = [...past]
  const refs: FactRef[] = Object.keys(seen).map(host => ({ fact: 'web.member', host }))
  const run = await execute(plan, world, {
    runId: 'R',
    past,
    observed: {
      facts: new Map(Object.entries(seen).map(([host, value]) => [`web.member@${host}`, value])),
      refs,
    },
    width: 50,
    signal: new AbortController().signal,
    emit: event => {
      events.push(event)
    },
    ...rest,
  })
  return { run, events }
}

export const planOf = (...steps: readonly Step[]): Plan => ({
  ...toyPlan([...new Set(steps.map(step => step.host))]),
  quorums: [],
  steps,
})

export const kinds = (events: readonly Event[]): string => events.map(event => event.kind).join(' ')
export const effects = (script: Script): string[] =>
  script.calls.filter(
    call => call.startsWith('exec') || call.startsWith('attach') || call.startsWith('write'),
  )
