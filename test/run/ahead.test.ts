import { describe, expect, it } from 'vitest'
import { Unreachable } from '../../src/hosts/session.ts'
import { strideByStride } from '../../src/hosts/ahead.ts'
import type { Fact } from '../../src/plan/fact.ts'
import type { Plan, Step } from '../../src/plan/step.ts'
import type { Event } from '../../src/run/event.ts'
import { execute, type ExecuteOptions } from '../../src/run/execute.ts'
import type { Run } from '../../src/run/fold.ts'
import { createRedact } from '../../src/run/redact.ts'
import { wayBack } from '../../src/run/undo.ts'
import type { World } from '../../src/run/world.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import type { Estate, Model } from '../../src/twin/estate.ts'
import { type Fault, faultKinds } from '../../src/twin/faults.ts'
import { play, rehearse, type Stage } from '../../src/twin/rehearse.ts'
import { toyEstate, toyHost } from '../toy.ts'

/** A counter by name: 'number add x' counts it up, which a second time would be one too many. */
const fact: Fact = {
  name: 'number',
  about: 'the number, null when there is none',
  scope: 'host',
  probe: args => ({ argv: ['number', 'show', typeof args === 'string' ? args : ''] }),
  parse: ({ code, stdout }) => (code !== 0 ? undefined : stdout === '' ? null : Number(stdout)),
  tells: (_, is) => ({ holds: typeof is === 'number' ? `0|${is}|*` : '0||*', known: ['0|[0-9]*|', '0||'] }),
}
const model: Model = ({ argv }, host, estate) => {
  const [program, verb, name = ''] = argv
  if (program !== 'number') return undefined
  const state = estate.hosts[host]?.state ?? {}
  if (verb === 'show')
    return { code: 0, stdout: name in state ? JSON.stringify(state[name]) : '', stderr: '' }
  if (verb === 'fail') return { code: 3, stdout: '', stderr: 'no' }
  if (verb === 'idle') return { code: 0, stdout: '', stderr: '' }
  state[name] = Number(state[name] ?? 0) + 1
  return { code: 0, stdout: 'counted\n', stderr: '' }
}
const step = (name: string, needs: readonly string[], changes: Partial<Step> = {}): Step => ({
  id: name,
  kind: 'number.add',
  title: name,
  section: '',
  host: 'a',
  needs,
  requires: needs.map(need => ({ fact: 'number', host: 'a', args: need, is: 1 })),
  during: [],
  goal: [{ fact: 'number', host: 'a', args: name, is: 1 }],
  run: [{ exec: { argv: ['number', 'add', name] }, timeoutSeconds: 5 }],
  withinSeconds: 5,
  takes: { p50Seconds: 1, p90Seconds: 1 },
  risk: 'none',
  inDoubt: 'repeat',
  ...changes,
})
const planOf = (...steps: readonly Step[]): Plan => ({
  format: 'runbook.plan/1',
  name: 'numbers',
  from: { playbook: '', facts: '' },
  hosts: { a: toyHost('a') },
  quorums: [],
  steps,
})
const five = planOf(
  ...['p', 'q', 'r', 's', 't'].map((name, i, all) => step(name, all.slice(Math.max(0, i - 1), i))),
)
const stage: Stage = {
  estate: toyEstate(['a']),
  models: [model],
  facts: new Map([[fact.name, fact]]),
  secret: () => '',
  file: () => '',
  width: 10,
}
const kinds = (events: readonly Event[]): string =>
  events.map(event => event.kind + ('step' in event ? ` ${event.step}` : '')).join(', ')

/** One run without anything between it and the twin. */
async function go(
  plan: Plan,
  {
    estate = structuredClone(stage.estate),
    heard = [],
    world: changes = {},
    ...options
  }: Partial<ExecuteOptions> & { estate?: Estate; heard?: string[]; world?: Partial<World> } = {},
): Promise<{ readonly run: Run; readonly events: readonly Event[]; readonly estate: Estate }> {
  const clock = virtualClock(0)
  const connect = connectTwin(estate, [model], clock, {
    heard: (_, { argv }, how) => heard.push(`${how} ${argv.slice(1).join(' ')}`),
  })
  const world: World = {
    ...{ hosts: plan.hosts, connect, facts: stage.facts, clock, redact: createRedact() },
    ...{ secret: () => '', file: () => '', ask: () => Promise.reject(new Error('nobody')) },
    ...changes,
  }
  const events: Event[] = []
  const run = await execute(plan, world, {
    ...{ runId: 'R', observed: { facts: new Map(), refs: [] }, width: 10 },
    ...{ signal: new AbortController().signal, emit: (event: Event) => events.push(event) },
    ...options,
  })
  return { run, events, estate }
}

