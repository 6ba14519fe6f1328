import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { mountFact } from '../../../src/catalog/steps/mount.ts'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import { showValue } from '../../../src/plan/show.ts'
import type { MountSpec } from '../../../src/playbook/steps.ts'
import { runReal } from './real.ts'
import { made, stageOf, step, topologyOf, wrong } from './toy.ts'

const mount = (more: Partial<MountSpec> = {}): MountSpec => ({
  kind: 'mount',
  path: '/mnt/data',
  state: 'mounted',
  source: 'nas:/export/data',
  type: 'nfs',
  options: 'rw,nfsvers=4',
  ...more,
})

const listing = `proc /proc proc rw 0 0
nas:/export/data /mnt/data nfs4 rw,relatime,vers=4.2 0 0
/dev/sdb1 /mnt/with\\040blank ext4 rw 0 0
# fstab
# <file system> <mount point>
nas:/export/data   /mnt/data  nfs  rw,nfsvers=4 0 0
# end
`

describe('a mount', () => {
  beforeAll(loadStepTools)

  it('holds now and at the next start', () => {
    const { goal, run } = made(mount())
    expect(goal).toMatchObject([
      {
        is: {
          now: { source: 'nas:/export/data', type: 'nfs' },
          boot: { source: 'nas:/export/data', options: 'rw,nfsvers=4' },
        },
      },
    ])
    expect(run).toMatchObject([
      {
        exec: {
          argv: [
            'sh',
            '-c',
            expect.any(String),
            'runbook-step-mount',
            '/mnt/data',
            'nas:/export/data',
            'nfs',
            'rw,nfsvers=4',
          ],
        },
      },
    ])
  })

  it('is read from what kernel and table say', () => {
    const see = (path: string, stdout = listing) => mountFact.parse({ code: 0, stdout, stderr: '' }, { path })
    expect(see('/mnt/data')).toEqual({
      now: { source: 'nas:/export/data', type: 'nfs' },
      boot: { source: 'nas:/export/data', type: 'nfs', options: 'rw,nfsvers=4' },
    })
    expect(see('/mnt/with blank')).toEqual({ now: { source: '/dev/sdb1', type: 'ext4' }, boot: null })
    expect(see('/mnt')).toEqual({ now: null, boot: null })
    expect(see('/mnt/data', listing.replace('# end\n', ''))).toBeUndefined()
    const probe = mountFact.probe({ path: '/' })
    expect(mountFact.parse(runReal(probe), { path: '/proc' })).toMatchObject({ now: { type: 'proc' } })
  })

  it('needs source and type, and words that the table can hold', () => {
    const { source: _, ...bare } = mount()
    expect(wrong(bare)).toMatchObject([expect.stringContaining("a mount needs 'source'")])
    expect(wrong(mount({ options: 'a b' }))).toMatchObject([
      expect.stringContaining('RB0907 steps.0.mount.options'),
    ])
    expect(wrong(mount({ path: '/' }))).toMatchObject([expect.stringContaining('cannot be mounted on')])
  })

  it('comes and goes once, and other lines of the table stay', async () => {
    const stage = stageOf(topologyOf([step(mount())]))
    const files = stage.estate.hosts['m1']?.files ?? {}
    files['/etc/fstab'] = { content: '/dev/sda1 / ext4 defaults 0 1\n', mode: '0644' }
    expect((await stage.apply()).how).toEqual({ 'step.mount@m1:try-it': 'changed' })
    expect((await stage.apply()).how).toEqual({ 'step.mount@m1:try-it': 'already' })
    expect(files['/etc/fstab'].content).toBe(
      '/dev/sda1 / ext4 defaults 0 1\nnas:/export/data /mnt/data nfs rw,nfsvers=4 0 0\n',
    )
    const gone = stageOf(topologyOf([step(mount({ state: 'absent' }))]), stage.estate)
    expect((await gone.apply()).how).toEqual({ 'step.mount@m1:try-it': 'changed' })
    expect((await gone.apply()).how).toEqual({ 'step.mount@m1:try-it': 'already' })
  })

  it('changes its own line of a real table, and mounts only what is not mounted', () => {
    const folder = mkdtempSync(join(tmpdir(), 'steps-'))
    const [op] = made(mount()).run
    const argv = op !== undefined && 'exec' in op ? op.exec.argv.map(showValue) : []
    const mounts = join(folder, 'mounts')
    const run = (...words: readonly string[]) => {
      const script = (argv[2] ?? '').replaceAll('/etc/', `${folder}/`).replaceAll('/proc/self/mounts', mounts)
      const stands = 'mkdir() { :; }; mount() { echo "mount $*"; }; umount() { echo "umount $*"; }'
      const { code, stdout, stderr } = runReal({ argv: ['sh', '-c', `${stands}\n${script}`, 'x', ...words] })
      return { code, said: (stdout + stderr).trim(), table: readFileSync(join(folder, 'fstab'), 'utf8') }
    }
    writeFileSync(
      join(folder, 'fstab'),
      '# a comment about /mnt/data\n/dev/sda1 / ext4 defaults 0 1\nold:/x /mnt/data nfs ro 0 0\n',
    )
    writeFileSync(mounts, '/dev/sda1 / ext4 rw 0 0\n')
    const table = '# a comment about /mnt/data\n/dev/sda1 / ext4 defaults 0 1\n'
    const line = 'nas:/export/data /mnt/data nfs rw,nfsvers=4 0 0\n'
    expect(run(...argv.slice(4))).toEqual({ code: 0, said: 'mount /mnt/data', table: table + line })
    writeFileSync(mounts, 'nas:/export/data /mnt/data nfs4 rw 0 0\n')
    expect(run(...argv.slice(4))).toEqual({ code: 0, said: '', table: table + line })
    expect(run('/mnt/data', 'other:/x', 'nfs', 'rw')).toMatchObject({
      code: 1,
      said: expect.stringContaining('unmount that first') as string,
    })
    expect(run('/mnt/data', '', '', '')).toEqual({ code: 0, said: 'umount /mnt/data', table })
    rmSync(folder, { recursive: true })
  })

  it('over another one is a failure that says so', async () => {
    const stage = stageOf(topologyOf([step(mount({ source: 'old:/x' }))]))
    await stage.apply()
    const { run } = await stageOf(topologyOf([step(mount())]), stage.estate).apply()
    expect([...run.steps.values()][0]?.failure).toMatchObject({
      why: 'exit',
      lastLines: ['/mnt/data is the mount of old:/x already; unmount that first'],
    })
  })
})
