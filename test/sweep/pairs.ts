import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { changeNames, example, exampleNames } from './examples.ts'
import { type Further, lateCases, pairCases, playAll } from './further.ts'

/**
 * What `sweep.ts` leaves out, as it takes long: every call of every example and change beyond its time limit, and pairs of faults, the second
 * of them in the resume.
 *
 *     npm run sweep:pairs                          time-outs everywhere, 60 pairs of each
 *     npm run sweep:pairs -- --pairs 500 --seed 7  so many pairs of each, drawn by this seed
 *     npm run sweep:pairs -- dtr-ha                only this
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(Math.min(availableParallelism(), 8)) },
    /** `2/4`: this process is the third of four. For its own use. */
    share: { type: 'string' },
  },
})
const names = positionals.length > 0 ? positionals : [...exampleNames(), ...changeNames()]
const MOST_SHOWN = 12

type Told = { readonly name: string } & ({ readonly found: Further } | { readonly error: string })

async function work(share: string): Promise<void> {
  const [mine = 0, of = 1] = share.split('/').map(Number)
  for (const name of names) {
    try {
      const { plan, stage } = await example(name)
      const found = await playAll(plan, stage, calls =>
        [...lateCases(calls), ...pairCases(calls, Number(values.pairs), Number(values.seed))].filter(
          (_, i) => i % of === mine,
        ),
      )
      process.send?.({ name, found } satisfies Told)
    } catch (error) {
      process.send?.({ name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
  process.disconnect()
}

async function main(): Promise<boolean> {
  const startedMs = performance.now()
  const jobs = Math.max(1, Number(values.jobs))
  const told: Told[] = []
  await Promise.all(
    Array.from({ length: jobs }, async (_, i) => {
      const child = fork(fileURLToPath(import.meta.url), [
        ...process.argv.slice(2),
        '--share',
        `${String(i)}/${String(jobs)}`,
      ])
      child.on('message', message => told.push(message as Told))
      await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject))
    }),
  )
  console.log(
    `each call beyond its time limit, and ${values.pairs} pairs of faults of each, seed ${values.seed}`,
  )
  let [cases, wrong] = [0, 0]
  for (const name of names) {
    const mine = told.filter(one => one.name === name)
    const found = mine.flatMap(one => ('found' in one ? [one.found] : []))
    const sum = (count: (one: Further) => number): number => found.reduce((all, one) => all + count(one), 0)
    const bad = [
      ...mine.flatMap(one => ('error' in one ? [one.error] : [])),
      ...(mine.length === jobs ? [] : ['a process told nothing']),
      ...found.flatMap(one => [
        ...one.diverged,
        ...one.stuck,
        ...one.leaks.map(leak => `a secret is in ${leak}`),
      ]),
    ]
    cases += sum(one => one.cases)
    wrong += bad.length
    console.log(
      `${name.padEnd(22)} ${String(sum(one => one.cases)).padStart(6)} cases, ${String(sum(one => one.diverged.length))} diverged, ${String(sum(one => one.stuck.length))} stuck, ${String(sum(one => one.inDoubt))} in doubt on purpose`,
    )
    for (const one of bad.slice(0, MOST_SHOWN)) console.log(`    ${one.slice(0, 900)}`)
    if (bad.length > MOST_SHOWN) console.log(`    … and ${String(bad.length - MOST_SHOWN)} more`)
  }
  const seconds = (performance.now() - startedMs) / 1000
  console.log(
    `${String(cases)} cases in ${seconds.toFixed(0)} s: ${wrong === 0 ? 'nothing diverged, nothing stuck' : 'NOT CLEAN'}`,
  )
  return wrong === 0
}

if (values.share !== undefined) await work(values.share)
else process.exitCode = (await main()) ? 0 : 1
