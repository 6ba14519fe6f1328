import { createHash } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bareEstate } from '../../src/catalog/os/bareHost.ts'
import { apply } from '../../src/cli/verbs/apply.ts'
import { backup, type BackupArgs } from '../../src/cli/verbs/backup.ts'
import { restore, type RestoreArgs } from '../../src/cli/verbs/restore.ts'
import { loadPlaybook } from '../../src/playbook/read.ts'
import { normal } from '../../src/twin/rehearse.ts'
import { type Standing, standing } from './standing.ts'

/** Over real SSH, one story: a set is made, listed, proven, spoilt, and a cluster that is gone comes back from it. */

let cluster: Standing
const common = { file: 'minimal.yml', output: 'plain', parallel: 4, runsDir: 'runs' } as const
const create: BackupArgs = { ...common, what: 'create', dryRun: false, yes: true, json: false }
const list: BackupArgs = { ...create, what: 'list' }
const verify: BackupArgs = { ...create, what: 'verify' }
const back: RestoreArgs = { ...common, dryRun: false, yesName: 'minimal' }
const TAGS = { 'team/app:1': { digest: `sha256:${'a'.repeat(64)}`, stores: ['elsewhere'] } }

const kept = (file: string): string => join(cluster.folder, 'backups/first', file)

beforeAll(async () => {
  cluster = await standing('minimal')
  const playbook = join(cluster.folder, 'minimal.yml')
  expect(readFileSync(playbook, 'utf8')).not.toContain('\nbackup:')
  await expect(cluster.run(io => backup(create, io))).rejects.toMatchObject({
    exit: 'usage',
    message: 'minimal.yml says nothing on backups',
  })
  appendFileSync(playbook, '\nbackup:\n  to:\n    directory: backups\n  keep: 2\n  images:\n    copy: true\n')
  const dtr = cluster.estate.shared['dtr'] as { repositories: string[]; tags: unknown }
  dtr.repositories = ['team/app']
  dtr.tags = TAGS
})
afterAll(() => cluster.close())

