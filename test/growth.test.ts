import fs, { mkdtempSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { products } from '../src/catalog/index.ts'
import { loadStepTools } from '../src/catalog/steps/tools.ts'
import { offline } from '../src/cli/survey.ts'
import type { Fact } from '../src/plan/fact.ts'
import { preview } from '../src/plan/preview.ts'
import type { Host, Plan, Step } from '../src/plan/step.ts'
import { readPlaybook } from '../src/playbook/read.ts'
import type { Event } from '../src/run/event.ts'
import { fold, foldAll, fresh } from '../src/run/fold.ts'
import { openJournal } from '../src/run/journal.ts'
import { observe } from '../src/run/observe.ts'
import { createRedact } from '../src/run/redact.ts'
import type { World } from '../src/run/world.ts'
import { lines } from '../src/views/lines.ts'
import { operations } from './operations.ts'

/** The hot paths, in counts and not in seconds: four times as much to do is four times the work, not sixteen. */
const LINEAR = 4.8

async function growth(act: (size: number) => unknown, from: number): Promise<number> {
  // What is loaded or remembered once is not part of it.
  await act(4)
  const [few, many] = [await operations(() => act(from)), await operations(() => act(4 * from))]
  expect(few).toBeGreaterThan(from)
  return many / few
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)
const at = '2026-01-01T00:00:00.000Z'

const step = (i: number, host: string): Step => ({
  id: `s${i}`,
  kind: 'x.y',
  title: `step ${i}`,
  section: '',
  host,
  needs: i === 0 ? [] : [`s${i - 1}`],
  requires: [],
  during: [],
  goal: [{ fact: 'x.fact', host, args: { number: i }, is: true }],
  run: [],
  withinSeconds: 1,
  takes: { p50Seconds: 1, p90Seconds: 1 },
  risk: 'none',
  inDoubt: 'repeat',
})
const hostOf = (name: string): Host => ({
  name,
  address: '198.51.100.1',
  port: 22,
  user: 'root',
  roles: [],
  sudo: 'no',
})
const planOf = (size: number, hosts: number): Plan => ({
  format: 'runbook.plan/1',
  name: 'growth',
  from: { playbook: '', facts: '' },
  hosts: Object.fromEntries(numbers(hosts).map(i => [`h${i}`, hostOf(`h${i}`)])),
  quorums: [],
  steps: numbers(size).map(i => step(i, `h${i % hosts}`)),
})

beforeAll(loadStepTools)

it('a playbook on more hosts is checked, compiled and previewed with work that grows as they do', async () => {
  const plan = (hosts: number): void => {
    const listed = numbers(hosts).map(i => `  h${i}: { address: 198.51.${i >> 8}.${i & 255} }`)
    const step = (name: string): string => `  - { name: ${name}, file: { path: /srv/${name}, content: x } }`
    const text = ['runbook: 1', 'name: growth', 'hosts:', ...listed, 'steps:', step('a'), step('b')].join(
      '\n',
    )
    const { topology } = readPlaybook(text, 'x.yml', () => 'missing')
    if (topology === undefined) throw new Error('not a good playbook')
    const { plan, facts } = offline(topology, 'd', products)
    expect(plan.steps).toHaveLength(2 * hosts)
    preview(plan, facts)
  }
  expect(await growth(plan, 64)).toBeLessThan(LINEAR)
})

it('a plan of more steps is previewed with work that grows as they do', async () => {
  expect(await growth(size => preview(planOf(size, 8), new Map()), 100)).toBeLessThan(LINEAR)
})

it('more questions to one host are asked with work that grows as they do', async () => {
  const fact: Fact = {
    name: 'x.fact',
    about: '',
    scope: 'host',
    probe: args => ({ argv: ['look', JSON.stringify(args)] }),
    parse: () => true,
  }
  const ask = async (size: number): Promise<void> => {
    const plan = planOf(size, 1)
    const session = {
      probe: (asked: readonly unknown[]) =>
        Promise.resolve(asked.map(() => ({ code: 0, stdout: '', stderr: '' }))),
    }
    const world = {
      hosts: plan.hosts,
      facts: new Map([[fact.name, fact]]),
      redact: createRedact(),
    } as unknown as World
    const sessions = { to: () => Promise.resolve(session as never), closeAll: () => Promise.resolve() }
    const { facts } = await observe(
      plan.steps.flatMap(one => one.goal),
      world,
      sessions,
    )
    expect(facts.size).toBe(size)
  }
  expect(await growth(ask, 100)).toBeLessThan(LINEAR)
})

const eventsOf = (size: number): readonly Event[] =>
  numbers(size).flatMap((i): Event[] => [
    { at, kind: 'step-started', step: `s${i}`, attempt: 1 },
    { at, kind: 'op-started', step: `s${i}`, op: 0, host: 'h0', shown: 'do it' },
    { at, kind: 'output', step: `s${i}`, host: 'h0', stream: 'out', line: 'token is tok-12345-secret' },
    { at, kind: 'op-ended', step: `s${i}`, op: 0, code: 0 },
    { at, kind: 'step-done', step: `s${i}`, how: 'changed' },
  ])

it('one event costs a fold one copy of the states at most, and output none', async () => {
  const plan = planOf(100, 1)
  const [started, begun, output] = eventsOf(100)
  if (started === undefined || begun === undefined || output === undefined) throw new Error('no events')
  let run = fold(fresh('R', plan, 'd'), started)
  expect(await operations(() => (run = fold(run, begun)))).toBeLessThanOrEqual(150)
  expect(await operations(() => fold(run, output))).toBeLessThanOrEqual(30)
})

it('more events of more steps are folded with work that grows as they do', async () => {
  const read = (size: number): void => {
    expect(foldAll(fresh('R', planOf(size, 1), 'd'), eventsOf(size)).steps.size).toBe(size)
  }
  expect(await growth(read, 200)).toBeLessThan(LINEAR)
})

it('more events are masked and shown with work that grows as they do', async () => {
  const show = (size: number): void => {
    const redact = createRedact()
    redact.add('tok-12345-secret')
    let text = ''
    const view = lines(planOf(size, 1), line => (text += line))
    for (const event of eventsOf(size)) view.show(redact.event(event))
    expect(text).not.toContain('tok-12345')
  }
  expect(await growth(show, 100)).toBeLessThan(LINEAR)
})

it('a journal waits for the disk before and after each effect, and not for what was only seen', () => {
  const folder = mkdtempSync(join(tmpdir(), 'growth-'))
  const before = fs.fsyncSync
  let syncs = 0
  fs.fsyncSync = file => {
    syncs += 1
    before(file)
  }
  syncBuiltinESMExports()
  try {
    const journal = openJournal(join(folder, 'journal.jsonl'))
    const cost = (events: readonly Event[]): number => {
      const had = syncs
      for (const event of events) journal.append(event)
      return syncs - had
    }
    const effects = eventsOf(1)
    expect(effects.map(event => cost([event]))).toEqual([0, 1, 0, 1, 1])
    const seen = numbers(100).map((i): Event => ({ at, kind: 'step-done', step: `s${i}`, how: 'already' }))
    expect(cost(seen)).toBe(0)
    expect(cost([{ at, kind: 'run-ended', outcome: 'done' }])).toBe(1)
    journal.close()
  } finally {
    fs.fsyncSync = before
    syncBuiltinESMExports()
    rmSync(folder, { recursive: true })
  }
})
