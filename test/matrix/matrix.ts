import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Estate } from '../../src/twin/estate.ts'
import { type Ending, built, cuts, pair, playbooks } from './pairs.ts'
import { type Start, starts } from './starts.ts'

/** Every start with every playbook. Words: a part of the names of starts to look at, else all. `--jobs N`. */
const share = process.argv.indexOf('--share')
const only = process.argv.slice(2).filter(word => !/^(--|\d+$|\d+\/\d+$)/.test(word))

if (share >= 0) {
  const [own = 0, of = 1] = (process.argv[share + 1] ?? '').split('/').map(Number)
  process.send?.(await endings(own, of))
} else process.exitCode = (await parent()) ? 0 : 1

async function endings(own: number, of: number): Promise<readonly Ending[]> {
  const all: readonly Start[] = [...starts, ...(await cuts())].filter(
    ({ name }) => only.length === 0 || only.some(word => name.includes(word)),
  )
  const made = new Map<string, Estate>()
  const found: Ending[] = []
  for (const start of all.filter((_, i) => i % of === own)) {
    const key = `${start.from} ${start.cutAfter ?? ''} ${start.before ?? ''}`
    const whole = made.get(key) ?? (await built(start.from, start.cutAfter, start.before))
    made.set(key, whole)
    const estate = structuredClone(whole)
    start.change?.(estate)
    for (const [name, topology] of Object.entries(playbooks))
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
  const at = process.argv.indexOf('--jobs')
  const jobs = at < 0 ? Math.min(4, availableParallelism()) : Number(process.argv[at + 1])
  const shares = await Promise.all(
    Array.from(
      { length: jobs },
      (_, i) =>
        new Promise<readonly Ending[]>((resolve, reject) => {
          let told: readonly Ending[] | undefined
          const child = fork(fileURLToPath(import.meta.url), [...only, '--share', `${i}/${jobs}`], {
            execArgv: process.execArgv,
          })
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
  console.log('= reached the declared state, or the codes it was refused with\n')
  for (const name of names) {
    const cells = columns.map(column => {
      const one = found.find(ending => ending.start === name && ending.playbook === column)
      return one?.end === 'reached' ? '=' : one?.end === 'refused' ? one.why : 'WRONG'
    })
    console.log(`${name.padEnd(52)} ${cells.join(' | ')}`)
  }
  const wrong = found.filter(one => one.end === 'wrong')
  for (const one of wrong) console.log(`WRONG ${one.start} × ${one.playbook}: ${one.why}`)
  const count = (end: Ending['end']): number => found.filter(one => one.end === end).length
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(
    `\n${found.length} pairs (${names.length} starts × ${columns.length} playbooks) in ${seconds} s: ${count('reached')} reached, second apply empty; ${count('refused')} refused by name; ${wrong.length} wrong`,
  )
  return wrong.length === 0 && found.length > 0
}
