import { expect, it } from 'vitest'
import { recipeNamed } from '../../../src/catalog/recover/index.ts'
import { storageLoss } from '../../../src/catalog/recover/storageLoss.ts'
import { keepStore, storeOf } from '../../../src/catalog/storage/state.ts'
import { built, errors, recovered } from './onTwin.ts'

const URL = 'nfs://198.51.100.40/export/dtr'

it('stops at the storage with what hosts were told while it is away, and removes nobody for it', async () => {
  const cluster = await built('dtr-ha')
  const estate = structuredClone(cluster.stage.estate)
  keepStore(estate, URL, { ...storeOf(estate, URL), down: true })
  const { seen, run, argv } = await recovered(cluster, estate, storageLoss)
  expect(errors(seen)).toEqual([])
  expect(run.outcome).toBe('failed')
  const failed = [...run.steps].filter(([, step]) => step.failure !== undefined)
  expect(failed.map(([id]) => id)).toEqual(['storage.mark@d1', 'storage.mark@d2', 'storage.mark@d3'])
  expect(JSON.stringify(failed)).toContain('Connection refused')
  expect(argv.join('\n')).not.toMatch(/emergency-repair|dtr:2\.7\.6 (remove|destroy|join)/)
  // Neither a member nor the majority is taken for lost.
  for (const name of ['dtr-replica-loss', 'dtr-majority-loss']) {
    const recipe = recipeNamed(name)
    const refusal = errors(await cluster.look(estate, recipe?.products([]) ?? []))
    expect(refusal.join('\n'), name).toContain('RB0862')
  }
})
