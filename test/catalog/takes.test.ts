import { describe, expect, it } from 'vitest'
import { products } from '../../src/catalog/index.ts'
import type { Io } from '../../src/cli/io.ts'
import { loadGood } from '../../src/cli/load.ts'
import { offline } from '../../src/cli/survey.ts'
import type { Step } from '../../src/plan/step.ts'
import { changes, planOf } from '../changes/changes.ts'

/**
 * Durations that were seen (docker-enterprise.md 11.2, seconds). `usual`: the typical seconds lie in there, or above where the step does
 * more than what was timed. `atLeast`: what somebody waits for in the field, so what is slow here may be no less.
 */
const seen: readonly {
  readonly what: string
  readonly kind: string
  readonly usual: readonly [number, number]
  readonly atLeast: number
}[] = [
  { what: 'DTR install: 114 to 160 s', kind: 'dtr.install', usual: [114, 160], atLeast: 160 },
  { what: 'DTR join: 100 to 183 s', kind: 'dtr.join', usual: [100, 183], atLeast: 183 },
  {
    what: 'UCP install, images present: 50 to 60 s; we pull too',
    kind: 'ucp.install',
    usual: [50, 120],
    atLeast: 300,
  },
  {
    what: 'a node becomes ready: waited for up to 180 s',
    kind: 'ucp.joinWorker',
    usual: [5, 60],
    atLeast: 180,
  },
  {
    what: 'UCP answers /_ping: waited for 10 x 30 s',
    kind: 'ucp.joinManager',
    usual: [60, 300],
    atLeast: 300,
  },
  {
    what: 'reconfigure waits up to 600 s a replica',
    kind: 'dtr.reconfigure',
    usual: [60, 600],
    atLeast: 600,
  },
]

const io = { cwd: process.cwd(), env: {}, err: () => undefined } as unknown as Io

async function allSteps(): Promise<readonly Step[]> {
  const bare = await loadGood('playbooks/dtr-ha.yml', io)
  const named = ['change-url', 'shrink-5-to-3', 'upgrade-dtr', 'upgrade-ucp', 'upgrade-engines']
  const plans = await Promise.all(changes.filter(one => named.includes(one.name)).map(one => planOf(one)))
  return [
    ...offline(bare.topology, bare.digest, products).plan.steps,
    ...plans.flatMap(saved => saved.plan.steps),
  ]
}

describe('the seconds of the catalog', () => {
  it.each(seen)('$what', async ({ kind, usual: [low, high], atLeast }) => {
    const steps = (await allSteps()).filter(step => step.kind === kind)
    expect(steps.length).toBeGreaterThan(0)
    for (const { takes } of steps) {
      expect(takes.p50Seconds).toBeGreaterThanOrEqual(low)
      expect(takes.p50Seconds).toBeLessThanOrEqual(high)
      expect(takes.p90Seconds).toBeGreaterThanOrEqual(atLeast)
    }
  })

  it('are positive, and slow is never quicker than typical', async () => {
    for (const { id, takes } of await allSteps()) {
      expect(takes.p50Seconds, id).toBeGreaterThan(0)
      expect(takes.p90Seconds, id).toBeGreaterThanOrEqual(takes.p50Seconds)
    }
  })
})
