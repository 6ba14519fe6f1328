import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { command, must } from '../test/lab/command.ts'
import { locked } from '../test/lab/lock.ts'
import { outputs, plans, starts, sweepRate } from './alone.ts'
import { type BenchHosts, startHosts } from './hosts.ts'
import { machineLines, peers } from './machine.ts'
import { type Findings, page } from './report.ts'
import { type Run, runOnce } from './runs.ts'
import { type Tool, tools } from './tools.ts'
import { type Workload, workloads } from './workloads.ts'

/**
 * Measures runbook beside OpenSSH, Ansible and Mitogen on hosts made of namespaces, and writes RESULTS.md.
 *
 *     npm run bench -- quick             W1, W2, W4, W5 and the numbers without hosts: some ten minutes
 *     npm run bench -- full              also W3 and Ansible as it comes, more rounds
 *     npm run bench -- quick --only W1   one workload; nothing is written, unless --out names a file
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Workloads, and `alone` for what needs no hosts; separated by commas. */
    only: { type: 'string' },
    tools: { type: 'string' },
    rounds: { type: 'string' },
    'slow-rounds': { type: 'string' },
    /** Workloads that Ansible and Mitogen are measured on too. */
    slow: { type: 'string' },
    out: { type: 'string' },
  },
})
const [size = ''] = positionals
const say = (text: string): void => void process.stderr.write(`${text}\n`)

const needed = [
  'ip',
  'iptables',
  'unshare',
  'setpriv',
  'nsenter',
  'flock',
  'ssh',
  'ssh-keygen',
  '/usr/sbin/sshd',
  '/usr/bin/python3',
]

async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'the bench needs Linux and root: its hosts are network namespaces'
  for (const name of needed)
    if ((await command(['sh', '-c', `command -v ${name}`])).code !== 0)
      return `the bench needs ${name}, which is not here`
  return undefined
}

