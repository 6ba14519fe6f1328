import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { type Pretence, pretend } from '../../src/cli/pretend.ts'
import { apply, type ApplyArgs } from '../../src/cli/verbs/apply.ts'
import { lock } from '../../src/cli/verbs/lock.ts'
import { resume, type ResumeArgs } from '../../src/cli/verbs/resume.ts'
import { rollback } from '../../src/cli/verbs/rollback.ts'
import { normal } from '../../src/twin/rehearse.ts'
import type { Connect } from '../../src/hosts/session.ts'
import { heard } from './heard.ts'

/** One story of ways back on one pretend cluster, over real SSH. Each test goes on where the one before ended. */

let folder = ''
let out = ''
let err = ''
let cluster: Pretence
/** What becomes of an effect instead of its own end: its exit code, 'unseen' for none. */
let spoilt: (host: string, words: string) => number | 'unseen' | undefined = () => undefined
const ran: string[] = []

const spoil =
  (connect: Connect): Connect =>
  async host => {
    const session = await connect(host)
    return {
      ...session,
      exec(line, options) {
        const words = line.argv.join(' ')
        if (options.attachOnly !== true) ran.push(`${host.name} ${words}`)
        const end = spoilt(host.name, words)
        if (end === undefined) return session.exec(line, options)
        return Promise.resolve({ code: end === 'unseen' ? undefined : end, stdout: '', stderr: 'spoilt\n' })
      },
    }
  }

const workers = (names: string): string =>
  readFileSync(join(packageRoot(), 'playbooks', 'dtr-ha.yml'), 'utf8')
    .replace('workers: [w1, w2]', `workers: [${names}]`)
    .replace('  lb1: {', '  w3: { address: 198.51.100.33, site: c }\n  lb1: {')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-back-'))
  cpSync(join(packageRoot(), 'playbooks'), folder, { recursive: true })
  writeFileSync(join(folder, 'one.yml'), workers('w1'))
  writeFileSync(join(folder, 'three.yml'), workers('w1, w2, w3'))
  const io = heard(folder, {
    out: text => void (out += text),
    err: text => void (err += text),
  }).io
  cluster = await pretend((await loadGood('three.yml', io)).topology, io, { faster: 2000, spoil })
})
afterAll(async () => {
  await cluster.close()
  rmSync(folder, { recursive: true })
})

const running = { output: 'plain' as const, parallel: 10, runsDir: 'runs' }
const applying = (file: string, more: Partial<ApplyArgs> = {}): Promise<number> => {
  out = err = ''
  ran.length = 0
  return apply({ ...running, file, dryRun: false, yes: true, ...more }, cluster.io)
}
const resuming = (more: Partial<ResumeArgs> = {}): Promise<number> => {
  out = err = ''
  ran.length = 0
  return resume({ ...running, ...more }, cluster.io)
}
const inSwarm = (host: string): boolean => JSON.stringify(cluster.estate.shared).includes(`"${host}"`)
const journals = (): number => readdirSync(join(folder, 'runs')).length
const thirdFails = (host: string, words: string): number | undefined =>
  host === 'w3' && /swarm\/join/.test(words) ? 1 : undefined

it('builds a cluster with one worker', async () => {
  expect(await applying('one.yml')).toBe(0)
  expect([inSwarm('w1'), inSwarm('w2')]).toEqual([true, false])
})

