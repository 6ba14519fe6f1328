import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { type Socket, connect as dialTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoClock } from '../../src/cli/demoClock.ts'
import { exits, Quit } from '../../src/cli/exit.ts'
import type { Io } from '../../src/cli/io.ts'
import { keptRun, newRun, type RunFolder } from '../../src/cli/runs.ts'
import { undertake } from '../../src/cli/undertake.ts'
import type { Connect } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import { asked } from '../../src/plan/refs.ts'
import type { Plan } from '../../src/plan/step.ts'
import { fetchKept, listKept } from '../../src/run/keeper.ts'
import { createRedact } from '../../src/run/redact.ts'
import { openSessions, type World } from '../../src/run/world.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { type Served, serveTwin } from '../../src/twin/server.ts'
import { noPaint } from '../../src/views/layout.ts'
import { toyEstate, toyFacts, toyModel, toyPlan } from '../toy.ts'

/** The process is gone: nothing after this happens in this controller, not even giving back what it held. */
export class Killed extends Error {
  override readonly name = 'Killed'
}

export interface Cluster {
  readonly plan: Plan
  readonly estate: Estate
  readonly served: Served
  readonly folder: string
  /** How often each effect was begun, by host and words. */
  readonly begun: Map<string, number>
  /** Seconds added to the hosts' clocks since boot. */
  aged: number
  /** Called for each message that reaches a host. */
  onCall: (drop: () => void) => void
  readonly clock: ReturnType<typeof demoClock>
  close(): Promise<void>
}

/** Three hosts behind real SSH on loopback; members join and are upgraded by commands that may run once only. */
export async function cluster(): Promise<Cluster> {
  const made = toyPlan(['h1', 'h2', 'h3'])
  const plan: Plan = { ...made, steps: made.steps.map(step => ({ ...step, inDoubt: 'ask' })) }
  const clock = demoClock(Date.UTC(2026, 0, 1), 2000)
  const estate = toyEstate(Object.keys(plan.hosts))
  const begun = new Map<string, number>()
  const bornMs = performance.now()
  const twin = connectTwin(estate, [toyModel], clock, {
    uptimeSeconds: () => Math.floor((performance.now() - bornMs) / 1000) + 1000 + found.aged,
    heard(host, { argv }, how) {
      const effect = `${host} ${argv.join(' ')}`
      if (how === 'exec') begun.set(effect, (begun.get(effect) ?? 0) + 1)
    },
  })
  const served = await serveTwin(twin, Object.values(plan.hosts), {
    onCall: (_host, _call, drop) => {
      found.onCall(drop)
    },
  })
  const folder = mkdtempSync(join(tmpdir(), 'runbook-faults-'))
  const found: Cluster = {
    plan,
    estate,
    served,
    folder,
    begun,
    aged: 0,
    onCall: () => undefined,
    clock,
    close: () => served.close(),
  }
  return found
}

/** One controller: a process of its own as far as files, connections and death go. */
export interface Controller {
  readonly io: Io
  readonly connect: Connect
  readonly dead: () => boolean
  /** As kill -9: every call and every record from now on fails, and nothing is given back. */
  kill(): void
  /** The line stands still in both directions for so long; no bytes are lost. */
  freeze(ms: number): void
  /** Everything it said. */
  readonly said: () => string
  /** Called after each record of its journal. */
  onRecord: () => void
  /** Calls wait for this: a stopped process. */
  gate: Promise<void>
}

export function controller(where: Cluster, skewMs = 0): Controller {
  let dead = false
  let said = ''
  const sockets = new Set<Socket>()
  const alive = <T>(value: T): T => {
    if (dead) throw new Killed()
    return value
  }
  const direct = connectSsh({
    knownHostsFiles: [],
    knownHosts: where.served.knownHosts,
    privateKeys: [where.served.clientKey],
    agent: false,
    hostKeys: 'strict',
    connectTimeoutSeconds: 10,
    reconnectSeconds: 15,
    host: name => where.plan.hosts[name],
    secret: () => '',
    dial(address, port) {
      const socket = dialTcp({ host: address, port, noDelay: true })
      sockets.add(socket)
      return socket
    },
  })
  const self: Controller = {
    connect: async host => {
      const session = await direct(where.served.at(host))
      const guard = async <T>(act: () => Promise<T>): Promise<T> => {
        await self.gate
        alive(undefined)
        const answer = await act()
        await self.gate
        return alive(answer)
      }
      return {
        probe: (lines, options) => guard(() => session.probe(lines, options)),
        exec: (line, options) => guard(() => session.exec(line, options)),
        write: (path, content, mode, fence) => guard(() => session.write(path, content, mode, fence)),
        lease: act => guard(async () => session.lease?.(act) ?? Promise.reject(new Error('no leases'))),
        keep: act => guard(async () => session.keep?.(act)),
        close: () => session.close(),
      }
    },
    dead: () => dead,
    kill() {
      dead = true
      for (const socket of sockets) socket.destroy()
    },
    freeze(ms) {
      for (const socket of sockets) socket.pause()
      setTimeout(() => {
        for (const socket of sockets) socket.resume()
      }, ms)
    },
    said: () => said,
    onRecord: () => undefined,
    gate: Promise.resolve(),
    io: {
      out(text) {
        said += text
        // With --output json one line an event is written, after its record is on disk.
        if (text.startsWith('{')) self.onRecord()
      },
      err: text => void (said += text),
      outPaint: noPaint,
      errPaint: noPaint,
      coloured: { out: false, err: false },
      terminal: undefined,
      interactive: false,
      env: {},
      cwd: where.folder,
      clock: { now: () => alive(where.clock.now() + skewMs), sleep: ms => where.clock.sleep(ms) },
      question: () => Promise.reject(new Quit('unanswered', 'nobody is there')),
    },
  }
  return self
}

