import { expect, it } from 'vitest'
import { twinDtr } from '../../src/catalog/dtr/state.ts'
import { bareEstate } from '../../src/catalog/os/bareHost.ts'
import { preview } from '../../src/plan/preview.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { look, playbook, printedMargin, watched } from './pairs.ts'

/** The registry of seven hosts with its first so many as replicas; what is too much goes. */
const of = (count: number) =>
  playbook(
    Array.from({ length: count }, (_, i) => `d${i + 1}`),
    { prune: true },
    undefined,
    7,
  )

it(
  'goes from 1 to 3, 5 and 7 replicas and back to 5, one at a time, the margin as printed',
  { timeout: 120_000 },
  async () => {
    let estate: Estate = { ...bareEstate(of(1)), clockMs: Date.UTC(2026, 0, 1) }
    const done: string[] = []
    for (const count of [1, 3, 5, 7, 5]) {
      const seen = await look(of(count), estate)
      expect(seen.findings.filter(one => one.severity === 'error')).toEqual([])
      const outlooks = preview(seen.plan, seen.facts).filter(one => one.will !== 'hold')
      const steps = seen.plan.steps.filter(step => outlooks.some(one => one.step === step.id))
      const { performance, lowest } = await watched(seen.plan, estate)
      expect(performance.run.outcome).toBe('done')
      // What a first replica costs itself on its way is no majority anybody had.
      if (count > 1) expect(lowest).toBeGreaterThanOrEqual(printedMargin(seen))
      estate = structuredClone(performance.estate)
      for (const host of Object.values(estate.hosts)) host.jobs = {}
      const kinds = steps.map(step => step.kind)
      const many = (kind: string): number => kinds.filter(one => one === kind).length
      done.push(`${count}: +${many('dtr.install') + many('dtr.join')} -${many('dtr.remove')}`)
      expect(
        Object.values(twinDtr(estate)?.members ?? {})
          .map(one => one.host)
          .sort(),
      ).toEqual(of(count).roles['dtr'])
      const again = await look(of(count), estate)
      expect(preview(again.plan, again.facts).filter(one => one.will !== 'hold')).toEqual([])
    }
    expect(done).toEqual(['1: +1 -0', '3: +2 -0', '5: +2 -0', '7: +2 -0', '5: +0 -2'])
  },
)
