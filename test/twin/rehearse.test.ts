import { expect, test } from 'vitest'
import { preview } from '../../src/plan/preview.ts'
import { play, rehearse } from '../../src/twin/rehearse.ts'
import type { Model } from '../../src/twin/estate.ts'
import { join, toyModel, toyPlan, toyStage } from '../toy.ts'

const three = ['a', 'b', 'c']
const five = ['a', 'b', 'c', 'd', 'e']

test('every call and every fault: after a resume the estate is the same', async () => {
  const result = await rehearse(toyPlan(three), toyStage(three))
  expect(result.stuck).toEqual([])
  expect(result.diverged).toEqual([])
  expect(result.unfaithful).toEqual([])
  expect(result.unplanned).toEqual([])
  expect(result.cases).toBe(result.calls * 5)
  expect(result.cases).toBeGreaterThan(100)
})

test('a goal that a later step undoes is caught', async () => {
  const plan = toyPlan(three)
  const odd = {
    ...plan,
    steps: plan.steps.map(step =>
      step.kind === 'web.join'
        ? { ...step, goal: [{ fact: 'web.member', host: step.host, is: { version: '1' } }] }
        : step,
    ),
  }
  const result = await rehearse(odd, toyStage(three))
  expect(result.unfaithful).toHaveLength(3)
})

test('a probe that changes the estate is caught', async () => {
  const stage = toyStage(three)
  const sly = {
    ...stage,
    models: [
      ...stage.models.map((model): typeof model => (line, host, estate) => {
        if (line.argv[1] === 'show') estate.shared['looked'] = true
        return model(line, host, estate)
      }),
    ],
  }
  await expect(rehearse(toyPlan(three), sly)).rejects.toThrow('a probe changed the estate: web show')
})

test('a host that forgets its jobs makes a step without a goal run twice, and the sweep says so', async () => {
  const plan = toyPlan(['a'])
  const bump = {
    ...join('a', []),
    id: 'web.bump@a',
    requires: [],
    goal: [],
    run: [{ exec: { argv: ['web', 'bump'] }, timeoutSeconds: 5 }],
  }
  const count: Model = (line, host, estate) => {
    if (line.argv[1] !== 'bump') return undefined
    const state = estate.hosts[host]?.state as { count?: number }
    state.count = (state.count ?? 0) + 1
    return { code: 0, stdout: '', stderr: '' }
  }
  const stage = { ...toyStage(['a']), models: [count, toyModel] }
  const memory = await rehearse({ ...plan, steps: [bump] }, stage)
  expect(memory.diverged).toEqual([])
  const forgetful = await rehearse({ ...plan, steps: [bump] }, { ...stage, twin: { forgetJobs: true } })
  expect(forgetful.diverged.map(({ fault }) => fault.kind)).toEqual(['reply-lost', 'killed-after'])
})

test('a step that must not be repeated ends in doubt when its host forgot what became of it, and is never begun twice', async () => {
  const plan = toyPlan(['a'])
  const asking = { ...plan, steps: [{ ...join('a', []), inDoubt: 'ask' as const }] }
  const remembered = await rehearse(asking, toyStage(['a']))
  expect(remembered).toMatchObject({ stuck: [], diverged: [] })
  let joins = 0
  const counting: Model = (line, host, estate) => {
    if (line.argv[1] === 'join') joins += 1
    return toyModel(line, host, estate)
  }
  // Nothing ever shows whether it worked, and the host does not remember: only a person can tell.
  const blind = { ...asking, steps: asking.steps.map(step => ({ ...step, goal: [], requires: [] })) }
  const forgetful = { ...toyStage(['a']), models: [counting], twin: { forgetJobs: true } }
  const result = await rehearse(blind, forgetful)
  expect(result.stuck).toEqual([])
  expect(result.inDoubt).toBeGreaterThan(0)
  for (const kind of ['refused', 'reply-lost', 'killed-before', 'killed-after'] as const) {
    for (let at = 0; at < result.calls; at++) {
      joins = 0
      await play(blind, forgetful, {}, { at, kind })
      expect(joins, `${kind} at call ${at}`).toBeLessThanOrEqual(1)
    }
  }
})