it('shows the plan and changes nothing where nobody agrees', async () => {
  const before = normal(cluster.estate)
  const shown = await cluster.run(io => backup({ ...create, dryRun: true }, io))
  expect(shown.out).toMatch(/Archive the swarm's state on m1, its engine stopped meanwhile/)
  await expect(cluster.run(io => backup({ ...create, yes: false }, io))).rejects.toMatchObject({
    exit: 'unanswered',
  })
  expect(normal(cluster.estate) === before).toBe(true)
  const none = await cluster.run(io => backup(list, io))
  expect(none.out).toContain('no set in backups')
})

it('makes a set that is complete, its files its owner’s alone, and leaves nothing on the hosts', async () => {
  const made = await cluster.run(io => backup({ ...create, set: 'first' }, io))
  expect(made.out).toMatch(/minimal: done/)
  expect(made.code).toBe(0)
  const files = readdirSync(kept('.')).sort()
  expect(files.filter(file => !file.endsWith('.record.json'))).toEqual(
    ['SHA256SUMS', 'dtr.tar', 'images.tar', 'papers.tar', 'set.json', 'swarm.tar', 'ucp.tar'].sort(),
  )
  for (const file of files) expect(statSync(kept(file)).mode & 0o777).toBe(0o600)
  for (const line of readFileSync(kept('SHA256SUMS'), 'utf8').trim().split('\n')) {
    const [sum = '', file = ''] = line.split('  ')
    expect(
      createHash('sha256')
        .update(readFileSync(kept(file)))
        .digest('hex'),
    ).toBe(sum)
  }
  const left = Object.values(cluster.estate.hosts).flatMap(host =>
    Object.keys(host.files).filter(
      path => path.startsWith('/var/lib/runbook/backup/') && path.endsWith('.tar'),
    ),
  )
  expect(left).toEqual([])
  expect(cluster.estate.hosts['m1']?.files['/var/lib/runbook/backups/first.json']?.content).toContain(
    '"verified":true',
  )
})

it('lists it, and proves it', async () => {
  const listed = await cluster.run(io => backup(list, io))
  expect(listed.out).toMatch(/^first .* papers swarm ucp dtr images\n {2}complete/m)
  const json = await cluster.run(io => backup({ ...list, json: true }, io))
  expect(JSON.parse(json.out)).toMatchObject({ sets: [{ set: 'first', complete: true, missing: [] }] })
  const proven = await cluster.run(io => backup(verify, io))
  expect(proven.out).toContain('set first is complete')
  expect(proven.code).toBe(0)
})

it.each([
  [
    'corrupt',
    'dtr.tar',
    (path: string) => {
      spoil(path)
    },
    /first\/dtr\.tar is corrupt: its sha256 is/,
  ],
  [
    'truncated',
    'ucp.tar',
    (path: string) => {
      truncateSync(path, 2048)
    },
    /first\/ucp\.tar is truncated: 2048 of \d+ bytes/,
  ],
  [
    'incomplete',
    'swarm.tar.record.json',
    (path: string) => {
      rmSync(path)
    },
    /set first is incomplete: swarm\.tar was not kept whole/,
  ],
  [
    'never proven',
    'SHA256SUMS',
    (path: string) => {
      rmSync(path)
    },
    /it was never read back whole/,
  ],
])(
  'refuses a set that is %s by the name of its file, before anything is touched',
  async (_, file, change, says) => {
    const before = normal(cluster.estate)
    const whole = readFileSync(kept(file))
    change(kept(file))
    try {
      const refused = { exit: 'refused', message: expect.stringMatching(says) as string }
      await expect(cluster.run(io => backup({ ...verify, set: 'first' }, io))).rejects.toMatchObject(refused)
      await expect(cluster.run(io => restore({ ...back, set: 'first' }, io))).rejects.toMatchObject(refused)
    } finally {
      writeFileSync(kept(file), whole, { mode: 0o600 })
    }
    expect(normal(cluster.estate) === before).toBe(true)
  },
)

it('refuses a restore onto what is alive, of another version, or of another address', async () => {
  const before = normal(cluster.estate)
  const shared = structuredClone(cluster.estate.shared)
  const swarms = Object.entries(cluster.estate.shared['swarms'] as { [id: string]: never })
  const [id = '', swarm] = swarms[0] ?? []
  // Another swarm than the one of the set.
  const m1 = cluster.estate.hosts['m1']?.state['docker'] as { swarm: string }
  cluster.estate.shared['swarms'] = { other: swarm as never }
  m1.swarm = 'other'
  await expect(cluster.run(io => restore(back, io))).rejects.toMatchObject({
    exit: 'refused',
    message: expect.stringContaining('RB0534') as string,
  })
  m1.swarm = id
  Object.assign(cluster.estate.shared, shared)
  expect(normal(cluster.estate) === before).toBe(true)
  const path = join(cluster.folder, 'minimal.yml')
  const playbook = readFileSync(path, 'utf8')
  for (const [from, to, code] of [
    [/version: 2\.7\.6/, 'version: 2.7.5', 'RB0531'],
    [/198\.51\.100\.11/, '198.51.100.99', 'RB0532'],
  ] as const) {
    const changed = playbook.replace(from, to)
    expect(changed).not.toBe(playbook)
    writeFileSync(path, changed)
    await expect(cluster.run(io => restore({ ...back, dryRun: true }, io))).rejects.toMatchObject({
      exit: 'refused',
      message: expect.stringContaining(code) as string,
    })
  }
  writeFileSync(path, playbook)
})

it('keeps as many complete sets as the playbook says', async () => {
  // One that never became whole, and an older one.
  for (const [from, to] of [
    ['first', 'a-second'],
    ['first', 'a-third'],
  ] as const)
    cpSync(join(cluster.folder, 'backups', from), join(cluster.folder, 'backups', to), { recursive: true })
  rmSync(join(cluster.folder, 'backups/a-second/SHA256SUMS'))
  await cluster.run(io => backup({ ...create, set: 'second' }, io))
  const listed = await cluster.run(io => backup(list, io))
  expect(listed.out.match(/^[\w-]+(?= {2}\d)/gm)).toEqual(['second', 'first'])
})

it('builds the cluster from it when all is gone: same tags, login works, a second apply has nothing to do', async () => {
  const { topology } = loadPlaybook(join(cluster.folder, 'minimal.yml'))
  if (!topology) throw new Error('no topology')
  const bare = bareEstate(topology)
  Object.assign(cluster.estate.hosts, bare.hosts)
  for (const key of Object.keys(cluster.estate.shared)) Reflect.deleteProperty(cluster.estate.shared, key)
  Object.assign(cluster.estate.shared, bare.shared)
  await expect(cluster.run(io => restore({ ...back, yesName: 'other' }, io))).rejects.toMatchObject({
    exit: 'unanswered',
  })
  const restored = await cluster.run(io => restore(back, io))
  expect(restored.err).toContain('Client bundles of before the restore are good for nothing')
  expect(restored.out).toMatch(/minimal: done/)
  expect(restored.code).toBe(0)
  expect((cluster.estate.shared['dtr'] as { tags: unknown }).tags).toEqual(TAGS)
  const again = await cluster.run(io => restore(back, io))
  expect(again.out).toMatch(/done, 0 changes/)
  const applied = await cluster.run(io =>
    apply(
      { ...common, dryRun: false, prune: false, yes: true, replan: false, onFailure: 'stop' } as never,
      io,
    ),
  )
  expect(applied.out).toMatch(/done, 0 changes/)
  expect(applied.code).toBe(0)
})

function spoil(path: string): void {
  const bytes = readFileSync(path)
  bytes[600] = (bytes[600] ?? 0) ^ 1
  writeFileSync(path, bytes)
}
