import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './command.ts'
import type { Lab } from './harness.ts'
import { labDown, labUp } from './harness.ts'
import { whyNoLab } from './machine.ts'
import { stopAtFirstFailure } from './ordered.ts'
import { writePlaybook } from './playbook.ts'
import type { RunbookEnd } from './run.ts'
import { runbook } from './run.ts'
import { clusterStatus } from './vendor.ts'

const reason = await whyNoLab()
if (reason !== undefined) console.warn(`skipped: this machine cannot carry a lab: ${reason}`)

/** Exit codes for: changed between plan and lock; a rule says no. */
const [moved, refused] = [13, 12]

/** A registry on real hosts that loses its majority: for good, and with hosts that come back later. */
describe.skipIf(reason !== undefined)('a registry without its majority, on real hosts', () => {
  let lab: Lab
  let directory: string
  stopAtFirstFailure()
  beforeAll(async () => {
    await labDown()
    lab = await labUp({ hosts: ['m1', 'd1', 'd2', 'd3', 'lb1'] })
    directory = mkdtempSync(join(tmpdir(), 'runbook-lab-'))
    writePlaybook(lab, directory, { managers: ['m1'], workers: [], balancer: undefined })
  })
  afterAll(async () => {
    await labDown()
    rmSync(directory, { recursive: true, force: true })
  })

  const given = async (...words: string[]): Promise<RunbookEnd> => {
    const began = Date.now()
    for (let times = 1; ; times++) {
      const end = await runbook(directory, words)
      console.info(
        `${words.join(' ')}: exit ${String(end.code)}, ${((Date.now() - began) / 1000).toFixed(0)} s`,
      )
      // A cluster that moved while it was looked at: the message asks to give the command again.
      if (end.code !== moved || times === 4) return end
    }
  }
  const done = async (...words: string[]): Promise<string> => {
    const end = await given(...words)
    expect(end.code, `${end.err.slice(-3000)}\n${end.out.slice(-3000)}`).toBe(0)
    return end.out
  }
  const membersAreOn = async (hosts: readonly string[]): Promise<void> => {
    const seen = await until('members that are well', 120_000, async () => {
      const status = await clusterStatus(lab, hosts[0] ?? '')
      const words = Object.values(status?.replica_health ?? {})
      return words.length === hosts.length && words.every(word => word === 'OK') ? status : undefined
    })
    expect(Object.keys(seen.replica_health)).toHaveLength(hosts.length)
  }

  test('from bare hosts to three replicas', async () => {
    await done('apply', 'lab.yml', '--yes')
    await membersAreOn(['d1', 'd2', 'd3'])
  })

  test('nothing is lost: every recipe is refused, none is pointed to', async () => {
    expect(await done('recover', 'lab.yml')).toContain('the hosts point to no recipe')
    const end = await given('recover', 'dtr-majority-loss', 'lab.yml', '--yes')
    expect(end.code, end.out + end.err).toBe(refused)
    expect(end.err).toContain('RB0862')
  })

  test('two of three replicas destroyed: emergency repair, joins, and the image pushed before is there', async () => {
    for (const host of ['d2', 'd3'])
      await lab
        .host(host)
        .exec(
          'docker rm -f $(docker ps -aq --filter name=dtr-); docker volume rm $(docker volume ls -q --filter name=dtr-)',
        )
    await until('a registry that does not answer', 120_000, async () =>
      (await clusterStatus(lab, 'd1')) === undefined ? true : undefined,
    )
    expect(await done('recover', 'lab.yml')).toMatch(/^-> dtr-majority-loss/m)
    const out = await done('recover', 'dtr-majority-loss', 'lab.yml', '--yes')
    expect(out).toContain('emergency-repair')
    await membersAreOn(['d1', 'd2', 'd3'])
    // The check's image comes whole by digest through every replica, or there would be a change.
    expect(await done('apply', 'lab.yml', '--yes')).toMatch(/\b0 changes\b/)
  })

  test('two of three hosts without power: the survivor alone; then they come back', async () => {
    for (const host of ['d2', 'd3']) await lab.host(host).kill()
    await done('recover', 'dtr-majority-loss', 'lab.yml', '--without', 'd2,d3', '--yes')
    await membersAreOn(['d1'])
    for (const host of ['d2', 'd3']) await lab.host(host).start()
    expect(await done('recover', 'lab.yml')).toMatch(/^-> site-rejoin/m)
    await done('recover', 'site-rejoin', 'lab.yml', '--yes')
    await membersAreOn(['d1', 'd2', 'd3'])
    expect(await done('apply', 'lab.yml', '--yes')).toMatch(/\b0 changes\b/)
  })
})
