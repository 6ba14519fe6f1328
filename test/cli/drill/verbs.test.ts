import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exits } from '../../../src/cli/exit.ts'
import { processIo } from '../../../src/cli/io.ts'
import { packageRoot } from '../../../src/cli/package.ts'
import { drillResume, drillRun } from '../../../src/cli/verbs/drill.ts'
import { drillCheck, drillHistory, drillReportVerb, drillStatus } from '../../../src/cli/verbs/drillLook.ts'

const folder = mkdtempSync(join(tmpdir(), 'runbook-drill-verbs-'))
const file = join(packageRoot(), 'playbooks', 'drills', 'storage-loss.yml')
const drillsDir = join(folder, 'drills')
let said = ''
const io = {
  ...processIo(false, true),
  cwd: folder,
  out: (text: string): void => void (said += text),
  err: (): void => undefined,
}
const heard = (): string => {
  const text = said
  said = ''
  return text
}
const report = { drillsDir, format: 'text', sign: false } as const

beforeAll(() => {
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')])
  writeFileSync(join(folder, 'allowed'), `alice ${readFileSync(join(folder, 'key.pub'), 'utf8')}`)
  writeFileSync(
    join(folder, 'answers.yml'),
    ['fault', 'detect', 'storage', 'recover', 'verify']
      .map(id => `${id}: { by: bob, answer: done }\n`)
      .join(''),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the verbs of drills', () => {
  it('talk one through at a table, and keep what was said', async () => {
    const args = { file, mode: 'tabletop', answers: 'answers.yml', yes: false, drillsDir }
    expect(await drillRun(args, io)).toBe(exits.ok)
    expect(heard()).toContain('an objective could not be told (tabletop)')
    const [id = ''] = readdirSync(drillsDir)
    expect(readdirSync(join(drillsDir, id)).sort()).toEqual(
      [
        'drill.json',
        'journal.jsonl',
        'report.csv',
        'report.html',
        'report.json',
        'report.md',
        'report.xml',
      ].sort(),
    )
    expect(drillStatus({ drillsDir }, io)).toBe(exits.ok)
    expect(heard()).toMatch(/tabletop\): done\n {2}done {2}fault/)
    expect(await drillResume({ drillsDir }, io)).toBe(exits.ok)
    expect(heard()).toContain('is done already')
  })

  it('count what was carried out for real only, unless told otherwise', async () => {
    expect(await drillCheck({ file, drillsDir }, io)).toBe(exits.unsteady)
    expect(heard()).toContain('never carried out (isolated or live), every 180 days: OVERDUE')
    expect(await drillCheck({ file, drillsDir, count: 'tabletop' }, io)).toBe(exits.ok)
    const later = { ...io, clock: { ...io.clock, now: () => Date.now() + 181 * 86_400_000 } }
    expect(await drillCheck({ file, drillsDir, count: 'tabletop' }, later)).toBe(exits.unsteady)
    heard()
    expect(drillHistory({ drillsDir, json: true }, io)).toBe(exits.ok)
    expect((JSON.parse(heard()) as { drills: unknown[] }).drills).toHaveLength(1)
  })

  it('seal it, and see when a file of it was changed afterwards', () => {
    expect(() => drillReportVerb({ ...report, verify: 'allowed' }, io)).toThrow('is not signed')
    expect(drillReportVerb({ ...report, sign: true, key: 'key' }, io)).toBe(exits.ok)
    expect(drillReportVerb({ ...report, verify: 'allowed' }, io)).toBe(exits.ok)
    expect(heard()).toContain('signed by alice, nothing was changed since')
    appendFileSync(join(drillsDir, readdirSync(drillsDir)[0] ?? '', 'report.md'), 'x')
    expect(() => drillReportVerb({ ...report, verify: 'allowed' }, io)).toThrow(
      /was changed after alice signed it[^]*report\.md/,
    )
    writeFileSync(join(folder, 'nobody'), '')
    expect(() => drillReportVerb({ ...report, verify: 'nobody' }, io)).toThrow('nobody in nobody has signed')
  })

  it('refuse a journal that was changed', () => {
    const journal = join(drillsDir, readdirSync(drillsDir)[0] ?? '', 'journal.jsonl')
    writeFileSync(journal, readFileSync(journal, 'utf8').replace('"by":"bob"', '"by":"eve"'))
    expect(() => drillStatus({ drillsDir }, io)).toThrow(/changed after it was written/)
  })
})
