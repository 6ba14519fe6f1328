import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Exit } from '../../src/plan/fact.ts'
import type { Json, Plan, Step } from '../../src/plan/step.ts'
import type { Event } from '../../src/run/event.ts'
import { digest } from '../../src/plan/canonical.ts'
import { fold, fresh } from '../../src/run/fold.ts'
import { join, toyPlan, upgrade } from '../toy.ts'
import { type Script, bad, effects, go, kinds, ok, planOf, scripted, setting, stopped } from './scripted.ts'

const up = { joined: true, version: '1', up: true }
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
/** A host that carries out what it is told, `web upgrade` in so many virtual milliseconds. */
function obedient(
  state: Json,
  sleep: (ms: number) => Promise<void> = () => Promise.resolve(),
  tookMs = 1000,
): Script {
  let now = state
  return scripted({
    show: () => now,
    exec: async ({ argv }): Promise<Exit> => {
      if (argv[1] === 'upgrade') {
        now = { ...up, up: false }
        await sleep(tookMs)
        now = { ...up, version: '2' }
      } else now = up
      return ok()
    },
  })
}
const peak = (events: readonly Event[], of: (step: string) => boolean = () => true): number => {
  const running = new Set<string>()
  let most = 0
  for (const event of events) {
    if (event.kind === 'step-started' && of(event.step)) running.add(event.step)
    if (event.kind === 'step-done' || event.kind === 'step-failed') running.delete(event.step)
    most = Math.max(most, running.size)
  }
  return most
}
const deferred = (): { readonly wait: Promise<Exit>; readonly end: (exit: Exit) => void } => {
  let end: (exit: Exit) => void = () => undefined
  const wait = new Promise<Exit>(resolve => {
    end = resolve
  })
  return { wait, end }
}
const tick = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('a journal that cannot be written', () => {
  it('ends the run at once: nothing is begun any more, on no host, and what runs is left to its host', async () => {
    const never = deferred()
    let lines: (stream: 'out' | 'err', text: string) => void = () => undefined
    const a = scripted({
      exec: (_, { onLine }) => {
        lines = onLine
        return never.wait
      },
    })
    const b = scripted({ exec: () => ok() })
    const plan = planOf(
      { ...join('a', []) },
      { ...join('b', []), run: [...join('b', []).run, ...join('b', []).run] },
    )
    let written = 0
    const running = go(plan, setting({ a, b }), {
      emit: event => {
        written += 1
        if (event.kind === 'op-ended') throw new Error('disk full')
      },
    })
    await expect(running).rejects.toThrow('disk full')
    expect(effects(a)).toEqual(['exec R.web.join@a.1.0'])
    expect(effects(b)).toEqual(['exec R.web.join@b.1.0'])
    const before = written
    // The host goes on talking: that must neither be written nor thrown back into its session.
    lines('out', 'still here')
    for (let i = 0; i < 5; i++) await tick()
    expect(written).toBe(before)
    expect(effects(b)).toHaveLength(1)
  })

  it.each([
    'run-started',
    'step-started',
    'op-started',
    'output',
    'op-ended',
    'waiting',
    'step-done',
    'run-ended',
  ] as const)('at %s: the error comes out and nothing follows it', async kind => {
    let asked = 0
    const a = scripted({
      show: () => (++asked > 3 ? up : null),
      exec: (_, { onLine }) => {
        onLine('out', 'hello')
        return ok()
      },
    })
    const seen: string[] = []
    const plan = planOf(join('a', []), join('b', ['web.join@a']))
    const b = scripted()
    const running = go(plan, setting({ a, b }), {
      emit: event => {
        seen.push(event.kind)
        if (event.kind === kind) throw new Error('disk full')
      },
    })
    if (kind === 'run-ended') {
      await expect(running).rejects.toThrow('disk full')
    } else {
      await expect(running).rejects.toThrow('disk full')
      expect(effects(b)).toEqual([])
    }
    expect(seen.filter(one => one === kind)).toHaveLength(1)
    expect(seen.at(-1)).toBe(kind)
    if (kind === 'run-started' || kind === 'step-started' || kind === 'op-started')
      expect(effects(a)).toEqual([])
  })

  it('is told of before the effect: the intent is on record first', async () => {
    const order: string[] = []
    const a = scripted({
      exec: () => {
        order.push('effect')
        return ok()
      },
    })
    await go(planOf(join('a', [])), setting({ a }), {
      emit: event => {
        order.push(event.kind)
      },
    })
    expect(order.indexOf('op-started')).toBeLessThan(order.indexOf('effect'))
    expect(order.slice(order.indexOf('effect')).includes('op-ended')).toBe(true)
  })
})

