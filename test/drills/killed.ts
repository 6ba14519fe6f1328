import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { table } from '../../src/views/layout.ts'
import { playbook, serveHosts, start, type Started } from '../faults/processes.ts'

/**
 * `npm run drills -- killed`: the controller of a live drill is a process of its own, over real SSH to pretended hosts, and is killed
 * with SIGKILL in each phase. Either `drill resume` carries the drill to its end, or nobody comes: then the timer on the host undoes
 * the fault, and `drill stop` finds nothing left to undo; or `drill stop` comes before the timer, and undoes it.
 */
const drillFile = 'drill.yml'
/** Pretended time goes 60 times as fast: the timer rings after 25 real seconds. */
const drill = `drill: 1
name: killed
cluster: ${playbook}
mode: live
canaries: { from: m1, pull: 1s, push: 3s }
phases:
  - fault: { faults: [{ do: stop-containers, match: dtr-, on: { host: d1 }, undoAfter: 25m }] }
  - detect: { by: monitor }
  - declare: { approve: [lead] }
  - recover: { recipe: apply }
  - verify: { within: 2m, soak: 2s }
`
const RINGS_AFTER_MS = 26_000

const phases = {
  fault: /== fault: /,
  struck: /fault \S+ on d1: on/,
  detect: /== detect: /,
  declare: /== declare: /,
  recover: /== recover: /,
  verify: /== verify: /,
} as const

/** @returns whether everything came out as it should, after printing it */
export async function killed(): Promise<boolean> {
  const hosts = await serveHosts()
  const alive: Started[] = []
  const rows: string[][] = []
  let good = true
  const run = async (desk: string, words: readonly string[]): Promise<{ code: number; said: string }> => {
    const one = start(desk, words)
    alive.push(one)
    const late = setTimeout(() => one.child.kill('SIGKILL'), 120_000)
    const { code } = await one.ended
    clearTimeout(late)
    return { code, said: one.said() }
  }
  try {
    const desk = hosts.desk('desk')
    writeFileSync(join(desk, drillFile), drill)
    writeFileSync(join(desk, 'answers.yml'), 'declare: { by: lead, answer: true }\n')
    const built = await run(desk, ['apply', playbook, '--yes', '--output', 'plain'])
    if (built.code !== 0) throw new Error(`the cluster could not be made: ${built.said.slice(-2000)}`)
    for (const [phase, pattern] of Object.entries(phases)) {
      for (const way of ['resume', 'timer', 'stop'] as const) {
        const words = ['drill', 'run', drillFile, '--yes', '--answers', 'answers.yml']
        const controller = start(desk, words)
        alive.push(controller)
        const reached = await killAt(controller, pattern)
        const isOn = (): boolean =>
          Object.values(faultsOf(hosts.estate.hosts['d1']?.state['drill'])).some(one => one.state === 'on')
        const wasOn = isOn()
        let said: string
        let ok: boolean
        if (way === 'resume') {
          const end = await run(desk, ['drill', 'resume', '--answers', 'answers.yml'])
          ok = (end.code === 0 || end.code === 18) && /drill ended: done/.test(end.said)
          said = ok ? `resumed, exit ${String(end.code)}` : end.said.slice(-1500)
        } else {
          if (way === 'timer') await sleep(RINGS_AFTER_MS)
          const end = await run(desk, ['drill', 'stop', drillFile])
          const undone = /: \S+ undone/.test(end.said)
          ok = end.code === 0 && (way === 'stop' ? undone === wasOn : !undone)
          said = `${wasOn ? (way === 'timer' ? 'undone by the timer' : 'undone by drill stop') : 'no fault was on'}, stop exit ${String(end.code)}`
          if (!ok) said += end.said.slice(-1500)
        }
        ok &&= reached && !isOn()
        good &&= ok
        rows.push([phase, way, ok ? 'ok' : 'WRONG', said])
        process.stdout.write(`${phase} ${way}: ${ok ? 'ok' : 'WRONG'}: ${said}\n`)
        // The killed controller holds the hosts still; whoever pulled the lever says that it is over.
        if (way !== 'resume')
          await run(desk, ['lock', 'break', playbook, '--reason', 'the controller was killed'])
        const whole = await run(desk, ['apply', playbook, '--yes', '--output', 'plain'])
        if (whole.code !== 0) throw new Error(`not whole again: ${whole.said.slice(-1500)}`)
      }
    }
    process.stdout.write(`${table([['killed in', 'then', '', ''], ...rows]).join('\n')}\n`)
    process.stdout.write(
      `${readdirSync(join(desk, '.runbook', 'drills')).length} drills, ${rows.filter(row => row[2] === 'ok').length} of ${rows.length} as they should be\n`,
    )
  } finally {
    for (const one of alive) if (one.child.exitCode === null) one.child.kill('SIGKILL')
    await hosts.close()
  }
  return good
}

async function killAt(one: Started, pattern: RegExp): Promise<boolean> {
  for (;;) {
    if (pattern.test(one.said())) {
      one.child.kill('SIGKILL')
      await one.ended
      return true
    }
    if (one.child.exitCode !== null) {
      process.stdout.write(`it ended before: ${one.said().slice(-1500)}\n`)
      return false
    }
    await sleep(20)
  }
}

function faultsOf(state: unknown): { readonly [id: string]: { readonly state: string } } {
  return (state ?? {}) as { readonly [id: string]: { readonly state: string } }
}
