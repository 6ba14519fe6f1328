import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../test/lab/command.ts'
import type { BenchHosts } from './hosts.ts'
import type { Tool } from './tools.ts'
import { type Phases, phasesOf } from './phases.ts'
import { prepare, stamp, type Workload, wrongOn } from './workloads.ts'

/** What one program cost, as measure.py says it. */
export interface Cost {
  readonly code: number
  readonly seconds: number
  /** Of all processes on the controller's side. */
  readonly cpuSeconds: number
  /** The largest process. */
  readonly largestMiB: number
  /** Highest sum of PSS over all its processes. 0 unless memory was measured. */
  readonly peakMiB: number
  readonly processes: number
}

export interface Run {
  readonly workload: string
  readonly roundTripMs: number
  readonly tool: string
  readonly round: number
  readonly cost: Cost
  /** Of ours. */
  readonly phases?: Phases
  /** Why this run does not count. */
  readonly wrong?: string
}

/** Seconds that any one run may take. */
const LIMIT_SECONDS = 300

/** Runs a program and says what it cost. @param output file for all that it prints */
export async function measured(
  mode: 'cpu' | 'memory',
  argv: readonly string[],
  output: string,
): Promise<Cost> {
  const { code, out, err } = await command(
    [
      '/usr/bin/python3',
      join(import.meta.dirname, 'measure.py'),
      mode,
      String(LIMIT_SECONDS),
      output,
      ...argv,
    ],
    { timeoutMs: (LIMIT_SECONDS + 30) * 1000, env: { ...process.env, NO_COLOR: '1', CI: 'true' } },
  )
  if (code !== 0) throw new Error(`measure.py ended with ${code}: ${err}`)
  return JSON.parse(out) as Cost
}

/** One cold run, looked over afterwards: one that did not do its work does not count. */
export async function runOnce(
  workload: Workload,
  tool: Tool,
  at: BenchHosts,
  directory: string,
  mode: 'cpu' | 'memory' = 'cpu',
): Promise<{ readonly cost: Cost; readonly phases?: Phases; readonly wrong?: string }> {
  const own = join(directory, tool.id)
  rmSync(own, { recursive: true, force: true })
  mkdirSync(own, { recursive: true })
  const hosts = at.hosts.slice(0, workload.hosts)
  for (const host of hosts) prepare(workload, host)
  const before = hosts.map(host => (workload.from === 'done' ? stamp(workload, host) : undefined))
  const output = join(own, 'output')
  const beganMs = Date.now()
  const cost = await measured(mode, tool.command(workload, at, own), output)
  const phases = phasesOf(join(own, 'runs'), beganMs, Date.now())
  if (cost.code !== 0) {
    const said = readFileSync(output, 'utf8').trimEnd().split('\n').slice(-5).join(' | ')
    return { cost, wrong: `ended with ${cost.code}: ${said}` }
  }
  const wrong = hosts.map((host, i) => wrongOn(workload, host, before[i])).find(one => one !== undefined)
  return { cost, ...(phases !== undefined && { phases }), ...(wrong !== undefined && { wrong }) }
}
