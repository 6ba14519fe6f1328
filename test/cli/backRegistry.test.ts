import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stopReplica, twinDtr } from '../../src/catalog/dtr/state.ts'
import { loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { type Pretence, pretend } from '../../src/cli/pretend.ts'
import { apply } from '../../src/cli/verbs/apply.ts'
import { rollback } from '../../src/cli/verbs/rollback.ts'
import type { Connect } from '../../src/hosts/session.ts'
import { heard } from './heard.ts'

/** The way back from a registry that grew, on one pretend cluster over real SSH. Each test goes on where the one before ended. */

const folder = mkdtempSync(join(tmpdir(), 'runbook-back-registry-'))
const said = heard(folder)
let cluster: Pretence
const ran: string[] = []
let fails: RegExp | undefined
const spoil =
  (connect: Connect): Connect =>
  async host => {
    const session = await connect(host)
    return {
      ...session,
      exec(line, options) {
        const words = line.argv.join(' ')
        ran.push(`${host.name} ${words}`)
        if (fails?.test(`${host.name} ${words}`) !== true) return session.exec(line, options)
        return Promise.resolve({ code: 1, stdout: '', stderr: 'spoilt\n' })
      },
    }
  }

beforeAll(async () => {
  cpSync(join(packageRoot(), 'playbooks'), folder, { recursive: true })
  const three = readFileSync(join(folder, 'dtr-ha.yml'), 'utf8')
  writeFileSync(
    join(folder, 'one.yml'),
    three.replace(/\n( +)- host: d2\n[^]*?- host: d3[^\n]*(\n\1 +\S[^\n]*)*/, ''),
  )
  cluster = await pretend((await loadGood('dtr-ha.yml', said.io)).topology, said.io, { faster: 2000, spoil })
})
afterAll(async () => {
  await cluster.close()
  rmSync(folder, { recursive: true })
})

const running = { output: 'plain' as const, parallel: 10, runsDir: 'runs', yes: true }
const applying = (file: string): Promise<number> => {
  said.clear()
  ran.length = 0
  return apply({ ...running, file, dryRun: false }, cluster.io)
}
const back = (): Promise<number> => {
  said.clear()
  ran.length = 0
  return rollback(running, cluster.io)
}
const members = (): readonly string[] =>
  Object.values(twinDtr(cluster.estate)?.members ?? {})
    .map(({ host }) => host)
    .sort()

const donor = (): string =>
  Object.entries(twinDtr(cluster.estate)?.members ?? {}).find(([, { host }]) => host === 'd1')?.[0] ?? ''

it('a join that failed and the one before it are undone: one removed through the donor, one only cleared', async () => {
  expect(await applying('one.yml')).toBe(0)
  expect(members()).toEqual(['d1'])
  fails = /^d3 [^]*dtr:\S+ join/
  expect(await applying('dtr-ha.yml')).toBe(15)
  fails = undefined
  expect(members()).toEqual(['d1', 'd2'])
  const code = await back()
  expect({ code, err: said.err.slice(-600) }).toMatchObject({ code: 0 })
  expect(members()).toEqual(['d1'])
  expect(said.out).toMatch(/Undo: Join replica \S+ on d2[^]*remove[^]*--existing-replica-id/)
  const removals = ran.filter(words => /runbook-dtr-leave/.test(words))
  expect(removals.every(words => words.startsWith('d1 '))).toBe(true)
  expect(JSON.stringify(removals)).not.toContain('Pa55')
})

it('a donor that is not well is not asked to remove anybody', async () => {
  fails = /^d3 [^]*dtr:\S+ join/
  expect(await applying('dtr-ha.yml')).toBe(15)
  fails = undefined
  stopReplica(cluster.estate, donor())
  expect(await back()).not.toBe(0)
  expect(members()).toEqual(['d1', 'd2'])
  expect(ran.filter(words => words.includes('runbook-dtr-leave'))).toEqual([])
})
