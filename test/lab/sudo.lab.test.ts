import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { admPassword } from './access.ts'
import { estateOf } from './estate.ts'
import type { Lab } from './harness.ts'
import { labDown, labUp } from './harness.ts'
import { whyNoLab } from './machine.ts'
import { stopAtFirstFailure } from './ordered.ts'
import { writePlaybook } from './playbook.ts'
import { runbook } from './run.ts'
import { clusterStatus } from './vendor.ts'

const reason = await whyNoLab()
if (reason !== undefined) console.warn(`skipped: this machine cannot carry a lab: ${reason}`)

describe.skipIf(reason !== undefined)('runbook as a user who becomes root by password', () => {
  let lab: Lab
  let directory: string
  stopAtFirstFailure()
  beforeAll(async () => {
    await labDown()
    lab = await labUp({ hosts: ['m1', 'd1', 'lb1'] })
    directory = mkdtempSync(join(tmpdir(), 'runbook-lab-'))
    writePlaybook(lab, directory, { managers: ['m1'], workers: [], replicas: ['d1'], sudo: true })
  })
  afterAll(async () => {
    await labDown()
    rmSync(directory, { recursive: true, force: true })
  })

  test('a wrong sudo password is exit 11, says so for every host, and changes nothing', async () => {
    const before = await estateOf(lab)
    const refused = await runbook(directory, ['apply', 'lab.yml', '--yes'], undefined, 'not-the-password')
    expect(refused.code, refused.err).toBe(11)
    for (const host of ['m1', 'd1', 'lb1'])
      expect(refused.err).toMatch(new RegExp(`${host}: .*sudo refused the password`))
    expect(await estateOf(lab)).toEqual(before)
  })

  test('apply makes a small cluster, and the password shows nowhere', async () => {
    const done = await runbook(directory, ['apply', 'lab.yml', '--yes'])
    expect(done.code, `${done.err.slice(-3000)}\n${done.out.slice(-2000)}`).toBe(0)
    expect(Object.values((await clusterStatus(lab, 'd1'))?.replica_health ?? {})).toEqual(['OK'])
    expect(done.out + done.err).not.toContain(admPassword)
    const again = await runbook(directory, ['apply', 'lab.yml', '--yes'])
    expect(again.code, again.err.slice(-2000)).toBe(0)
    expect(again.out).toMatch(/\b0 changes\b/)
  })
})
