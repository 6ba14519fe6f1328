import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { insistOnTrusted } from '../../../src/cli/ci/pullRequest.ts'
import { ci, type CiArgs } from '../../../src/cli/verbs/ci.ts'
import { digest } from '../../../src/plan/canonical.ts'
import type { Facts } from '../../../src/plan/fact.ts'
import { savedBytes, savedPlan } from '../../../src/plan/saved.ts'
import type { Plan, Step } from '../../../src/plan/step.ts'
import { bare, built, half, plan } from '../../views/sample.ts'
import { type ForgeName, standIn } from './standIn.ts'
import { heard } from '../heard.ts'

const sha = 'a'.repeat(40)
const environments: { readonly [name in ForgeName]: (url: string) => NodeJS.ProcessEnv } = {
  github: url => ({
    GITHUB_ACTIONS: 'true',
    GITHUB_API_URL: url,
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_TOKEN: 't0ken',
    GITHUB_REF: 'refs/pull/7/merge',
    GITHUB_SHA: sha,
  }),
  gitea: url => ({
    GITEA_ACTIONS: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_SERVER_URL: url,
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_TOKEN: 't0ken',
    GITHUB_REF: 'refs/pull/7/head',
    GITHUB_SHA: sha,
  }),
  gitlab: url => ({
    GITLAB_CI: 'true',
    CI_API_V4_URL: `${url}/api/v4`,
    CI_PROJECT_ID: '42',
    GITLAB_TOKEN: 't0ken',
    CI_MERGE_REQUEST_IID: '7',
    CI_COMMIT_SHA: sha,
  }),
  bitbucket: url => ({
    BITBUCKET_BUILD_NUMBER: '1',
    BITBUCKET_API_URL: `${url}/2.0`,
    BITBUCKET_WORKSPACE: 'w',
    BITBUCKET_REPO_SLUG: 'r',
    BITBUCKET_TOKEN: 't0ken',
    BITBUCKET_PR_ID: '7',
    BITBUCKET_COMMIT: sha,
  }),
  azure: url => ({
    TF_BUILD: 'True',
    SYSTEM_COLLECTIONURI: `${url}/org/`,
    SYSTEM_TEAMPROJECT: 'My Project',
    BUILD_REPOSITORY_ID: 'rid',
    SYSTEM_PULLREQUEST_PULLREQUESTID: '7',
    SYSTEM_ACCESSTOKEN: 't0ken',
  }),
}
const forges = Object.keys(environments) as ForgeName[]

let folder = ''
let out = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-ci-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, facts: Facts, steps: readonly Step[] = plan.steps): string {
  const made: Plan = { ...plan, steps, from: { ...plan.from, facts: digest(Object.fromEntries(facts)) } }
  const saved = savedPlan({
    tool: '1',
    plan: made,
    playbook: 'site.yml',
    level: 'live',
    facts,
    findings: [],
    places: { 'node-1': 'site.yml:5:3' },
    present: {},
    seen: { at: '1970-01-01T00:00:00.000Z' },
  })
  writeFileSync(join(folder, name), savedBytes(saved))
  return name
}

async function run(
  what: CiArgs['what'],
  file: string,
  env: NodeJS.ProcessEnv,
  more: Partial<CiArgs> = {},
): Promise<number> {
  out = ''
  const io = heard(folder, {
    out: text => void (out += text),
    err: () => undefined,
    env,
    clock: { now: () => 240_000, sleep: () => Promise.resolve() },
  }).io
  return ci({ what, plan: file, failOn: 'error', ...more }, io)
}

