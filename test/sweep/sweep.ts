import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Fault, faultKinds } from '../../src/twin/faults.ts'
import { type Rehearsal, rehearse } from '../../src/twin/rehearse.ts'
import { drawNumbers } from '../../src/cli/rehearsal.ts'
import { backupNames, changeNames, example, exampleNames, lossNames, resetNames } from './examples.ts'

/**
 * Rehearses every worked example, every change in the life of a cluster and every recipe for a loss: each call of its run, spoilt in each way, then resumed. The same
 * for the same code, whatever the machine and however many processes share the work.
 *
 *     npm run sweep                          every case of every example, some of every change and of every loss
 *     npm run sweep -- --all                 every case of every change too
 *     npm run sweep -- --losses              every case of every loss and its recipe
 *     npm run sweep -- dtr-ha upgrade-dtr    every case of only these
 *     npm run sweep -- --sample 200 --seed 7 so many cases of each, drawn by this seed
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    losses: { type: 'boolean', default: false },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(Math.min(availableParallelism(), 8)) },
    /** `2/4`: this process is the third of four. For the sweep's own use. */
    share: { type: 'string' },
  },
})
/** Of these a sample is played where all of everything is not asked for. */
const sampled = [...changeNames(), ...lossNames(), ...resetNames(), ...backupNames()]
/** Beside everything else only these of the recipes have room: those with steps of their own. */
const ownSteps =
  /^(dtr-majority-loss: two of three registry|ucp-quorum-loss: two of three managers gone|dc-loss)/
const among = values.all
  ? sampled
  : sampled.filter(name => !lossNames().includes(name) || ownSteps.test(name))
const names =
  positionals.length > 0 ? positionals : values.losses ? lossNames() : [...exampleNames(), ...among]
const seed = Number(values.seed)
const sample = values.sample === undefined ? undefined : Number(values.sample)

/** So many cases of each change where all of everything is not asked for: what fits beside the examples. */
const OF_A_CHANGE = 40

const OF_A_LOSS = 12

/** How many cases of one are drawn; undefined: all. */
function drawnOf(name: string): number | undefined {
  if (sample !== undefined) return sample
  if (values.all || values.losses || positionals.length > 0 || !sampled.includes(name)) return undefined
  return lossNames().includes(name) ? OF_A_LOSS : OF_A_CHANGE
}

interface Share {
  readonly name: string
  readonly result?: Rehearsal
  readonly error?: string
  readonly seconds: number
}

const columns = [
  'calls',
  'cases',
  'played',
  'diverged',
  'stuck',
  'in doubt',
  'unfaithful',
  'unplanned',
  'leaks',
]
const MOST_SHOWN = 12

if (values.share !== undefined) await work(values.share)
else process.exitCode = (await main()) ? 0 : 1

