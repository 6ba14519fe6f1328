import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Io } from '../../src/cli/io.ts'
import { loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { type Pretence, pretend } from '../../src/cli/pretend.ts'
import { abandon } from '../../src/cli/verbs/abandon.ts'
import { apply } from '../../src/cli/verbs/apply.ts'
import { history } from '../../src/cli/verbs/history.ts'
import { lock } from '../../src/cli/verbs/lock.ts'
import { resume } from '../../src/cli/verbs/resume.ts'
import { rollback } from '../../src/cli/verbs/rollback.ts'
import type { Connect } from '../../src/hosts/session.ts'
import { heard } from './heard.ts'

/** One story of several people on one pretend cluster, over real SSH. */

const file = 'minimal.yml'
const password = `canary-${randomBytes(9).toString('hex')} '$&%`
let folder = ''
let all = ''
let out = ''
let cluster: Pretence
let fail = false
const sent: string[] = []

const spoil =
  (connect: Connect): Connect =>
  async host => {
    const session = await connect(host)
    return {
      ...session,
      exec(line, options) {
        sent.push(line.argv.join(' '))
        if (!fail || !/dtr:\S+ install/.test(line.argv.join(' '))) return session.exec(line, options)
        options.onLine('err', `FATA[0001] password was ${password}`)
        return Promise.resolve({ code: 1, stdout: '', stderr: `FATA[0001] password was ${password}\n` })
      },
    }
  }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-survive-'))
  cpSync(join(packageRoot(), 'playbooks'), folder, { recursive: true })
  const say = (text: string): void => {
    out += text
    all += text
  }
  const io = heard(folder, {
    out: say,
    err: say,
    interactive: true,
    env: { UCP_ADMIN_PASSWORD: password, CI_JOB_URL: 'https://ci.example/job/7' },
    question: () => Promise.resolve('n'),
  }).io
  const { topology } = await loadGood(file, io)
  cluster = await pretend(topology, io, { faster: 2000, spoil })
})
afterAll(async () => {
  await cluster.close()
  rmSync(folder, { recursive: true })
})

const run = async (verb: (io: Io) => Promise<number>): Promise<number> => {
  out = ''
  return verb(cluster.io)
}
const running = { output: 'plain' as const, parallel: 4 }
const applying = (io: Io, runsDir = 'runs') =>
  apply({ ...running, file, dryRun: false, yes: true, runsDir }, io)

it('what is frozen is not touched, and says who froze it and why', async () => {
  expect(await run(io => lock({ what: 'freeze', file, reason: 'audit', json: false }, io))).toBe(0)
  const before = sent.length
  await expect(run(io => applying(io))).rejects.toMatchObject({
    exit: 'locked',
    message: expect.stringMatching(/frozen by \S+@\S+ since .*ci\.example\/job\/7: audit/) as string,
  })
  expect(sent).toHaveLength(before)
  expect(readdirSync(join(folder, 'runs'))).toEqual([])
  expect(await run(io => lock({ what: 'release', file, json: false }, io))).toBe(0)
  await run(io => lock({ what: 'status', file, json: false }, io))
  expect(out).toMatch(/^(\S+: free\n)+$/)
})

it('break needs a reason', async () => {
  await expect(run(io => lock({ what: 'break', file, json: false }, io))).rejects.toMatchObject({
    exit: 'usage',
  })
})

it('a run that fails gives its hosts back, and hosts remember it', async () => {
  fail = true
  expect(await run(io => applying(io))).toBe(15)
  fail = false
  await run(io => lock({ what: 'status', file, json: false }, io))
  expect(out).toMatch(/^(\S+: free\n)+$/)
  expect(await run(io => history({ file, runsDir: 'runs', json: false }, io))).toBe(0)
  expect(out).toMatch(
    /froze[^]*released[^]*began[^]*ended \(failed\) \S+-minimal plan [0-9a-f]{12} https:\/\/ci/,
  )
})

it('what cannot be undone is said, and nothing is done about it', async () => {
  await expect(run(io => rollback({ ...running, yes: true, runsDir: 'runs' }, io))).rejects.toMatchObject({
    exit: 'refused',
  })
  expect(out).toMatch(/point of no return: nothing undoes/)
})

it('somebody else goes on with it from an empty folder', async () => {
  const hosts = Object.keys(cluster.estate.hosts).sort()
  const code = await run(io =>
    resume({ ...running, run: file, fromHost: hosts[0] ?? '', runsDir: 'elsewhere' }, io),
  )
  expect(code).toBe(0)
  expect(out).toMatch(/fetched run \S+-minimal from/)
  expect(await run(io => history({ runsDir: 'elsewhere', json: false }, io))).toBe(0)
  expect(out).toMatch(/-minimal {2}done {2}\d+ changed/)
})

it('a run that is over can be given up, which changes nothing', async () => {
  expect(await run(io => abandon({ yes: true, runsDir: 'runs' }, io))).toBe(0)
})

it('the password is nowhere: not in files here, not on hosts, not in what was said or sent', () => {
  const files = (path: string): string[] =>
    readdirSync(path).flatMap(name => {
      const inner = join(path, name)
      return statSync(inner).isDirectory() ? files(inner) : [readFileSync(inner, 'utf8')]
    })
  const custody = Object.values(cluster.estate.hosts).map(host => host.custody)
  expect(JSON.stringify(custody)).toContain('run-started')
  const places = [
    all,
    ...sent,
    ...files(join(folder, 'runs')),
    ...files(join(folder, 'elsewhere')),
    JSON.stringify(custody),
  ]
  const forms = [
    password,
    Buffer.from(password).toString('base64').replace(/=+$/, ''),
    encodeURIComponent(password),
    JSON.stringify(password).slice(1, -1),
    password.replaceAll("'", `'\\''`),
    password.split(' ')[0] ?? password,
  ]
  expect(places.join('').length).toBeGreaterThan(10_000)
  for (const form of forms) expect(places.filter(place => place.includes(form))).toEqual([])
})
