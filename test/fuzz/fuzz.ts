import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { laws } from './properties.ts'

/**
 * Throws broken input at everything that reads what others wrote: no crash, no hang. Each law runs in a process of its own, which is
 * stopped when it takes too long. `SEED=n` repeats a run, `RUNS=n` sets how many inputs a law gets.
 */
const runs = Number(process.env['RUNS'] ?? 3000)
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const limitSeconds = Number(process.env['LIMIT_SECONDS'] ?? 600)
const only = process.argv[2]

if (only !== undefined) {
  const law = laws.find(({ name }) => name === only)
  if (law === undefined) throw new Error(`no law is called ${only}`)
  const { property, end } = law.make()
  const details = fc.check(property, { numRuns: runs, seed })
  end?.()
  if (details.failed) {
    console.error(fc.defaultReportMessage(details))
    console.error(details.errorInstance)
    process.exitCode = 1
  }
} else {
  console.log(`seed ${String(seed)}, ${String(runs)} inputs a law`)
  let broken = 0
  for (const { name } of laws) {
    const began = performance.now()
    const { status, error, stderr } = spawnSync(
      process.execPath,
      [...process.execArgv, process.argv[1] ?? '', name],
      {
        env: { ...process.env, RUNS: String(runs), SEED: String(seed) },
        timeout: limitSeconds * 1000,
        encoding: 'utf8',
      },
    )
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    const how = error !== undefined ? `HANGS (${error.message})` : status === 0 ? 'ok' : 'BROKEN'
    if (how !== 'ok') broken += 1
    console.log(`${name.padEnd(32)}${how.padEnd(10)}${seconds.padStart(8)} s`)
    if (how !== 'ok')
      console.log(`${stderr.slice(-3000)}\n  again: SEED=${String(seed)} RUNS=${String(runs)} npm run fuzz`)
  }
  console.log(`${String(broken)} broken`)
  process.exitCode = broken === 0 ? 0 : 1
}
