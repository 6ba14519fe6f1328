import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Quit } from '../../src/cli/exit.ts'
import type { Io } from '../../src/cli/io.ts'
import { loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { planFormats } from '../../src/cli/planFormats.ts'
import { drawNumbers, pretendedHosts, rehearsePlan, surveyTwin } from '../../src/cli/rehearsal.ts'
import { render } from '../../src/cli/review.ts'
import { type PlanArgs, plan } from '../../src/cli/verbs/plan.ts'
import { readSavedPlan } from '../../src/plan/saved.ts'
import { noPaint } from '../../src/views/layout.ts'

const playbooks = join(packageRoot(), 'playbooks')
let folder = ''
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'runbook-rehearsal-'))))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** Runs `plan` and keeps what it says. */
async function planned(args: Partial<PlanArgs>): Promise<{ out: string; err: string; code: number }> {
  let [out, err] = ['', '']
  const io = {
    cwd: process.cwd(),
    env: {},
    out: (text: string) => (out += text),
    err: (text: string) => (err += text),
    outPaint: noPaint,
    errPaint: noPaint,
    coloured: { out: false, err: false },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
  } as unknown as Io
  const file = join(playbooks, 'minimal.yml')
  const usual = { file, format: 'text' as const, offline: true, detailedExitcode: false }
  const code = await plan({ ...usual, ...args }, io)
  return { out, err, code }
}

describe('plan --rehearse', () => {
  it('injects every failure of a small plan and finds none stuck', async () => {
    const { out, code } = await planned({ rehearse: true, faults: 0 })
    expect(out).toMatch(/rehearsed on the twin from bare hosts: \d+ failures injected, 0 stuck/)
    expect(code).toBe(0)
  })

  it('says which failures were drawn, draws the same again, and names its level in every form', async () => {
    const saved = join(folder, 'plan.json')
    await planned({ rehearse: true, faults: 25, seed: 3, out: saved })
    const text = readFileSync(saved, 'utf8')
    await planned({ rehearse: true, faults: 25, seed: 3, out: saved })
    expect(readFileSync(saved, 'utf8')).toBe(text)
    const read = readSavedPlan(text)
    expect(read.rehearsed).toMatchObject({ injected: 25, seed: 3, stuck: [] })
    for (const format of planFormats) {
      const form = (await render(read, format, noPaint)).replaceAll(/\s+/g, ' ')
      // GitLab's widget takes exactly three members and shows an error for any other.
      if (format === 'gitlab') expect(Object.keys(JSON.parse(form) as object)).toHaveLength(3)
      else if (format === 'json')
        expect(JSON.parse(form)).toMatchObject({ level: 'offline', rehearsed: { injected: 25 } })
      else expect(form, format).toMatch(/rehearsed on the twin from bare hosts: 25 of \d+ failures/)
    }
  })

  it('plans and rehearses a change from what another playbook leaves', async () => {
    const old = join(playbooks, 'minimal.yml')
    const { out } = await planned({ file: old, after: old, rehearse: true, faults: 5 })
    expect(out).toContain('no changes, all')
    expect(out.replaceAll(/\s+/g, ' ')).toContain(`taken as ${old} leaves them`)
  })

  it('refuses to rehearse a plan on hosts that it is not for', async () => {
    const silent = { cwd: process.cwd(), env: {}, err: () => undefined } as unknown as Io
    const good = await loadGood(join(playbooks, 'minimal.yml'), silent)
    const built = await pretendedHosts(good, good)
    const seen = await surveyTwin(good, built.estate)
    const bare = await pretendedHosts(good)
    const refused = rehearsePlan(good, { ...seen, level: 'live' }, bare, { most: 1, seed: 1 })
    await expect(refused).rejects.toThrow(Quit)
    await expect(refused).rejects.toThrow(/cannot be rehearsed from bare hosts: there, .* would run too/)
  })

  it('an unclean rehearsal is a refusal and in the comment', async () => {
    const saved = join(folder, 'plan.json')
    await planned({ rehearse: true, faults: 1, out: saved })
    const read = readSavedPlan(readFileSync(saved, 'utf8'))
    const { rehearsed } = read
    if (rehearsed === undefined) throw new Error('it was not rehearsed')
    const stuck = { ...read, rehearsed: { ...rehearsed, stuck: ['refused at call 3 of 9: stuck at x'] } }
    const md = await render(stuck, 'md', noPaint)
    expect(md).toMatch(/^### 🔴/)
    expect(md).toContain('- refused at call 3 of 9: stuck at x')
    writeFileSync(saved, '')
  })

  it.each([
    [{ after: 'x.yml', from: 'y.json' }, /both say what is there/],
    [{ after: 'x.yml', offline: false }, /of no use when the hosts are asked/],
    [{ faults: -1 }, /--faults takes a whole number/],
    [{ seed: 1.5 }, /--seed takes a whole number/],
  ])('refuses %j', async (args, message) => {
    await expect(planned(args)).rejects.toThrow(message)
  })
})

describe('drawNumbers', () => {
  it('draws as many different ones as asked, the same for the same seed', () => {
    const drawn = drawNumbers(1000, 50, 4)
    expect(drawn.size).toBe(50)
    expect([...drawn].every(one => one >= 0 && one < 1000)).toBe(true)
    expect([...drawNumbers(1000, 50, 4)]).toEqual([...drawn])
    expect([...drawNumbers(1000, 50, 5)]).not.toEqual([...drawn])
  })
})
