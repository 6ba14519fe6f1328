import type { Turns } from './alone.ts'
import { sizes } from './alone.ts'
import {
  costGoals,
  goals,
  outputRatio,
  planningMiB,
  planningSeconds,
  startRatio,
  sweepCasesPerSecond,
} from './goals.ts'
import { phaseLines } from './phaseLines.ts'
import type { Run } from './runs.ts'
import { growth, row, shown, type Spread, spread } from './statistics.ts'
import { tools } from './tools.ts'
import { type Workload, workloads } from './workloads.ts'

/** All that a bench found, from which its page is made. */
export interface Findings {
  readonly command: string
  readonly date: string
  readonly machine: readonly string[]
  readonly peers: readonly string[]
  /** Wished and measured round trips, ms. */
  readonly wire: readonly { readonly wanted: number; readonly seen: number }[]
  readonly runs: readonly Run[]
  readonly memory: readonly Run[]
  starts?: Turns
  plans?: Turns
  outputs?: Turns
  sweep?: { readonly cases: number; readonly seconds: number }
  /** It did not get to its end: what is not here was not measured. */
  readonly stopped: boolean
  readonly minutes: number
}

const ours = 'runbook'
const floor = 'ssh-batch'
const verdict = (good: boolean): string => (good ? 'PASS' : 'short')

/** The whole page. */
export function page(found: Findings): string {
  const measured = workloads.filter(({ id }) => found.runs.some(run => run.workload === id))
  const wrong = found.runs.filter(run => run.wrong !== undefined)
  return [
    '# What the bench measured',
    '',
    `Made by \`${found.command}\` on ${found.date}, in ${found.minutes.toFixed(0)} minutes. Not edited.`,
    ...(found.stopped ? ['**Stopped before its end: what is missing below was not measured.**'] : []),
    '',
    ...[...found.machine, ...found.peers].map(line => `- ${line}`),
    ...found.wire.map(
      ({ wanted, seen }) => `- wire of ${wanted} ms: TCP handshake measured ${seen.toFixed(1)} ms`,
    ),
    `- ${found.runs.length} runs, ${wrong.length} of them did not do their work and do not count`,
    ...wrong
      .slice(0, 10)
      .map(run => `  - ${run.tool}, ${run.workload}, RTT ${run.roundTripMs}: ${run.wrong ?? ''}`),
    '',
    'All tools in turn, each from a cold start, each run looked over afterwards. Seconds are median (lowest-highest); `x` is the',
    'median of the ratios to `ssh-batch` in the same round; (1) is a single run. The hosts run on the same processors as the',
    'controller, so tools that start much there are punished more than they would be by real hosts. `runbook` is the bundle, with its',
    'schema, plan, journal (fsync), progress and host keys; what the hosts write is in memory. Its commands are declared to end within',
    '10 s. W6 (a file of 50 MB) cannot be said in a playbook: a file beside it may have 1 MiB.',
    '',
    ...goalLines(found),
    ...measured.flatMap(workload => table(workload, found)),
    ...phaseLines(found.runs),
    ...aloneLines(found),
    '',
  ].join('\n')
}

function at(found: Findings, workload: string, tool: string, roundTripMs: number): readonly Run[] {
  return found.runs.filter(
    run =>
      run.workload === workload &&
      run.tool === tool &&
      run.roundTripMs === roundTripMs &&
      run.wrong === undefined,
  )
}

/** Ratios of seconds, each within its round. */
function ratios(runs: readonly Run[], to: readonly Run[]): Spread | undefined {
  return spread(
    runs.flatMap(run => {
      const other = to.find(one => one.round === run.round)
      return other === undefined ? [] : [run.cost.seconds / other.cost.seconds]
    }),
  )
}

function goalLines(found: Findings): readonly string[] {
  const rows = goals.flatMap(({ workload, title, ratio, tool = ours }) =>
    Object.entries(ratio).flatMap(([ms, most]) => {
      const roundTripMs = Number(ms)
      const seen = ratios(at(found, workload, tool, roundTripMs), at(found, workload, floor, roundTripMs))
      if (seen === undefined) return []
      const good = seen.median <= most
      return [row([`${workload} ${title}`, `RTT ${ms}`, `${most} x`, `${shown(seen)} x`, verdict(good)])]
    }),
  )
  const costs = costGoals.flatMap(({ workload, what, unit, most }) => {
    const runs =
      what === 'controller CPU'
        ? at(found, workload, ours, 0)
        : found.memory.filter(run => run.workload === workload && run.tool === ours)
    const seen = spread(
      runs.map(({ cost }) => (what === 'controller CPU' ? cost.cpuSeconds : cost.largestMiB)),
    )
    if (seen === undefined) return []
    const digits = unit === 's' ? 2 : 0
    return [
      row([
        `${workload} ${what}`,
        '',
        `${most} ${unit}`,
        `${shown(seen, digits)} ${unit}`,
        verdict(seen.median <= most),
      ]),
    ]
  })
  const all = [...rows, ...costs, ...aloneGoals(found)]
  if (all.length === 0) return []
  return [
    '## Goals',
    '',
    row(['what', '', 'at most', 'measured', '']),
    row(Array<string>(5).fill('---')),
    ...all,
    '',
  ]
}

