import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type Hosts, installs, playbook, serveHosts, start, type Started } from './processes.ts'

/**
 * Controllers that are real processes, with clocks of their own, stopped and killed by real signals. In `npm run test:faults` all of
 * it; in `npm test` a short form, which says so.
 */
const isWhole = process.env['RUNS'] !== undefined
const RACES = isWhole ? [2, 3, 5, 10] : [2]
/** Every how many records a controller is killed; in the short form once, in the middle. */
const STRIDE = 4
const FIRST = isWhole ? 1 : 25
if (!isWhole) process.stdout.write('a race of 2 only, one kill only: npm run test:faults does all\n')

let hosts: Hosts | undefined
const alive: Started[] = []
afterEach(async () => {
  for (const one of alive.splice(0)) if (one.child.exitCode === null) one.child.kill('SIGKILL')
  await hosts?.close()
  hosts = undefined
})

const applying = (at: Hosts, desk: string, skewSeconds = 0): Started => {
  const words = ['apply', playbook, '--yes', '--output', 'json']
  const one = start(at.desk(desk), words, { skewSeconds })
  alive.push(one)
  return one
}
const resuming = (at: Hosts, desk: string, host: string, skewSeconds = 0): Started => {
  const words = ['resume', '--from-host', host, playbook, '--output', 'json']
  const one = start(at.desk(desk), words, { skewSeconds })
  alive.push(one)
  return one
}
/** Resolves when the process has so many records on disk, or has ended. */
const records = (one: Started, wanted: number): Promise<unknown> =>
  Promise.race([
    one.ended,
    new Promise<void>(resolve => {
      one.onLine = (_, count) => {
        if (count >= wanted) resolve()
      }
    }),
  ])
const once = ['dtr install', 'ucp install']
/** Free, or gone with its run: nobody is held. */
const held = (at: Hosts): readonly string[] =>
  Object.entries(at.estate.hosts).flatMap(([name, host]) =>
    host.custody?.leases.at(-1)?.ended === undefined ? [name] : [],
  )

describe('controllers that are processes of their own', () => {
  test.each(RACES)(
    'of %i that start at once, with clocks up to hours apart, exactly one applies and the others exit 14',
    async many => {
      const here = (hosts = await serveHosts())
      const all = Array.from({ length: many }, (_, i) =>
        applying(here, `desk-${String(i)}`, (i - Math.floor(many / 2)) * 3600),
      )
      const codes = (await Promise.all(all.map(one => one.ended))).map(({ code }) => code)
      // One that comes when the winner is through finds nothing to do, which is no second run either.
      const idle = all.filter(one => one.said().includes('no changes')).length
      const changed = all.filter(one => /: done, [1-9]\d* changes/.test(one.said())).length
      expect({
        changed,
        others: codes.filter(code => code !== 0),
        installs: installs(here),
        held: held(here),
      }).toEqual({
        changed: 1,
        others: Array<number>(many - 1 - idle).fill(14),
        installs: once,
        held: [],
      })
      process.stdout.write(
        `race of ${String(many)} processes: 1 applied, ${String(many - 1 - idle)} exit 14, ${String(idle)} came when all was done\n`,
      )
    },
    240_000,
  )

  test('a holder that is stopped (SIGSTOP) is taken over after its lease is stale; woken (SIGCONT) it is fenced', async () => {
    const here = (hosts = await serveHosts())
    const sleeper = applying(here, 'sleeper', 300)
    await records(sleeper, 12)
    sleeper.child.kill('SIGSTOP')
    await sleep(300)
    const early = applying(here, 'early')
    expect((await early.ended).code).toBe(14)
    expect(early.said()).toMatch(/held by run/)
    here.aged += 100
    const next = resuming(here, 'next', 'd1', -300)
    expect({ code: (await next.ended).code, said: next.said().slice(-600) }).toMatchObject({ code: 0 })
    const before = [...here.begun]
    sleeper.child.kill('SIGCONT')
    expect((await sleeper.ended).code).toBe(14)
    expect(here.begun).toEqual(before)
    expect(installs(here)).toEqual(once)
    process.stdout.write(
      'a stopped holder: others exit 14, then taken over; woken it exits 14 and begins nothing\n',
    )
  }, 120_000)

  test('killed (SIGKILL) after records, and resumed by another process in another folder from the copies on the hosts', async () => {
    let killed = 0
    let elsewhere = 0
    const failures: string[] = []
    for (let after = FIRST; isWhole || after === FIRST; after += STRIDE) {
      const here = (hosts = await serveHosts())
      const first = applying(here, 'first')
      await records(first, after)
      first.child.kill('SIGKILL')
      const { signal } = await first.ended
      if (signal !== 'SIGKILL') {
        await here.close()
        break
      }
      killed += 1
      here.aged += 100
      const second = resuming(here, 'elsewhere', 'd1')
      let { code } = await second.ended
      let said = second.said()
      if (code === 0) elsewhere += 1
      else {
        // Killed before the hosts had a whole copy: whoever has the folder goes on.
        const third = start(`${here.folder}/first`, ['resume', '--output', 'json'])
        alive.push(third)
        code = (await third.ended).code
        said += third.said()
      }
      const wrong =
        installs(here).join() === once.join() && held(here).length === 0
          ? ''
          : `, began ${installs(here).join()}`
      if (code !== 0 || wrong !== '')
        failures.push(`after record ${String(after)}: exit ${String(code)}${wrong}: ${said.slice(-400)}`)
      await here.close()
    }
    process.stdout.write(
      `${String(killed)} processes killed with SIGKILL, ${String(elsewhere)} resumed from copies on hosts, ${String(failures.length)} not whole\n`,
    )
    expect(failures).toEqual([])
    expect(killed).toBeGreaterThan(isWhole ? 5 : 0)
  }, 900_000)
})
