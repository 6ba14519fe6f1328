import { expect, it } from 'vitest'
import type { Json, Step } from '../../src/plan/step.ts'
import { join } from '../toy.ts'
import { effects, go, planOf, scripted, setting } from './scripted.ts'

const up = { joined: true, version: '1', up: true }
const may: Step = { ...join('a', []), mayFollow: { checks: join('a', []).goal, hosts: ['a'] } }

/** A host that becomes a member by itself when it has been asked so often, or by its command. */
function host(askedUntil: number) {
  let asked = 0
  let seen: Json = null
  const script = scripted({
    show: () => (++asked > askedUntil ? up : seen),
    exec: () => {
      seen = up
      return { code: 0, stdout: '', stderr: '' }
    },
  })
  return { script, asked: () => asked }
}

it('gives what may come true by itself its time, and does nothing when it has', async () => {
  const { script } = host(5)
  const { run, events } = await go(planOf(may), setting({ a: script }))
  expect(effects(script)).toEqual([])
  expect(run.outcome).toBe('done')
  expect([...run.steps.values()][0]).toMatchObject({ state: 'done', how: 'already', touched: false })
  expect(events.map(one => one.kind)).toContain('waiting')
})

it('acts when it has not come true in its time', async () => {
  const { script } = host(Infinity)
  const { run } = await go(planOf(may), setting({ a: script }))
  expect(effects(script)).toHaveLength(1)
  expect([...run.steps.values()][0]).toMatchObject({ state: 'done', how: 'changed' })
})

it('does not wait when something else is missing', async () => {
  const waiting = host(Infinity)
  await go(planOf({ ...may, mayFollow: { checks: [], hosts: ['a'] } }), setting({ a: waiting.script }))
  const idle = host(Infinity)
  await go(planOf(join('a', [])), setting({ a: idle.script }))
  expect(waiting.asked()).toBe(idle.asked())
})
