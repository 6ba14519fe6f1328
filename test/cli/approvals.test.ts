import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { insistOnAgreed } from '../../src/cli/agreed.ts'
import { approvalsPath, approvePlan } from '../../src/cli/approvals.ts'
import type { Io } from '../../src/cli/io.ts'
import { readSaved } from '../../src/cli/review.ts'
import { digest } from '../../src/plan/canonical.ts'
import { savedBytes, savedPlan } from '../../src/plan/saved.ts'
import { bare, plan } from '../views/sample.ts'
import { heard } from './heard.ts'

/** Real keys, real signatures, a real repository. The sample's plan has an irreversible step. */

let folder = ''
const io = (): Io =>
  heard(folder, {
    out: () => undefined,
    err: () => undefined,
    env: { CI: 'true' },
  }).io
const git = (...words: string[]): void => {
  const named = ['-c', 'user.name=x', '-c', 'user.email=x@example.com', '-c', 'commit.gpgsign=false']
  execFileSync('git', [...named, ...words], { cwd: folder, stdio: 'pipe' })
}
const key = (name: string): string => readFileSync(join(folder, `${name}.pub`), 'utf8').trim()
const sign = (by: string, file = by, of = 'plan.json'): void =>
  approvePlan(of, readSaved(of, io()), by, join(folder, file), io())
const check = (of = 'plan.json', base = 'main'): void =>
  insistOnAgreed({ file: of, approvalsFrom: base }, 'site.yml', readSaved(of, io()), io())

function save(name: string, steps = plan.steps): void {
  const made = { ...plan, steps, from: { ...plan.from, facts: digest(Object.fromEntries(bare)) } }
  const what = {
    tool: '1',
    playbook: 'site.yml',
    level: 'live' as const,
    findings: [],
    places: {},
    present: {},
  }
  writeFileSync(join(folder, name), savedBytes(savedPlan({ ...what, plan: made, facts: bare })))
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-approvals-'))
  for (const name of ['ann', 'bob', 'eve'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)])
  save('plan.json')
  save('other.json', plan.steps.slice(0, 2))
  const rules = {
    people: { ann: key('ann'), bob: key('bob'), bobby: key('bob') },
    approvals: { irreversible: { count: 2, of: ['ann', 'bob', 'bobby'] } },
  }
  // JSON is YAML too.
  writeFileSync(join(folder, 'approvals.yml'), JSON.stringify(rules))
  git('init', '-q', '-b', 'main')
  git('add', 'approvals.yml')
  git('commit', '-q', '-m', 'rules')
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('approvals', () => {
  it('are missing at first: exit 19', () => {
    expect(() => check()).toThrow(/is not approved\n {2}irreversible: 0 of 2/)
  })

  it('by one are not by two, nor is one person with two names', () => {
    sign('bob')
    sign('bobby', 'bob')
    expect(() => check()).toThrow(/irreversible: 1 of 2/)
  })

  it("in somebody else's name count nothing", () => {
    sign('ann', 'eve')
    expect(() => check()).toThrow(/irreversible: 1 of 2/)
  })

  it('in full let the plan through, and no other plan', () => {
    sign('ann')
    expect(() => check()).not.toThrow()
    cpSync(join(folder, approvalsPath('plan.json')), join(folder, approvalsPath('other.json')))
    expect(() => check('other.json')).toThrow(/0 of 2/)
    const stolen = readFileSync(join(folder, approvalsPath('plan.json')), 'utf8')
    writeFileSync(
      join(folder, approvalsPath('other.json')),
      stolen.replace(readSaved('plan.json', io()).digest, readSaved('other.json', io()).digest),
    )
    expect(() => check('other.json')).toThrow(/0 of 2/)
  })

  it('are judged by the rules of the base branch, whatever the change says', () => {
    const before = readFileSync(join(folder, 'approvals.yml'), 'utf8')
    writeFileSync(join(folder, 'approvals.yml'), JSON.stringify({ people: {}, approvals: {} }))
    expect(() => check('other.json')).toThrow(/0 of 2/)
    writeFileSync(join(folder, 'approvals.yml'), before)
  })

  it('in CI need a branch whose rules hold, wherever there are rules', () => {
    expect(() =>
      insistOnAgreed({ file: 'plan.json' }, 'site.yml', readSaved('plan.json', io()), io()),
    ).toThrow(/of which branch/)
    expect(() => check('plan.json', 'nosuch')).toThrow(/is not in this checkout/)
    expect(() => check('plan.json', '--help')).toThrow(/is no branch/)
  })

  it.each([
    ['a rule with a typing error', { people: {}, approvals: { irreversable: { count: 1, of: [] } } }],
    ['a count of none', { people: {}, approvals: { irreversible: { count: 0, of: [] } } }],
    ['people nobody knows', { people: {}, approvals: { irreversible: { count: 1, of: ['x'] } } }],
    ['a key that is none', { people: { x: 'hello' }, approvals: {} }],
    ['another key', { people: {}, approvals: {}, more: 1 }],
  ])('%s is no rule', (_, rules) => {
    writeFileSync(join(folder, 'approvals.yml'), JSON.stringify(rules))
    git('commit', '-q', '-a', '-m', 'wrong rules')
    expect(() => check()).toThrow(/main:approvals.yml: /)
  })
})