describe('steps in one message', () => {
  it('have all their intents on record before any of them begins', async () => {
    const order: string[] = []
    const { run } = await go(five, {
      heard: order,
      emit: event => order.push(event.kind),
    })
    expect(run.outcome).toBe('done')
    expect(order.indexOf('sent-ahead')).toBeLessThan(order.findIndex(one => one.startsWith('exec')))
    expect(order.filter(one => one === 'sent-ahead')).toHaveLength(1)
    expect(order.filter(one => one.startsWith('exec'))).toEqual(
      ['p', 'q', 'r', 's', 't'].map(name => `exec add ${name}`),
    )
    // Each is looked at before and after.
    for (const name of ['p', 'q', 'r', 's', 't']) {
      const at = order.indexOf(`exec add ${name}`)
      expect(order.slice(0, at)).toContain(`probe show ${name}`)
      expect(order.slice(at)).toContain(`probe show ${name}`)
    }
  })

  it('are told of one after another, as if each had been awaited', async () => {
    const ahead = await go(five)
    const awaited = await go(five, { oneByOne: true })
    const without = (text: string): string => text.replaceAll(/(sent-ahead|came-back), /g, '')
    expect(without(kinds(ahead.events))).toBe(without(kinds(awaited.events)))
    const messages = (events: readonly Event[]): number =>
      events.filter(event => event.kind === 'sent-ahead').length
    expect([messages(ahead.events), messages(awaited.events)]).toEqual([1, 5])
  })

  it('that hold already are not done again, and what follows them is', async () => {
    const estate = structuredClone(stage.estate)
    Object.assign(estate.hosts['a']?.state ?? {}, { q: 1 })
    const { run } = await go(five, { estate })
    expect([...run.steps.values()].map(({ how }) => how)).toEqual([
      ...['changed', 'already', 'changed', 'changed', 'changed'],
    ])
    expect(estate.hosts['a']?.state).toEqual({ p: 1, q: 1, r: 1, s: 1, t: 1 })
  })

  it('halt at the first that fails: it has failed, and the rest was never begun', async () => {
    const bad = step('r', ['q'], { run: [{ exec: { argv: ['number', 'fail', 'r'] }, timeoutSeconds: 5 }] })
    const plan = planOf(...five.steps.map(one => (one.id === 'r' ? bad : one)))
    const { run, events, estate } = await go(plan)
    expect(run.steps.get('r')).toMatchObject({ state: 'failed', failure: { why: 'exit', code: 3 } })
    expect(run.steps.get('s')).toEqual({ state: 'waiting', attempt: 0, ended: [], touched: false })
    expect(events.find(event => event.kind === 'came-back')).toMatchObject({ steps: ['s', 't'] })
    expect(estate.hosts['a']?.state).toEqual({ p: 1, q: 1 })
    const resumed = await go(plan, { past: events, estate })
    expect(resumed.run.steps.get('r')).toMatchObject({ state: 'failed', attempt: 2 })
  })

  it('halt at a goal that does not show, which gets its full time', async () => {
    const idle = step('q', ['p'], { run: [{ exec: { argv: ['number', 'idle', 'q'] }, timeoutSeconds: 5 }] })
    const { run, estate } = await go(planOf(step('p', []), idle, step('r', ['q'])))
    expect(run.steps.get('q')).toMatchObject({ failure: { why: 'goal-not-met', afterSeconds: 5 } })
    expect(estate.hosts['a']?.state).toEqual({ p: 1 })
  })

  it('halt at what is not as required, and say so as every step does', async () => {
    const odd = step('q', ['p'], { requires: [{ fact: 'number', host: 'a', args: 'p', is: 2 }] })
    const { run, estate } = await go(planOf(step('p', []), odd, step('r', ['q'])))
    expect(run.steps.get('q')).toMatchObject({ state: 'failed', failure: { why: 'diverged' } })
    expect(estate.hosts['a']?.state).toEqual({ p: 1 })
  })

  it('whose end is lost with the line are in doubt, all of them, and come about once each', async () => {
    const estate = structuredClone(stage.estate)
    const clock = virtualClock(0)
    const twin = connectTwin(estate, [model], clock)
    const cut: World['connect'] = async host => {
      const session = await twin(host)
      return {
        ...session,
        async ahead(window) {
          // The host does all of it, and the controller hears of two.
          await strideByStride(session, {
            ...window,
            tale: {
              ...window.tale,
              begun: at => at < 3 && window.tale.begun(at),
              line: () => undefined,
              ended: (at, deed, exit) => at < 2 && window.tale.ended(at, deed, exit),
              done: (at, seen) => at < 2 && window.tale.done(at, seen),
            },
          })
          throw new Unreachable('a', 'lost', 'gone', 'wait')
        },
      }
    }
    const { run, events } = await go(five, { estate, world: { connect: cut, clock } })
    expect(run.outcome).toBe('in-doubt')
    expect(run.steps.get('r')).toMatchObject({ state: 'in-doubt', failure: { why: 'unreachable' } })
    expect(run.steps.get('t')).toMatchObject({ state: 'waiting', sent: true })
    const undo = { goal: [], run: [], withinSeconds: 1 }
    const undoable = { ...five, steps: five.steps.map(one => ({ ...one, undo })) }
    expect(wayBack(undoable, run).plan.steps).toHaveLength(5)
    const resumed = await go(five, { past: events, estate })
    expect(resumed.run.outcome).toBe('done')
    expect([...resumed.run.steps.values()].every(({ how }) => how === 'changed')).toBe(true)
    expect(estate.hosts['a']?.state).toEqual({ p: 1, q: 1, r: 1, s: 1, t: 1 })
  })

  it('cut off at each call in each way, in the middle of the window too, come about once each after a resume', async () => {
    const whole = await play(five, stage, {})
    // Look, deed, look for each of five steps: the cuts are inside of the one message.
    expect(whole.calls.count).toBeGreaterThanOrEqual(15)
    expect(whole.events.filter(event => event.kind === 'sent-ahead')).toHaveLength(1)
    const result = await rehearse(five, stage)
    expect(result.cases).toBe(whole.calls.count * faultKinds.length)
    expect(result).toMatchObject({
      ...{ diverged: [], stuck: [], inDoubt: 0, unfaithful: [], unplanned: [], leaks: [] },
    })
  })

  it('are in doubt when the controller is killed right after their intents, and none begins twice', async () => {
    for (const kind of ['killed-before', 'killed-after'] as const satisfies readonly Fault['kind'][]) {
      for (let at = 0; at < 15; at++) {
        const { run, estate } = await play(five, stage, {}, { at, kind })
        expect(run.outcome).toBe('done')
        expect(estate.hosts['a']?.state).toEqual({ p: 1, q: 1, r: 1, s: 1, t: 1 })
      }
    }
  })
})