describe('an abort', () => {
  it('begins nothing new and waits for what runs', async () => {
    const abort = new AbortController()
    const a = scripted({
      exec: () => {
        abort.abort()
        a.show = () => up
        return ok()
      },
    })
    const b = scripted()
    const plan = planOf(join('a', []), join('b', ['web.join@a']))
    const played = await go(plan, setting({ a, b }), { signal: abort.signal })
    expect(played.run.outcome).toBe('stopped')
    expect([...played.run.steps.values()].map(({ state }) => state)).toEqual(['done', 'waiting'])
    expect(b.calls).toEqual([])
    expect(played.events.at(-1)).toMatchObject({ kind: 'run-ended', outcome: 'stopped' })
  })
  it('before the start begins nothing at all', async () => {
    const a = scripted()
    const played = await go(planOf(join('a', [])), setting({ a }), { signal: AbortSignal.abort() })
    expect(kinds(played.events)).toBe('run-started run-ended')
    expect(a.calls).toEqual([])
  })
})

describe('a failure', () => {
  it('holds what has not begun and lets the others end', async () => {
    const slow = deferred()
    const a = scripted({
      exec: () => {
        setImmediate(() => {
          b.show = () => up
          slow.end(ok())
        })
        return bad(1)
      },
    })
    const b = scripted({ exec: () => slow.wait })
    const c = scripted()
    const plan = planOf(join('a', []), join('b', []), join('c', ['web.join@b']))
    const played = await go(plan, setting({ a, b, c }))
    expect([...played.run.steps.values()].map(({ state }) => state)).toEqual(['failed', 'done', 'waiting'])
    expect(played.run.outcome).toBe('failed')
    expect(c.calls).toEqual([])
  })
  it('in doubt weighs more than a failure', async () => {
    const a = scripted({ exec: () => bad(1) })
    const b = scripted({ exec: () => stopped })
    const { run } = await go(planOf(join('a', []), join('b', [])), setting({ a, b }))
    expect(run.outcome).toBe('in-doubt')
  })
  it('that is a bug stops all others too, and comes out', async () => {
    const never = deferred()
    const a = scripted({ exec: () => never.wait })
    const b = scripted()
    const wrong: Step = {
      ...join('b', []),
      run: [{ exec: { argv: [{ secret: 'env:X' }] }, timeoutSeconds: 1 }],
    }
    await expect(go(planOf(join('a', []), wrong), setting({ a, b }))).rejects.toThrow(
      'a secret may not stand in argv',
    )
  })
})

describe('what may run at once', () => {
  const many = (count: number, change: (step: Step, i: number) => Partial<Step>): Plan =>
    planOf(...names.slice(0, count).map((host, i) => ({ ...join(host, []), ...change(join(host, []), i) })))
  const hosts = (count: number): { [name: string]: Script } =>
    Object.fromEntries(names.slice(0, count).map(name => [name, obedient(null)]))

  it('everything that nothing forbids', async () => {
    expect(
      peak(
        (
          await go(
            many(5, () => ({})),
            setting(hosts(5)),
          )
        ).events,
      ),
    ).toBe(5)
  })
  it('no more than the width', async () => {
    expect(
      peak(
        (
          await go(
            many(5, () => ({})),
            setting(hosts(5)),
            { width: 2 },
          )
        ).events,
      ),
    ).toBe(2)
  })
  it('one step of a lane', async () => {
    const played = await go(
      many(5, (_, i) => ({ lane: i < 3 ? 'bootstrap' : `own ${i}` })),
      setting(hosts(5)),
    )
    expect(peak(played.events, step => /@[abc]$/.test(step))).toBe(1)
    expect(peak(played.events)).toBe(3)
  })
  it('one step a host, also where an op goes to another host', async () => {
    const elsewhere = (step: Step): Partial<Step> => ({
      run: step.run.map(op => ('exec' in op ? { ...op, on: 'g' } : op)),
      goal: [],
      requires: [],
    })
    const stage = setting({ ...hosts(3), g: obedient(null) })
    expect(peak((await go(many(3, elsewhere), stage)).events)).toBe(1)
  })
  it('a step in doubt keeps its lane and host from others until it is resolved', async () => {
    const step = (id: string, host: string): Step => ({ ...join(host, []), id, lane: 'bootstrap' })
    const plan = planOf(step('first', 'a'), step('second', 'b'))
    const at = new Date(0).toISOString()
    const past: Event[] = [
      { at, kind: 'run-started', run: 'R', plan: digest(plan), name: 'toy', steps: 2, resumed: false },
      { at, kind: 'step-started', step: 'second', attempt: 1 },
      { at, kind: 'op-started', step: 'second', op: 0, host: 'b', shown: '' },
    ]
    const played = await go(plan, setting({ a: obedient(null), b: obedient(null) }), { past })
    const order = played.events.slice(4).flatMap(event => (event.kind === 'step-started' ? [event.step] : []))
    expect(order).toEqual(['second', 'first'])
  })
})

