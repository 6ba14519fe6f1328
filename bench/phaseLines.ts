import type { Phases } from './phases.ts'
import type { Run } from './runs.ts'
import { row, type Spread, spread } from './statistics.ts'

/** What a missed goal is spent on. */
export function phaseLines(runs: readonly Run[]): readonly string[] {
  const own = runs.filter(run => run.phases !== undefined && run.wrong === undefined)
  if (own.length === 0) return []
  const groups = new Map<string, Run[]>()
  for (const run of own) {
    const key = `${run.workload} | ${run.tool} | ${run.roundTripMs}`
    groups.set(key, [...(groups.get(key) ?? []), run])
  }
  const median = (some: readonly Run[], of: (phases: Phases) => number): Spread | undefined =>
    spread(some.flatMap(({ phases }) => (phases === undefined ? [] : [of(phases)])))
  const cell = (seen: Spread | undefined, digits = 2): string =>
    seen === undefined ? '' : seen.median.toFixed(digits)
  return [
    '## Where the seconds of ours go',
    '',
    row([
      'workload',
      'tool',
      'RTT',
      'start, way in, look, plan, lease',
      'steps',
      'copies, giving back, end',
      'messages',
      'ops',
    ]),
    row(Array<string>(8).fill('---')),
    ...[...groups].map(([key, some]) =>
      row([
        ...key.split(' | '),
        cell(median(some, one => one.before)),
        cell(median(some, one => one.steps)),
        cell(median(some, one => one.after)),
        cell(
          median(some, one => one.messages),
          0,
        ),
        cell(
          median(some, one => one.ops),
          0,
        ),
      ]),
    ),
    '',
  ]
}
