import { cases } from './cases.ts'
import { stage } from './stage.ts'

/**
 * Every way in that people have, with both transports, against real servers on loopback. Prints a table; ends with 1 when
 * something breaks. `refused` is a refusal by name that is meant; `n.a.` could not be tried here, and says why.
 */
const transports = ['ssh2', 'openssh'] as const
const here = await stage()
const notes: string[] = []
let broken = 0
console.log(`${'way in'.padEnd(52)}${transports.map(name => name.padEnd(10)).join('')}`)
try {
  for (const one of cases(here)) {
    const cells: string[] = []
    for (const transport of transports) {
      const missing = one.missing?.()
      if (missing !== undefined) {
        cells.push('n.a.')
        if (transport === 'ssh2') notes.push(`${one.name}: n.a.: ${missing}`)
        continue
      }
      const meant = one.refusal?.[transport]
      const failure = await one.run(transport).then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
      const isRefused = meant !== undefined && failure !== undefined && meant.test(failure)
      const isGood = meant === undefined ? failure === undefined : isRefused
      cells.push(isRefused ? 'refused' : isGood ? 'ok' : 'BROKEN')
      if (isGood && !isRefused) continue
      if (!isGood) broken += 1
      notes.push(
        `${one.name}, ${transport}: ${failure ?? `was let in, though it should be refused (${String(meant)})`}`,
      )
    }
    console.log(`${one.name.padEnd(52)}${cells.map(cell => cell.padEnd(10)).join('')}`)
  }
} finally {
  here.end()
}
for (const note of notes) console.log(`  ${note}`)
console.log(`${String(broken)} broken`)
process.exitCode = broken === 0 ? 0 : 1