let runs = 0
const origin = {
  format: 'runbook.run/1',
  playbook: '/nowhere/toy.yml',
  named: 'toy.yml',
  ssh: { knownHostsFiles: [], hostKeys: 'strict', connectTimeoutSeconds: 10 },
} as unknown as Parameters<typeof newRun>[2]

/** A new run, or one that goes on when `from` is given. @returns the exit code, or 'killed' */
export async function go(
  where: Cluster,
  by: Controller,
  from?: { readonly runsDir: string; readonly id: string },
): Promise<{ readonly code: number | 'killed'; readonly at: RunFolder; readonly runsDir: string }> {
  const runsDir = from?.runsDir ?? join(where.folder, `runs-${String(++runs)}`)
  const kept = from === undefined ? undefined : keptRun(runsDir, from.id)
  const at = kept?.at ?? newRun(runsDir, where.plan, origin, Date.now() + runs * 1000)
  const world: World = {
    hosts: where.plan.hosts,
    connect: by.connect,
    facts: toyFacts,
    secret: () => 'no secret',
    file: () => '',
    ask: () => Promise.reject(new Error('nobody is there')),
    clock: by.io.clock,
    redact: createRedact(),
  }
  const sessions = openSessions(where.plan.hosts, by.connect)
  try {
    const code = await undertake({
      plan: where.plan,
      at,
      ...(kept && { past: kept.past }),
      observed: { facts: new Map(), refs: asked(where.plan) },
      world,
      sessions,
      output: 'json',
      parallel: 10,
      next: { done: '', resume: '' },
      io: by.io,
      scope: Object.keys(where.plan.hosts),
      lockTimeout: undefined,
    })
    return { code, at, runsDir }
  } catch (error) {
    if (by.dead()) return { code: 'killed', at, runsDir }
    if (error instanceof Quit) return { code: exits[error.exit], at, runsDir }
    throw error
  } finally {
    await sessions.closeAll().catch(() => undefined)
  }
}

/** What another person does: fetches the newest run from a host into an empty folder. Undefined: no host has all of it. */
export async function fetched(
  where: Cluster,
  by: Controller,
  id: string,
): Promise<{ readonly runsDir: string; readonly id: string } | undefined> {
  const sessions = openSessions(where.plan.hosts, by.connect)
  try {
    for (const host of ['h1', 'h2']) {
      if (!(await listKept(host, sessions)).includes(id)) continue
      const parts = ['plan.json', 'run.json', 'journal.jsonl']
      const files = await Promise.all(parts.map(part => fetchKept(host, `${id}/${part}`, sessions)))
      if (files.some(file => file === undefined || file.length === 0)) continue
      const runsDir = join(where.folder, `elsewhere-${String(++runs)}`)
      mkdirSync(join(runsDir, id), { recursive: true })
      for (const [i, part] of parts.entries()) writeFileSync(join(runsDir, id, part), files[i] ?? '')
      return { runsDir, id }
    }
    return undefined
  } finally {
    await sessions.closeAll()
  }
}

/** What is wrong with the cluster after a run that is done; nothing when it is whole. */
export function wrong(where: Cluster): readonly string[] {
  const { estate, begun } = where
  const seen = Object.entries(estate.hosts).flatMap(([name, host]) => [
    ...(host.state['version'] === '2' && host.state['up'] === true ? [] : [`${name} is not whole`]),
    ...(host.files['/etc/web.conf']?.content === 'version = 2\n' ? [] : [`${name} has no file`]),
    ...(host.custody?.leases.at(-1)?.ended === undefined ? [`${name} is still held`] : []),
  ])
  const effects = Object.keys(estate.hosts).flatMap(name => [`${name} web join`, `${name} web upgrade 2`])
  return [
    ...seen,
    ...effects.flatMap(effect =>
      begun.get(effect) === 1 ? [] : [`${effect}: begun ${String(begun.get(effect) ?? 0)} times`],
    ),
  ]
}