test('a goal too weak to tell half done from done is found by the faults', async () => {
  const early: Model = (line, host, estate) => {
    const state = estate.hosts[host]?.state as { version?: string }
    if (line.argv[1] === 'upgrade') state.version = line.argv[2] ?? ''
    return toyModel(line, host, estate)
  }
  const plan = toyPlan(three)
  const weak = {
    ...plan,
    steps: plan.steps.map(step =>
      step.kind === 'web.upgrade'
        ? { ...step, goal: [{ fact: 'web.member', host: step.host, is: { version: '2' } }] }
        : step,
    ),
  }
  const result = await rehearse(weak, { ...toyStage(three), models: [early] })
  expect(result.diverged.map(({ fault }) => fault.kind)).toContain('killed-after')
  expect((await rehearse(plan, { ...toyStage(three), models: [early] })).diverged).toEqual([])
})

test('a secret is found in argv and in the plan', async () => {
  const open = join('a', [])
  const careless = {
    ...open,
    run: [...open.run, { exec: { argv: ['web', 'show', 'tok-12345-secret'] }, timeoutSeconds: 5 }],
  }
  const result = await rehearse({ ...toyPlan(['a']), steps: [careless] }, toyStage(['a']))
  expect(result.leaks).toEqual(['argv of web', 'the plan'])
  expect((await rehearse({ ...toyPlan(['a']), steps: [open] }, toyStage(['a']))).leaks).toEqual([])
})

test('a command that was planned and is not needed is told', async () => {
  const first = join('a', [])
  // What the join brings along, and its goal does not say.
  const tag = {
    ...join('a', [first.id]),
    id: 'web.tag@a',
    requires: [],
    goal: [{ fact: 'web.member', host: 'a', is: { version: '1' } }],
  }
  const result = await rehearse({ ...toyPlan(['a']), steps: [first, tag] }, toyStage(['a']))
  expect(result.unplanned).toHaveLength(1)
  expect(result.unplanned[0]).toMatch(/^web\.tag@a: planned .*, ran \[\]$/)
})

test.each([
  [three, 1],
  [five, 2],
])('upgrades of %j without any order among them: %i at a time', async (names, most) => {
  const { events } = await play(toyPlan(names), toyStage(names), {})
  let running = 0
  let peak = 0
  for (const event of events) {
    if (event.kind === 'step-started' && event.step.startsWith('web.upgrade'))
      peak = Math.max(peak, ++running)
    if (event.kind === 'step-done' && event.step.startsWith('web.upgrade')) running -= 1
  }
  expect(peak).toBe(most)
})

test('a second run does nothing', async () => {
  const first = await play(toyPlan(three), toyStage(three), {})
  const second = await play(toyPlan(three), { ...toyStage(three), estate: first.estate }, {})
  expect([...second.run.steps.values()].every(step => step.how === 'already')).toBe(true)
  expect(second.calls.count).toBe(0)
  expect(second.events.map(event => event.kind)).not.toContain('op-started')
})

test('the preview of a bare estate lists every step and the margin while it runs', () => {
  const bare = new Map(three.map(name => [`web.member@${name}`, null]))
  const outlooks = preview(toyPlan(three), bare)
  expect(outlooks.map(outlook => outlook.will)).toEqual(['run', 'run', 'run', 'run', 'run', 'run'])
  expect(outlooks.map(outlook => outlook.margins['web'])).toMatchObject([
    { up: 1, members: 1, spare: 0 },
    { up: 2, members: 2, spare: 0 },
    { up: 3, spare: 1 },
    { up: 3 },
    { up: 3 },
    { up: 3 },
  ])
  expect(outlooks[3]?.lowest['web']).toEqual({ up: 2, members: 3, spare: 0 })
})
