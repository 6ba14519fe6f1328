import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { engineState } from '../../src/catalog/docker/estate.ts'
import { stopReplica, twinDtr } from '../../src/catalog/dtr/state.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { built, pair, playbook } from './pairs.ts'

const all = ['d1', 'd2', 'd3', 'd4', 'd5']
const made = new Map<'one' | 'two' | 'three' | 'five', Estate>()
beforeAll(async () => {
  for (const from of ['one', 'two', 'three', 'five'] as const) made.set(from, await built(from))
})

const failures = ['none', 'stop', 'wipe', 'forget', 'helper'] as const

function fail(estate: Estate, host: string, failure: (typeof failures)[number]): void {
  const members = twinDtr(estate)?.members ?? {}
  const id = Object.keys(members).find(one => members[one]?.host === host)
  const engine = engineState(estate, host)
  if (failure === 'helper')
    engine.containers['dtr-phase2'] = { image: '', startsMs: 0, healthyMs: null, exitCode: 1, labels: {} }
  if (id === undefined) return
  if (failure === 'stop') stopReplica(estate, id)
  if (failure === 'forget') Reflect.deleteProperty(members, id)
  if (failure === 'wipe')
    for (const parts of [engine.containers, engine.volumes])
      for (const name of Object.keys(parts)) if (name.endsWith(id)) Reflect.deleteProperty(parts, name)
}

it('ends as declared or refuses by name, and the margin is never under the printed one', async () => {
  const ends = { reached: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('one', 'two', 'three', 'five' as const),
      fc.constantFrom(...all),
      fc.constantFrom(...failures),
      fc.subarray(all, { minLength: 1 }),
      fc.boolean(),
      async (from, host, failure, wanted, prune) => {
        const estate = structuredClone(made.get(from as 'one') ?? (await built('one')))
        fail(estate, host, failure)
        const topology = playbook(wanted, prune ? { prune: true } : {})
        const ending = await pair({ name: `${from} ${failure} ${host}`, estate }, wanted.join(' '), topology)
        expect(ending).not.toMatchObject({ end: 'wrong' })
        ends[ending.end === 'reached' ? 'reached' : 'refused'] += 1
        if (ending.lowest) expect(ending.lowest.seen).toBeGreaterThanOrEqual(ending.lowest.printed)
      },
    ),
    { numRuns: 60, seed: 20260101 },
  )
  expect(ends.reached).toBeGreaterThan(15)
}, 120_000)