/** One process's share of every example, told to the parent as it comes. */
async function work(share: string): Promise<void> {
  const [mine = 0, of = 1] = share.split('/').map(Number)
  for (const name of names) {
    const startedMs = performance.now()
    const tell = (rest: Pick<Share, 'result' | 'error'>): void => {
      process.send?.({ name, seconds: (performance.now() - startedMs) / 1000, ...rest } satisfies Share)
    }
    try {
      const { plan, stage } = await example(name)
      const drawn = await drawnFrom(drawnOf(name), plan, stage)
      tell({ result: await rehearse(plan, stage, fault => fault.at % of === mine && drawn(fault)) })
    } catch (error) {
      tell({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
  process.disconnect()
}

/** All faults, or as many of them as are drawn. */
async function drawnFrom(
  most: number | undefined,
  ...[plan, stage]: Parameters<typeof rehearse>
): Promise<(fault: Fault) => boolean> {
  if (most === undefined) return () => true
  const { calls } = await rehearse(plan, stage, () => false)
  const drawn = drawNumbers(calls * faultKinds.length, most, seed)
  return ({ at, kind }) => drawn.has(at * faultKinds.length + faultKinds.indexOf(kind))
}

async function main(): Promise<boolean> {
  const jobs = Math.max(1, Number(values.jobs))
  const startedMs = performance.now()
  const shares: Share[] = []
  const passed = process.argv.slice(2)
  await Promise.all(
    Array.from(
      { length: jobs },
      (_, i) =>
        new Promise<void>((resolve, reject) => {
          const child = fork(fileURLToPath(import.meta.url), [...passed, '--share', `${i}/${jobs}`])
          child.on('message', message => shares.push(message as Share))
          child.on('error', reject)
          child.on('exit', code => {
            if (code === 0) resolve()
            else reject(new Error(`a process of the sweep ended with ${code ?? 'a signal'}`))
          })
        }),
    ),
  )
  if (sample !== undefined) console.log(`a sample of ${sample} cases of each, seed ${seed}`)
  else if (names.some(name => drawnOf(name) !== undefined))
    console.log(
      `of each change a sample of ${OF_A_CHANGE} cases, of three losses ${OF_A_LOSS}, seed ${seed}; all of them: npm run sweep -- --all`,
    )
  console.log(row(['playbook', ...columns, 'seconds', 'cases/s']))
  let clean = true
  let cases = 0
  for (const name of names) {
    const own = shares.filter(share => share.name === name)
    const total = report(name, own, jobs)
    cases += total.cases
    clean &&= total.clean
  }
  const seconds = (performance.now() - startedMs) / 1000
  const result = clean ? 'nothing diverged, nothing stuck' : 'NOT CLEAN'
  console.log(`${cases} cases in ${seconds.toFixed(1)} s with ${jobs} processes: ${result}`)
  return clean
}

/** Prints one example's line, and what is wrong with it below. */
function report(name: string, shares: readonly Share[], jobs: number): { cases: number; clean: boolean } {
  const error = shares.find(share => share.error !== undefined)?.error
  const results = shares.flatMap(({ result }) => result ?? [])
  const [first] = results
  if (error !== undefined || !first || results.length !== jobs) {
    console.log(`${name}: could not be rehearsed: ${error ?? 'a process told nothing'}`)
    return { cases: 0, clean: false }
  }
  const sum = (count: (one: Rehearsal) => number): number => results.reduce((all, one) => all + count(one), 0)
  const seconds = Math.max(...shares.map(share => share.seconds))
  const cases = sum(one => one.cases)
  const leaks = [...new Set(results.flatMap(one => one.leaks))].sort()
  const diverged = results.flatMap(one => one.diverged).sort((a, b) => a.fault.at - b.fault.at)
  const stuck = results.flatMap(one => one.stuck).sort((a, b) => a.fault.at - b.fault.at)
  const counts = [
    first.calls,
    cases,
    sum(one => one.played),
    diverged.length,
    stuck.length,
    sum(one => one.inDoubt),
    first.unfaithful.length,
    first.unplanned.length,
    leaks.length,
  ]
  console.log(row([name, ...counts.map(String), seconds.toFixed(1), (cases / seconds).toFixed(0)]))
  const wrong = [
    ...diverged.map(({ fault, where }) => `${fault.kind} at call ${fault.at}: ended elsewhere: ${where}`),
    ...stuck.map(({ fault, step, why }) => `${fault.kind} at call ${fault.at}: stuck at ${step}: ${why}`),
    ...first.unfaithful.map(one => `promised and not seen: ${one}`),
    ...first.unplanned.map(one => `not as planned: ${one}`),
    ...leaks.map(one => `a secret is in ${one}`),
  ]
  for (const one of wrong.slice(0, MOST_SHOWN)) console.log(`    ${one}`)
  if (wrong.length > MOST_SHOWN) console.log(`    … and ${wrong.length - MOST_SHOWN} more`)
  return { cases, clean: wrong.length === 0 }
}

function row(cells: readonly string[]): string {
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(22) : cell.padStart(11))).join('')
}
