import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Drill } from '../../src/plan/drill.ts'
import type { Event } from '../../src/run/event.ts'
import { drillFigures, verdicts } from '../../src/run/drillFigures.ts'

const drill: Drill = {
  name: 'd',
  title: 'D',
  controls: [],
  mode: 'rehearse',
  objectives: {
    rtoSeconds: { pull: 60 },
    rpoSeconds: { images: 0 },
    detectSeconds: 5,
    redundancySeconds: 100,
  },
  roles: {},
  excluded: [],
  require: [],
  abortWhen: [],
  maxDurationSeconds: 3600,
  canaries: { from: 'w', goodRun: 3, everySeconds: { pull: 2, push: 10 } },
  phases: [
    { id: 'fault', title: 'F', kind: 'fault', faults: [] },
    { id: 'recover', title: 'R', kind: 'recover', recipe: 'x', hosts: [], undoFaults: false },
  ],
}
const bornMs = Date.UTC(2026, 0, 1)
const at = (ms: number): string => new Date(bornMs + ms).toISOString()
const strikes = (ms: number): Event[] => [
  { at: at(ms), kind: 'phase-started', phase: 'fault', title: 'F' },
  { at: at(ms), kind: 'op-started', step: 's', op: 0, host: 'h', shown: '' },
]
const pull = (startMs: number, endMs: number, seq: number, ok: boolean | null): Event => ({
  at: at(endMs),
  kind: 'canary',
  service: 'pull',
  seq,
  startedAt: at(startMs),
  ok,
})
const inOrder = (events: readonly Event[]): Event[] =>
  events.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))

describe('the figures of a drill', () => {
  it('a known outage is measured to within one period of the canary, and never too short', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 30_000 }),
        fc.integer({ min: 10, max: 900 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 0, max: 600_000 }),
        (periodMs, tookMs, faultMs, lastsMs) => {
          // A try that is at work while the service is out for any of its time fails.
          const tries = Array.from({ length: Math.ceil((faultMs + lastsMs) / periodMs) + 6 }, (_, i) => {
            const start = i * periodMs
            const isOut = start < faultMs + lastsMs && start + tookMs > faultMs
            return pull(start, start + Math.min(tookMs, periodMs), i, !isOut)
          })
          const { services } = drillFigures(inOrder([...strikes(faultMs), ...tries]), drill)
          const seconds = services[0]?.rtoSeconds ?? -1
          if (services[0]?.failed === 0) return seconds === 0 && lastsMs < periodMs
          return seconds * 1000 >= lastsMs && seconds * 1000 <= lastsMs + periodMs + tookMs
        },
      ),
      { numRuns: 300, seed: 1 },
    )
  })

  it('known lost writes give the exact loss', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 9_999 }),
        (kept, lost, gapMs) => {
          const writes = Array.from({ length: kept + lost }, (_, i): Event => ({
            ...{
              at: at(i * 10_000),
              kind: 'canary',
              service: 'push',
              seq: i,
              startedAt: at(i * 10_000),
              ok: true,
            },
            tag: `t${i}`,
          }))
          const faultMs = (kept + lost - 1) * 10_000 + gapMs
          const looks = writes.map((_, i): Event => ({
            ...{ at: at(faultMs + 1000), kind: 'found', service: 'push', tag: `t${i}`, there: i < kept },
          }))
          const [images] = drillFigures([...writes, ...strikes(faultMs), ...looks], drill).losses
          const wanted = lost === 0 ? 0 : (faultMs - (kept - 1) * 10_000) / 1000
          return images?.rpoSeconds === wanted && images.lost.length === lost && images.unknown === 0
        },
      ),
      { numRuns: 200, seed: 1 },
    )
  })

  it('a write of which nothing could be told is no loss and no proof', () => {
    const write: Event = {
      at: at(0),
      kind: 'canary',
      service: 'push',
      seq: 0,
      startedAt: at(0),
      ok: true,
      tag: 't',
    }
    const look = (there: boolean | null): Event => ({
      at: at(9000),
      kind: 'found',
      service: 'push',
      tag: 't',
      there,
    })
    const of = (there: boolean | null) =>
      drillFigures([write, ...strikes(5000), look(there)], drill).losses[0]
    expect(of(null)).toMatchObject({ rpoSeconds: null, lost: [], unknown: 1 })
    expect(of(false)).toMatchObject({ rpoSeconds: 5, lost: ['t'], atLeast: true })
    expect(of(true)).toMatchObject({ rpoSeconds: 0, lost: [] })
    expect(drillFigures([write, ...strikes(5000)], drill).losses[0]?.rpoSeconds).toBeNull()
  })

  it('flapping shows in the outage, tries that could not be made in neither', () => {
    const tries = [true, false, true, null, false, true, true, true].map((ok, i) =>
      pull(i * 2000 + 100, i * 2000 + 200, i, ok),
    )
    const [own] = drillFigures(inOrder([...strikes(1000), ...tries]), drill).services
    expect(own).toMatchObject({ tries: 8, failed: 2, unknown: 1, rtoSeconds: 9.2, outageSeconds: 4.2 })
  })

  it('a service that does not come back has no recovery time, and its objective is missed', () => {
    const tries = [true, false, false, true].map((ok, i) => pull(i * 2000, i * 2000 + 100, i, ok))
    const figures = drillFigures(inOrder([...strikes(1000), ...tries]), drill)
    expect(figures.services[0]?.rtoSeconds).toBeNull()
    expect(verdicts(figures, drill)).toContainEqual({
      ...{ objective: 'RTO pull', targetSeconds: 60, seconds: null, met: false },
    })
    expect(verdicts(figures, drill).find(one => one.objective === 'detection')?.met).toBeNull()
  })

  it('full redundancy is as many members as before, not as many as are left', () => {
    const look = (ms: number, up: number, members: number): Event => ({
      ...{ at: at(ms), kind: 'quorums', groups: { db: { up, members } } },
    })
    const figures = drillFigures(
      inOrder([look(0, 3, 3), ...strikes(1000), look(2000, 2, 3), look(3000, 2, 2), look(9000, 3, 3)]),
      drill,
    )
    expect(figures).toMatchObject({ fullAt: at(9000), redundancySeconds: 8, withoutSpareSeconds: 8 })
  })
})
