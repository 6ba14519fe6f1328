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

test('a step that must not be repeated ends in doubt when its host forgot what became of it', async () => {
  const plan = toyPlan(['a'])
  const asking = { ...plan, steps: [{ ...join('a', []), inDoubt: 'ask' as const }] }
  const result = await rehearse(asking, toyStage(['a']))
  expect(result.stuck).toEqual([])
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
