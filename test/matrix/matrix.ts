import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { drawNumbers } from '../../src/cli/rehearsal.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { type Ending, built, cuts, pair, playbooks } from './pairs.ts'
import { type Start, starts } from './starts.ts'

/**
 * Every start with every playbook.
 *
 *     npm run matrix                        all pairs
 *     npm run matrix -- ghost engine        starts whose names have one of these words
 *     npm run matrix -- --sample 120        so many pairs, drawn by `--seed`
 */
const { values, positionals: only } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    /** `2/4`: this process is the third of four. For the matrix' own use. */
    share: { type: 'string' },
  },
})

if (values.share !== undefined) {
  const [own = 0, of = 1] = values.share.split('/').map(Number)
  process.send?.(await endings(own, of))
} else process.exitCode = (await parent()) ? 0 : 1

async function endings(own: number, of: number): Promise<readonly Ending[]> {
  const all: readonly Start[] = [...starts, ...(await cuts())].filter(
    ({ name }) => only.length === 0 || only.some(word => name.includes(word)),
  )
  const names = Object.keys(playbooks)
  const drawn =
    values.sample === undefined
      ? undefined
      : drawNumbers(all.length * names.length, Number(values.sample), Number(values.seed))
  const isWanted = (start: Start, name: string): boolean =>
    drawn?.has(all.indexOf(start) * names.length + names.indexOf(name)) ?? true
  const made = new Map<string, Estate>()
  const found: Ending[] = []
  for (const start of all.filter((one, i) => i % of === own && names.some(name => isWanted(one, name)))) {
    const key = `${start.from} ${start.cutAfter ?? ''} ${start.before ?? ''}`
    const whole = made.get(key) ?? (await built(start.from, start.cutAfter, start.before))
    made.set(key, whole)
    const estate = structuredClone(whole)
    start.change?.(estate)
    for (const [name, topology] of Object.entries(playbooks).filter(([one]) => isWanted(start, one)))
      found.push(
        await pair({ name: start.name, estate }, name, topology).catch((error: unknown): Ending => ({
          start: start.name,
          playbook: name,
          end: 'wrong',
          why: String(error).slice(0, 400),
        })),
      )
  }
  return found
}

async function parent(): Promise<boolean> {
  const began = performance.now()
  const jobs = Math.max(1, Number(values.jobs))
  const shares = await Promise.all(
    Array.from(
      { length: jobs },
      (_, i) =>
        new Promise<readonly Ending[]>((resolve, reject) => {
          let told: readonly Ending[] | undefined
          const child = fork(
            fileURLToPath(import.meta.url),
            [...process.argv.slice(2), '--share', `${i}/${jobs}`],
            {
              execArgv: process.execArgv,
            },
          )
          child.on('message', message => (told = message as readonly Ending[]))
          child.on('error', reject)
          child.on('exit', code => {
            if (code === 0 && told) resolve(told)
            else reject(new Error(`a process of the matrix ended with ${code ?? 'a signal'}`))
          })
        }),
    ),
  )
  const found = shares.flat()
  const names = [...new Set(found.map(one => one.start))]
  const columns = Object.keys(playbooks)
  columns.forEach((name, i) => {
    console.log(`  ${i + 1}: ${name}`)
  })
  console.log('= reached the declared state, or the codes it was refused with; · not drawn\n')
  for (const name of names) {
    const cells = columns.map(column => {
      const one = found.find(ending => ending.start === name && ending.playbook === column)
      return one === undefined ? '·' : one.end === 'reached' ? '=' : one.end === 'refused' ? one.why : 'WRONG'
    })
    console.log(`${name.padEnd(52)} ${cells.join(' | ')}`)
  }
  const wrong = found.filter(one => one.end === 'wrong')
  for (const one of wrong) console.log(`WRONG ${one.start} × ${one.playbook}: ${one.why}`)
  const lows = found.flatMap(one => (one.lowest === undefined ? [] : [one.lowest.seen - one.lowest.printed]))
  const count = (end: Ending['end']): number => found.filter(one => one.end === end).length
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(
    `\n${found.length} pairs (${names.length} starts × ${columns.length} playbooks${values.sample === undefined ? '' : `, a sample by seed ${values.seed}`}) in ${seconds} s: ${count('reached')} reached, second apply empty; ${count('refused')} refused by name; ${wrong.length} wrong (a plan that changed anything would be); margin under the printed one ${lows.filter(by => by < 0).length} times in ${lows.length}`,
  )
  const deeds = (which: 'planned' | 'asPlanned'): number =>
    found.reduce((sum, one) => sum + (one.fidelity?.[which] ?? 0), 0)
  const strayed = found.filter(one => (one.fidelity?.strays.length ?? 0) > 0)
  for (const one of strayed)
    console.log(`not as planned: ${one.start} × ${one.playbook}: ${one.fidelity?.strays.join('; ') ?? ''}`)
  const share = ((100 * deeds('asPlanned')) / Math.max(1, deeds('planned'))).toFixed(2)
  console.log(
    `plan fidelity: ${deeds('asPlanned')} of ${deeds('planned')} planned commands and files were what ran (${share} %); ${strayed.length} pairs ran more or less than was planned`,
  )
  const sum = (of: (one: NonNullable<Ending['fidelity']>) => number): number =>
    found.reduce((total, one) => total + (one.fidelity ? of(one.fidelity) : 0), 0)
  const [begun, spared] = [sum(one => one.ifNeeded.begun), sum(one => one.ifNeeded.spared)]
  console.log(
    `of the steps, ${begun + spared} were planned only if still needed: ${begun} ran, ${spared} were not needed; ${sum(one => one.unseen)} were planned as "may run", as something could not be seen`,
  )
  return wrong.length === 0 && strayed.length === 0 && found.length > 0
}