it('holds on failure; rollback undoes joins in reverse, and stops at the point of no return', async () => {
  spoilt = thirdFails
  expect(await applying('three.yml')).toBe(15)
  spoilt = () => undefined
  expect(inSwarm('w2')).toBe(true)
  out = err = ''
  ran.length = 0
  expect(await rollback({ ...running, yes: true }, cluster.io)).toBe(0)
  expect(err).toMatch(/point of no return: nothing undoes "Install Docker Engine/)
  expect(ran.some(words => /^w2 docker swarm leave/.test(words))).toBe(true)
  expect([inSwarm('w1'), inSwarm('w2')]).toEqual([true, false])
})

it('apply goes all the way afterwards', async () => {
  expect(await applying('three.yml')).toBe(0)
  expect([inSwarm('w2'), inSwarm('w3')]).toEqual([true, true])
  await applying('three.yml')
  expect(out).toMatch(/no changes/)
})

const endings = (host: string): readonly string[] =>
  (cluster.estate.hosts[host]?.custody?.leases ?? []).map(({ ended }) =>
    ended === undefined ? 'held' : (JSON.parse(ended) as { how: string }).how,
  )

it('--on-failure rollback undoes at once: exit 16, the cluster as it was, nobody held', async () => {
  const own = (name: string, argv: string, undo: string): string =>
    `  - name: ${name}\n    hosts: [w1]\n    command:\n      argv: [${argv}]\n      undo:\n        argv: [${undo}]\n`
  writeFileSync(
    join(folder, 'own.yml'),
    `${workers('w1, w2, w3')}\nsteps:\n${own('First', 'first-do', 'first-undo')}${own('Second', 'second-do', 'second-undo')}`,
  )
  spoilt = (_, words) => (words.startsWith('second-do') ? 3 : /^(first|second)-/.test(words) ? 0 : undefined)
  const before = normal({ ...cluster.estate, hosts: timeless() })
  expect(await applying('own.yml', { onFailure: 'rollback' })).toBe(16)
  expect(ran.filter(words => /^w1 (first|second)-/.test(words))).toEqual([
    'w1 first-do',
    'w1 second-do',
    'w1 second-undo',
    'w1 first-undo',
  ])
  expect(normal({ ...cluster.estate, hosts: timeless() })).toBe(before)
  // Nobody could come in between the failure and the way back.
  expect(endings('w1').slice(-2)).toEqual(['left', 'released'])
  out = ''
  await lock({ what: 'status', file: 'own.yml', json: false }, cluster.io)
  expect(out).toMatch(/^(\S+: free\n)+$/)
})

function timeless(): typeof cluster.estate.hosts {
  return Object.fromEntries(
    Object.entries(cluster.estate.hosts).map(([name, host]) => {
      const { custody: _, ...rest } = host
      return [name, rest]
    }),
  )
}

it('--on-failure rollback where nothing undoes the last change holds, as without it', async () => {
  writeFileSync(
    join(folder, 'stuck.yml'),
    `${workers('w1, w2, w3')}\nsteps:\n  - name: For good\n    hosts: [w1]\n    command:\n      argv: [for-good]\n`,
  )
  spoilt = (_, words) => (words.startsWith('for-good') ? 3 : undefined)
  expect(await applying('stuck.yml', { onFailure: 'rollback' })).toBe(15)
  expect(err).toMatch(/point of no return: nothing undoes "For good/)
  expect(endings('w1').slice(-2)).toEqual(['left', 'released'])
  out = ''
  await lock({ what: 'status', file: 'stuck.yml', json: false }, cluster.io)
  expect(out).toMatch(/^(\S+: free\n)+$/)
})

it('in doubt is exit 17 with the ways out, and what a person says decides', async () => {
  spoilt = (_, words) => (words.startsWith('for-good') ? 'unseen' : undefined)
  expect(await applying('stuck.yml', { onFailure: 'rollback' })).toBe(17)
  const [, step = ''] = /--assume (\S+)=done/.exec(err) ?? []
  expect(step).not.toBe('')
  // Others are kept off until somebody has decided.
  await expect(applying('stuck.yml')).rejects.toMatchObject({ exit: 'locked' })
  expect(await resuming()).toBe(17)
  await expect(resuming({ assume: 'perhaps' })).rejects.toMatchObject({ exit: 'usage' })
  await expect(resuming({ assume: 'nothing=done' })).rejects.toMatchObject({ exit: 'usage' })
  spoilt = (_, words) => (words.startsWith('for-good') ? 0 : undefined)
  expect(await resuming({ assume: `${step}=done` })).toBe(0)
  expect(ran.filter(words => words.includes('for-good'))).toEqual([])
})

it('in doubt and not done is done again, once', async () => {
  spoilt = (_, words) => (words.startsWith('for-good') ? 'unseen' : undefined)
  expect(await applying('stuck.yml')).toBe(17)
  const [, step = ''] = /--assume (\S+)=done/.exec(err) ?? []
  spoilt = (_, words) => (words.startsWith('for-good') ? 0 : undefined)
  expect(await resuming({ assume: `${step}=not-done` })).toBe(0)
  expect(ran.filter(words => words.includes('for-good'))).toEqual(['w1 for-good'])
})

it('a run is gone on with by the same minor version only, or planned anew', async () => {
  spoilt = (_, words) => (words.startsWith('for-good') ? 3 : undefined)
  expect(await applying('stuck.yml')).toBe(15)
  const id = readdirSync(join(folder, 'runs')).sort().at(-1) ?? ''
  const path = join(folder, 'runs', id, 'run.json')
  const origin = JSON.parse(readFileSync(path, 'utf8')) as { tool: string }
  expect(origin.tool).toMatch(/^\d+\.\d+\.\d+/)
  writeFileSync(path, JSON.stringify({ ...origin, tool: '99.3.0' }))
  await expect(resuming()).rejects.toMatchObject({
    exit: 'stale',
    message: expect.stringContaining('begun by runbook 99.3.0') as string,
    help: expect.stringContaining('--replan') as string,
  })
  spoilt = (_, words) => (words.startsWith('for-good') ? 0 : undefined)
  const before = journals()
  expect(await resuming({ replan: true, yes: true })).toBe(0)
  expect(journals()).toBe(before + 1)
})

it('a plan or a journal that was changed afterwards is refused', async () => {
  const id = readdirSync(join(folder, 'runs')).sort().at(-1) ?? ''
  const at = (name: string): string => join(folder, 'runs', id, name)
  const plan = readFileSync(at('plan.json'), 'utf8')
  writeFileSync(at('plan.json'), plan.replace('for-good', 'for-evil'))
  await expect(resuming({ run: id })).rejects.toMatchObject({
    exit: 'refused',
    message: expect.stringContaining('was changed after run') as string,
  })
  writeFileSync(at('plan.json'), '{')
  await expect(resuming({ run: id })).rejects.toMatchObject({ exit: 'refused' })
  writeFileSync(at('plan.json'), plan)
  appendFileSync(at('journal.jsonl'), '{"kind":"step-done"}\n')
  await expect(resuming({ run: id })).rejects.toMatchObject({
    exit: 'refused',
    message: expect.stringContaining('cannot be trusted') as string,
  })
})

it('a run whose folder will be gone does not ask to be gone on with when it is stopped', async () => {
  spoilt = (_, words) => {
    if (words.startsWith('first-do')) process.emit('SIGINT', 'SIGINT')
    return /^(first|second)-/.test(words) ? 0 : undefined
  }
  out = err = ''
  const args: ApplyArgs = { ...running, file: 'own.yml', dryRun: false, yes: true }
  expect(await apply(args, { ...cluster.io, insteadOfResume: 'runbook demo' })).toBe(130)
  expect(out).toMatch(/stopped, [^]*next: runbook demo\n$/)
})