async function main(): Promise<number> {
  if (size !== 'quick' && size !== 'full') {
    say(
      'usage: npm run bench -- quick|full [--only W1,W4,alone] [--tools runbook,ssh-batch] [--rounds N] [--slow-rounds N] [--out FILE]',
    )
    return 2
  }
  const reason = await whyNot()
  if (reason !== undefined) {
    say(reason)
    return 3
  }
  const directory = mkdtempSync(join(tmpdir(), 'runbook-bench-'))
  let at: BenchHosts | undefined
  const stop = (): void => {
    process.exitCode = 130
    void (at?.down() ?? Promise.resolve()).finally(() => {
      rmSync(directory, { recursive: true, force: true })
      process.exit()
    })
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    return await locked(join(tmpdir(), 'runbook-bench.lock'), async () => {
      say('building the bundle')
      await must(['npm', 'run', '--silent', 'build'], { cwd: join(import.meta.dirname, '..') })
      const whole = values.only === undefined && values.tools === undefined
      const out = values.out ?? (whole ? join(import.meta.dirname, 'RESULTS.md') : undefined)
      const keep = (found: Findings): void => {
        if (out !== undefined) writeFileSync(out, page(found))
      }
      const result = await measure(size, directory, made => (at = made), keep)
      keep(result)
      process.stdout.write(page(result))
      return result.runs.some(run => run.tool === 'runbook' && run.wrong !== undefined) ? 1 : 0
    })
  } finally {
    await at?.down()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measure(
  size: 'quick' | 'full',
  directory: string,
  onHosts: (at: BenchHosts) => void,
  keep: (found: Findings) => void,
): Promise<Findings> {
  const began = performance.now()
  const date = new Date()
    .toISOString()
    .replace(/:\d\d\..*$/, ' UTC')
    .replace('T', ' ')
  const only = values.only?.split(',')
  const rounds = {
    fast: Number(values.rounds ?? (size === 'full' ? 5 : 3)),
    slow: Number(values['slow-rounds'] ?? (size === 'full' ? 2 : 1)),
  }
  const machine = await machineLines()
  const wanted = workloads.filter(({ id }) =>
    only === undefined ? id !== 'W3' || size === 'full' : only.includes(id),
  )
  const named = values.tools?.split(',')
  const chosen = tools.filter(({ id }) =>
    named === undefined ? id !== 'ansible-default' || size === 'full' : named.includes(id),
  )
  const found = chosen.some(({ slow }) => slow) ? await peers(say) : new Map<string, never>()
  const missing = [...found.values()].flatMap(peer => peer.missing ?? [])
  for (const line of missing) say(`left out: ${line}`)
  const there = chosen.filter(({ id, slow }) => {
    if (!slow) return true
    const parts = id === 'mitogen' ? ['ansible-core', 'ansible-mitogen'] : ['ansible-core']
    return parts.every(name => found.get(name)?.missing === undefined)
  })
  const runs: Run[] = []
  const memory: Run[] = []
  const wire: { wanted: number; seen: number }[] = []
  const isAlone = only === undefined || only.includes('alone')
  const count = Math.max(isAlone ? 1 : 0, ...wanted.map(({ hosts }) => hosts))
  const at = await startHosts(count, join(directory, 'hosts'))
  onHosts(at)
  say(`${count} hosts are up`)
  const alone: Partial<Findings> = {}
  const findings = (stopped: boolean): Findings => ({
    // Where the page was written says nothing about what is on it.
    command: `npm run bench -- ${process.argv
      .slice(2)
      .join(' ')
      .replace(/ ?--out[ =]\S+/, '')}`,
    date,
    machine,
    peers: [...found].map(([name, peer]) => peer.missing ?? `${name} ${peer.version}`),
    wire,
    runs,
    memory,
    ...alone,
    stopped,
    minutes: (performance.now() - began) / 60_000,
  })
  for (const roundTripMs of [0, 50]) {
    const seen = await at.setRoundTrip(roundTripMs)
    if (roundTripMs > 0) wire.push({ wanted: roundTripMs, seen })
    for (const workload of wanted) {
      const slowOn = values.slow === undefined || values.slow.split(',').includes(workload.id)
      const taking = there.filter(
        ({ slow, id }) =>
          (!slow || slowOn) && (id !== 'runbook-awaited' || ['W2', 'W5'].includes(workload.id)),
      )
      runs.push(...(await inTurns(workload, taking, roundTripMs, rounds, at, directory)))
      if (roundTripMs === 0)
        for (const tool of taking.filter(({ slow, id }) => size === 'full' || !slow || id === 'runbook')) {
          const one = await runOnce(workload, tool, at, directory, 'memory')
          memory.push({ workload: workload.id, roundTripMs, tool: tool.id, round: 0, ...one })
        }
      // A bench takes long: what stops it does not take what it has found.
      keep(findings(true))
    }
    if (roundTripMs > 0 || !isAlone) continue
    alone.starts = await starts(size === 'full' ? 11 : 7, join(directory, 'alone'))
    alone.plans = await plans(size === 'full' ? 3 : 1, join(directory, 'plans'), say)
    alone.outputs = await outputs(size === 'full' ? 3 : 1, at, join(directory, 'lines'))
    alone.sweep = await sweepRate(size === 'full' ? 'dtr-ha' : 'minimal')
    keep(findings(true))
  }
  return findings(false)
}

/** A B C A B C. At a distance the slow ones are measured only on what they can do in a minute. */
async function inTurns(
  workload: Workload,
  chosen: readonly Tool[],
  roundTripMs: number,
  rounds: { readonly fast: number; readonly slow: number },
  at: BenchHosts,
  directory: string,
): Promise<readonly Run[]> {
  const runs: Run[] = []
  for (let round = 0; round < Math.max(rounds.fast, rounds.slow); round++) {
    for (const tool of chosen) {
      if (round >= (tool.slow ? rounds.slow : rounds.fast)) continue
      if (tool.slow && roundTripMs > 0 && workload.id !== 'W4') continue
      const { cost, phases, wrong } = await runOnce(workload, tool, at, directory)
      const result = wrong === undefined ? '' : `  DOES NOT COUNT: ${wrong}`
      say(
        `${workload.id} RTT ${roundTripMs} ${tool.id}: ${cost.seconds.toFixed(2)} s, CPU ${cost.cpuSeconds.toFixed(2)} s${result}`,
      )
      runs.push({
        workload: workload.id,
        roundTripMs,
        tool: tool.id,
        round,
        cost,
        ...(phases !== undefined && { phases }),
        ...(wrong !== undefined && { wrong }),
      })
    }
  }
  return runs
}

process.exitCode = await main()