function aloneGoals({ starts, plans, outputs, sweep }: Findings): readonly string[] {
  const rows: string[] = []
  const node = starts?.['node -e 0'] ?? []
  for (const [name, costs] of Object.entries(starts ?? {})) {
    if (name === 'node -e 0') continue
    const seen = spread(costs.map((cost, i) => cost.seconds / (node[i]?.seconds ?? Number.NaN)))
    if (seen)
      rows.push(
        row([
          `start: ${name}`,
          '',
          `${startRatio} × node`,
          `${shown(seen)} ×`,
          verdict(seen.median <= startRatio),
          '',
        ]),
      )
  }
  const largest = plans?.['10000']
  if (largest) {
    const seconds = spread(largest.map(cost => cost.seconds))
    const mib = spread(largest.map(cost => cost.largestMiB))
    if (seconds)
      rows.push(
        row([
          'planning 10,000 steps',
          '',
          `${planningSeconds} s`,
          `${shown(seconds)} s`,
          verdict(seconds.median <= planningSeconds),
          '',
        ]),
      )
    if (mib)
      rows.push(
        row([
          'planning 10,000 steps',
          '',
          `${planningMiB} MiB`,
          `${shown(mib, 0)} MiB`,
          verdict(mib.median <= planningMiB),
          '',
        ]),
      )
  }
  const { silent = [], lines = [] } = outputs ?? {}
  const cost = spread(lines.map(({ seconds }, i) => seconds / (silent[i]?.seconds ?? Number.NaN)))
  if (cost)
    rows.push(
      row([
        '100,000 lines in 10 s, over silent',
        '',
        `${outputRatio} ×`,
        `${shown(cost)} ×`,
        verdict(cost.median <= outputRatio),
        '',
      ]),
    )
  if (sweep) {
    const rate = sweep.cases / sweep.seconds
    rows.push(
      row([
        'fault sweep',
        '',
        `at least ${sweepCasesPerSecond} cases/s`,
        `${rate.toFixed(0)} cases/s`,
        verdict(rate >= sweepCasesPerSecond),
        '',
      ]),
    )
  }
  return rows
}

/** One workload: a line for each tool. */
function table(workload: Workload, found: Findings): readonly string[] {
  const trips = [
    ...new Set(found.runs.filter(run => run.workload === workload.id).map(run => run.roundTripMs)),
  ].sort((a, b) => a - b)
  const header = [
    'tool',
    ...trips.flatMap(ms => [`RTT ${ms} s`, 'x']),
    'controller CPU s',
    'peak MiB (processes)',
  ]
  const rows = tools.flatMap(({ id, title }) => {
    if (!found.runs.some(run => run.workload === workload.id && run.tool === id)) return []
    const cells = trips.flatMap(ms => {
      const runs = at(found, workload.id, id, ms)
      const x = ratios(runs, at(found, workload.id, floor, ms))
      return [shown(spread(runs.map(run => run.cost.seconds))), x?.median.toFixed(2) ?? '']
    })
    const cpu = spread(at(found, workload.id, id, 0).map(run => run.cost.cpuSeconds))
    const [memory] = found.memory.filter(run => run.workload === workload.id && run.tool === id)
    return [
      row([
        `${id} (${title})`,
        ...cells,
        shown(cpu),
        memory === undefined ? '' : `${memory.cost.peakMiB.toFixed(0)} (${memory.cost.processes})`,
      ]),
    ]
  })
  return [`## ${workload.id} ${workload.title}`, '', row(header), row(header.map(() => '---')), ...rows, '']
}

function aloneLines({ starts, plans, outputs, sweep }: Findings): readonly string[] {
  const lines: string[] = []
  const cells = (turns: Turns): readonly string[] =>
    Object.entries(turns).map(([name, costs]) =>
      row([
        name,
        shown(spread(costs.map(cost => cost.seconds)), 3),
        shown(spread(costs.map(cost => cost.cpuSeconds)), 3),
        shown(spread(costs.map(cost => cost.largestMiB)), 0),
      ]),
    )
  const head = (first: string): readonly string[] => [
    row([first, 'seconds', 'CPU s', 'MiB']),
    row(Array<string>(4).fill('---')),
  ]
  if (starts) lines.push('## Start', '', ...head('program'), ...cells(starts), '')
  if (plans) {
    const points = sizes.flatMap(({ steps }) => {
      const median = spread((plans[`${steps}`] ?? []).map(cost => cost.cpuSeconds))?.median
      return median === undefined ? [] : [{ size: steps, cost: median }]
    })
    lines.push(
      '## Planning: `plan --offline`, that is validate, compile, preview and all the text',
      '',
      ...head('steps (on 100, 1,000, 1,000 hosts)'),
      ...cells(plans),
      '',
      `CPU grows with steps to the power ${growth(points).toFixed(2)} over all sizes, ${growth(points.slice(-2)).toFixed(2)} from 1,000 to 10,000; 1 is linear.`,
      '',
    )
  }
  if (outputs)
    lines.push(
      '## Output: a command of 10 s that says nothing, and one that says 100,000 lines',
      '',
      ...head('command'),
      ...cells(outputs),
      '',
    )
  if (sweep) lines.push('## Fault sweep', '', `${sweep.cases} cases in ${sweep.seconds} s.`)
  return lines
}