describe('the majority of a group', () => {
  const seenUp = (hosts: readonly string[]): { [name: string]: Json } =>
    Object.fromEntries(hosts.map(host => [host, up]))
  const upgrades = (hosts: readonly string[]): Plan => ({
    ...toyPlan(hosts),
    steps: hosts.map(host => upgrade(host, [])),
  })

  it.each([
    ['a member is down', { a: up, b: up, c: { joined: true, up: false } }],
    ['a member could not be asked', { a: up, b: up }],
  ])('is not put at risk when %s, and the end says who was held back', async (_, seen) => {
    const scripts: { [name: string]: Script } = { a: obedient(up), b: obedient(up), c: obedient(up) }
    const plan = upgrades(['a', 'b', 'c'])
    const only = { ...plan, steps: plan.steps.slice(0, 2) }
    const played = await go(only, setting(scripts), { seen })
    expect(played.run.outcome).toBe('stopped')
    expect(played.events.at(-1)).toMatchObject({
      kind: 'run-ended',
      held: [
        { step: 'web.upgrade@a', quorum: 'web', up: 1, members: 3 },
        { step: 'web.upgrade@b', quorum: 'web', up: 1, members: 3 },
      ],
    })
    expect(effects(scripts['a'] ?? scripted())).toEqual([])
  })

  it.each([1, 2])(
    'of %i, which nobody can spare, does not hold back for ever: one at a time',
    async count => {
      const hosts = names.slice(0, count)
      const stage = setting(Object.fromEntries(hosts.map(host => [host, obedient(up)])))
      const played = await go(upgrades(hosts), stage, { seen: seenUp(hosts) })
      expect(played.run.outcome).toBe('done')
      expect(peak(played.events)).toBe(1)
    },
  )

  it('lets the member that is down be mended: that makes nothing worse', async () => {
    const plan = { ...upgrades(['a', 'b', 'c']), steps: [upgrade('c', [])] }
    const c = obedient({ joined: true, up: false })
    const seen = { a: up, b: up, c: { joined: true, version: '1', up: false } }
    expect((await go(plan, setting({ a: obedient(up), b: obedient(up), c }), { seen })).run.outcome).toBe(
      'done',
    )
  })

  it('does not hold back the first member of a group that does not exist yet', async () => {
    const first: Step = {
      ...join('a', []),
      during: [{ fact: 'web.member', host: 'a', is: { joined: true, up: false } }],
    }
    const plan: Plan = { ...toyPlan(['a', 'b', 'c']), steps: [first] }
    const seen = { a: null, b: null, c: null }
    const stage = setting({ a: obedient(null), b: obedient(null), c: obedient(null) })
    expect((await go(plan, stage, { seen })).run.outcome).toBe('done')
  })

  it('is not put at risk by believing an old answer about the goal', async () => {
    // When the run began b was upgraded already; then the first step set it back.
    const b = obedient({ ...up, version: '2' })
    const { exec } = b
    b.exec = (line, options) => {
      if (line.argv[1] === 'upgrade') return exec(line, options)
      b.show = () => up
      return ok()
    }
    const setBack: Step = { ...join('b', []), id: 'web.back@b', goal: [], requires: [] }
    const plan = { ...upgrades(['a', 'b', 'c']), steps: [setBack, upgrade('b', ['web.back@b'])] }
    const seen = { a: up, b: { ...up, version: '2' }, c: { joined: true, version: '1', up: false } }
    const played = await go(plan, setting({ a: obedient(up), b, c: obedient(up) }), { seen })
    expect(played.run.outcome).toBe('stopped')
    expect(played.events.at(-1)).toMatchObject({ held: [{ step: 'web.upgrade@b' }] })
    expect(effects(b)).toEqual(['exec R.web.back@b.1.0'])
  })

  it('counts a step in doubt as under way: its member may go down any moment', async () => {
    const hosts = ['a', 'b', 'c']
    const plan = upgrades(hosts)
    const at = new Date(0).toISOString()
    const past: Event[] = [
      { at, kind: 'run-started', run: 'R', plan: digest(plan), name: 'toy', steps: 3, resumed: false },
      { at, kind: 'step-started', step: 'web.upgrade@c', attempt: 1 },
      { at, kind: 'op-started', step: 'web.upgrade@c', op: 0, host: 'c', shown: '' },
      { at, kind: 'op-ended', step: 'web.upgrade@c', op: 0, code: 0 },
      { at, kind: 'op-started', step: 'web.upgrade@c', op: 1, host: 'c', shown: '' },
    ]
    const stage = setting(Object.fromEntries(hosts.map(host => [host, obedient(up)])))
    const played = await go(plan, stage, { past, seen: seenUp(hosts) })
    const order = played.events
      .slice(past.length)
      .flatMap(event => (event.kind === 'step-started' ? [event.step] : []))
    expect(order[0]).toBe('web.upgrade@c')
    expect(played.run.outcome).toBe('done')
  })

  it('never goes, over random groups, states, widths and durations', async () => {
    const member = fc.constantFrom<Json | undefined>(
      up,
      up,
      up,
      { joined: true, version: '1', up: false },
      null,
      undefined,
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(member, fc.integer({ min: 1, max: 9000 })), { minLength: 1, maxLength: 7 }),
        fc.integer({ min: 1, max: 8 }),
        async (members, width) => {
          const hosts = names.slice(0, members.length)
          // Whoever could not be asked at the start is a member that is down, for all we know.
          const truth = members.map(([seen]) =>
            seen === undefined ? { joined: true, version: '1', up: false } : seen,
          )
          const scripts: { [name: string]: Script } = {}
          const stage = setting(scripts)
          hosts.forEach((host, i) => {
            scripts[host] = obedient(truth[i] ?? null, ms => stage.world.clock.sleep(ms), members[i]?.[1])
          })
          const world = { ...stage.world, hosts: toyPlan(hosts).hosts }
          const seen = Object.fromEntries(
            hosts.flatMap((host, i) => (members[i]?.[0] === undefined ? [] : [[host, members[i][0]]])),
          )
          const group = truth.filter(one => one !== null)
          const isUp = (): number =>
            hosts.filter(host => (scripts[host]?.show() as { up?: boolean } | null)?.up).length
          const atFirst = isUp()
          let lowest = atFirst
          const plan = upgrades(hosts)
          await go(
            { ...plan, steps: plan.steps.filter((_, i) => truth[i] !== null) },
            { world, hosts: scripts },
            {
              seen: seen,
              width,
              emit: () => {
                lowest = Math.min(lowest, isUp())
              },
            },
          )
          const majority = Math.floor(group.length / 2) + 1
          // One or two can spare nobody: there, one at a time.
          const least = group.length <= 2 ? group.length - 1 : majority
          expect(lowest).toBeGreaterThanOrEqual(Math.min(least, atFirst))
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('the events', () => {
  it('fold to the run they came from, whatever happened, cut off anywhere and resumed', async () => {
    const end = fc.constantFrom<Exit>(ok(), ok(), bad(1), bad(undefined), bad(124), stopped)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(end, { minLength: 1, maxLength: 4 }), fc.boolean(), fc.boolean()), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.nat(40),
        async (hosts, cut) => {
          const scripts: { [name: string]: Script } = {}
          hosts.forEach(([exits, shows], i) => {
            let ran = 0
            scripts[names[i] ?? ''] = scripted({
              show: () => (ran > 0 && shows ? up : null),
              exec: (_, { onLine }) => {
                onLine('out', 'x')
                return exits[ran++ % exits.length] ?? ok()
              },
            })
          })
          const plan = planOf(
            ...hosts.map(([, , asks], i) => ({
              ...join(names[i] ?? '', []),
              inDoubt: asks ? ('ask' as const) : ('repeat' as const),
            })),
          )
          const stage = setting(scripts)
          const first = await go(plan, stage)
          const past = first.events.slice(0, cut)
          for (const played of [first, await go(plan, stage, { past })]) {
            const again = played.events.reduce(fold, fresh('R', plan, digest(plan)))
            expect([...again.steps]).toEqual([...played.run.steps])
            expect(again.outcome).toBe(played.run.outcome)
            expect(played.events.at(-1)?.kind).toBe('run-ended')
            for (const { state, failure } of played.run.steps.values()) {
              expect(state === 'failed' || state === 'in-doubt' ? failure : null).toBeDefined()
              expect(state).not.toBe('running')
            }
          }
        },
      ),
      { numRuns: 150 },
    )
  })
})