describe.each(forges)('%s', forge => {
  it('keeps one comment, found again among many, and says nothing of a plan without changes', async () => {
    const server = await standIn(forge)
    const env = environments[forge](server.url)
    await run('comment', write('built.json', built), env)
    expect(server.comments).toHaveLength(3)
    await run('comment', write('bare.json', bare), env)
    expect(server.comments).toHaveLength(4)
    expect(server.comments[3]?.text).toMatch(/runbook:plan v1 file=site.yml[^]*4 min old/)
    await run('comment', write('half.json', half), env, { previous: 'bare.json' })
    expect(server.comments).toHaveLength(4)
    expect(server.comments[3]?.text).toContain('Changed since last push')
    await run('comment', 'built.json', env)
    expect(server.comments).toHaveLength(4)
    expect(server.comments[3]?.text).toContain('no changes')
    expect(server.comments[0]?.text).toBe('a reviewer says 0')
    expect(server.wrong).toEqual([])
    await server.close()
  })

  it.each([3, 50, 500])('fits a plan of %i hosts', async hosts => {
    const [first] = plan.steps
    if (first === undefined) throw new Error('the sample has lost its steps')
    const content = 'a line of a file that is managed\n'.repeat(40)
    const steps = Array.from({ length: hosts }, (_, i) => ({
      ...first,
      id: `file@node-${i}`,
      run: [{ write: '/etc/x', content, mode: '0644' }],
    }))
    const server = await standIn(forge)
    await run('comment', write('many.json', bare, [...plan.steps, ...steps]), environments[forge](server.url))
    expect(server.wrong).toEqual([])
    expect(server.comments[3]?.text.length).toBeGreaterThan(500)
    await server.close()
  })

  it('reports a verdict by the threshold', async () => {
    const server = await standIn(forge)
    const env = environments[forge](server.url)
    expect(await run('check', 'bare.json', env)).toBe(0)
    expect(await run('check', 'bare.json', env, { failOn: 'irreversible' })).toBe(12)
    expect(server.checks).toHaveLength(2)
    expect(JSON.stringify(server.checks[1])).toMatch(/"(failure|failed|FAILED)"/)
    expect(JSON.stringify(server.checks[0])).not.toMatch(/"(failure|failed|FAILED)"/)
    expect(server.wrong).toEqual([])
    await server.close()
  })

  it('names what it misses, and keeps the token out of it', async () => {
    const server = await standIn(forge)
    const env = environments[forge](server.url)
    await server.close()
    const failed = await run('comment', 'bare.json', env).catch((error: unknown) => error)
    expect(failed).toMatchObject({ exit: 'unreachable' })
    expect(JSON.stringify(failed) + String(failed)).not.toContain('t0ken')
    const token = Object.entries(env).find(([, value]) => value === 't0ken')?.[0] ?? ''
    await expect(run('comment', 'bare.json', { ...env, [token]: '' })).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringContaining(token) as string,
    })
  })
})

describe('drift', () => {
  it('is what the base branch would change too', async () => {
    await run('summary', 'half.json', {}, { base: 'half.json' })
    expect(out).toMatch(/Drift not caused by this change \(2\)[^]*- `group.join@node-2`/)
  })
})

describe('the job summary', () => {
  it('is appended to, and annotations stand at the lines of the playbook', async () => {
    const path = join(folder, 'summary.md')
    expect(await run('summary', 'bare.json', { GITHUB_STEP_SUMMARY: path })).toBe(0)
    expect(readFileSync(path, 'utf8')).toMatch(/^### 🔴 runbook plan/)
    expect(out).toMatch(/^::warning file=site.yml,line=5,col=3,title=risk.irreversible::step 2 /m)
  })

  it('annotates the worst ten and counts the rest', async () => {
    const [, start] = plan.steps
    if (start === undefined) throw new Error('the sample has lost its steps')
    const steps = Array.from({ length: 14 }, (_, i) => ({ ...start, goal: [], id: `group.join@x${i}` }))
    write('risky.json', bare, steps)
    await run('summary', 'risky.json', { GITHUB_STEP_SUMMARY: join(folder, 'summary.md') })
    expect(out.match(/^::/gm)).toHaveLength(11)
    expect(out).toContain('4 more in the job summary')
  })
})

describe('strangers', () => {
  it('cannot apply by way of pull_request_target', () => {
    expect(() => insistOnTrusted({ GITHUB_EVENT_NAME: 'pull_request_target' })).toThrow(/never runs on/)
    expect(() => insistOnTrusted({ GITHUB_EVENT_NAME: 'push' })).not.toThrow()
  })

  it('are not believed: a tampered plan is refused', async () => {
    writeFileSync(
      join(folder, 'bad.json'),
      readFileSync(join(folder, 'bare.json'), 'utf8').replace('3.2', '3.3'),
    )
    await expect(run('comment', 'bad.json', {})).rejects.toMatchObject({ exit: 'refused' })
  })
})