describe('not sent ahead', () => {
  const check = (changes: Partial<Step>): Promise<boolean> =>
    go(planOf(step('p', [], changes))).then(({ events }) => kinds(events).includes('sent-ahead'))
  const exec = { exec: { argv: ['number', 'add', 'p'] }, timeoutSeconds: 5 }

  it.each<[string, Partial<Step>]>([
    ['a command that may take long', { run: [{ ...exec, timeoutSeconds: 31 }] }],
    ['a command whose output may be fatal', { run: [{ ...exec, failsOn: 'x' }] }],
    [
      'a value asked for just before',
      {
        run: [
          {
            ...exec,
            exec: {
              argv: ['number', 'add', 'p'],
              stdin: { fact: { fact: 'number', host: 'a', args: 'p' }, pick: '' },
            },
          },
        ],
      },
    ],
    ['a step that waits', { run: [exec, { await: [], withinSeconds: 1 }] }],
    ['a step in a lane', { lane: 'one' }],
    ['a step that a group may miss', { during: [{ fact: 'number', host: 'a', args: 'x', is: 1 }] }],
    ['a step that a person must look at when in doubt', { inDoubt: 'ask' }],
    ['a step without a goal', { goal: [], opaque: true }],
  ])('%s', async (_, changes) => {
    expect(await check(changes)).toBe(false)
  })

  it('but everything else is', async () => {
    expect(await check({ run: [exec] })).toBe(true)
  })
})
