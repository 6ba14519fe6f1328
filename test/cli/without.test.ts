import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { type Pretence, pretend } from '../../src/cli/pretend.ts'
import { apply } from '../../src/cli/verbs/apply.ts'
import { history } from '../../src/cli/verbs/history.ts'
import { plan } from '../../src/cli/verbs/plan.ts'
import { heard } from './heard.ts'

/** One story on one pretend cluster with a worker that is dead at first. Each test goes on where the one before ended. */

const file = 'dtr-ha.yml'
let folder = ''
let out = ''
let err = ''
let cluster: Pretence

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-without-'))
  cpSync(join(packageRoot(), 'playbooks'), folder, { recursive: true })
  const io = heard(folder, {
    out: text => void (out += text),
    err: text => void (err += text),
  }).io
  cluster = await pretend((await loadGood(file, io)).topology, io, { faster: 2000 })
  up('w2', false)
})
afterAll(async () => {
  await cluster.close()
  rmSync(folder, { recursive: true })
})

function up(name: string, is: boolean): void {
  const host = cluster.estate.hosts[name]
  if (host) host.up = is
}

const planning = { file, format: 'text' as const, offline: false, detailedExitcode: true }
const applying = (without?: string) => {
  out = err = ''
  const args = { file, dryRun: false, yes: true, output: 'plain' as const, parallel: 10, runsDir: 'runs' }
  return apply({ ...args, ...(without !== undefined && { without }) }, cluster.io)
}

it('a dead host blocks, and is named', async () => {
  await expect(applying()).rejects.toMatchObject({
    exit: 'unreachable',
    message: expect.stringContaining('w2') as string,
    help: expect.stringMatching(/--without w2/) as string,
  })
})

it('the plan says what is left undone, and asks the dead host nothing', async () => {
  out = err = ''
  expect(await plan({ ...planning, without: 'w2', out: 'saved.json' }, cluster.io)).toBe(2)
  expect(out.replaceAll(/\s+/g, ' ')).toMatch(
    /RB0860\] goes on without w2; left undone: docker\.engine@w2 \(runs on w2\), ucp\.join@w2 \(runs on w2\)/,
  )
  const saved = JSON.parse(readFileSync(join(folder, 'saved.json'), 'utf8')) as {
    plan: { without: unknown; quorums: { voters: unknown[] }[]; steps: { id: string }[] }
  }
  expect(saved.plan.without).toMatchObject({ hosts: ['w2'] })
  expect(saved.plan.steps.some(step => step.id === 'dtr.join@d3')).toBe(true)
  expect(saved.plan.quorums[0]?.voters).toHaveLength(3)
})

it('an unknown host has a nearest name', async () => {
  await expect(plan({ ...planning, without: 'w9' }, cluster.io)).rejects.toMatchObject({
    exit: 'usage',
    message: expect.stringContaining("no host and no site 'w9'") as string,
  })
})

it('two of three managers out are refused: the whole group counts', async () => {
  await expect(plan({ ...planning, without: 'm2,m3,w2' }, cluster.io)).rejects.toMatchObject({
    exit: 'refused',
    message: expect.stringContaining('RB0861') as string,
  })
  expect(out).toMatch(/at most 1 of 3\s+voters\s+of swarm raft/)
})

it('everything that does not need it is done, journalled and reported', async () => {
  expect(await applying('w2')).toBe(0)
  expect(out.slice(-600)).toMatch(/left out: w2; 2 steps undone for it/)
  const [run = ''] = readdirSync(join(folder, 'runs'))
  const journal = readFileSync(join(folder, 'runs', run, 'journal.jsonl'), 'utf8')
  expect(journal.split('\n')[0]).toContain('"without":["w2"]')
  out = ''
  expect(await history({ runsDir: 'runs', json: false }, cluster.io)).toBe(0)
  expect(out).toMatch(/without w2/)
})

it('once it is back, what was left undone is done, and nothing else', async () => {
  up('w2', true)
  expect(await applying()).toBe(0)
  expect(out.slice(-300)).toMatch(/\b2 changes/)
  expect(await applying()).toBe(0)
  expect(out).toMatch(/no changes/)
})

it('of a built cluster one manager may be out: its majority is left, and only its own steps wait', async () => {
  up('m3', false)
  expect(await plan({ ...planning, without: 'm3' }, cluster.io)).toBe(0)
  up('m3', true)
})
