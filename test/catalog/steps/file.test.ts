import { beforeAll, describe, expect, it } from 'vitest'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import { canonical } from '../../../src/plan/canonical.ts'
import type { FileSpec } from '../../../src/playbook/steps.ts'
import { made, stageOf, step, topologyOf, toySecret, wrong } from './toy.ts'

const file = (more: Partial<FileSpec>): FileSpec => ({
  kind: 'file',
  path: '/etc/motd',
  state: 'file',
  ...more,
})

describe('a file', () => {
  beforeAll(loadStepTools)

  it('has a goal over text, mode and owner', () => {
    const { goal, run } = made(
      file({ content: 'on ${{ host.name }}\n', mode: '640', owner: 'root', group: 'adm' }),
    )
    expect(goal).toMatchObject([
      { fact: 'step.file', is: { kind: 'file', mode: '0640', owner: 'root', group: 'adm' } },
    ])
    expect(run).toEqual([
      { write: '/etc/motd', content: 'on m1\n', mode: '0640' },
      { exec: { argv: ['chown', 'root:adm', '/etc/motd'] }, timeoutSeconds: 30 },
    ])
  })

  it('comes from beside the playbook by its digest', () => {
    const source = { file: 'files/x', sha256: 'ab'.repeat(32) }
    expect(made(file({ source })).goal).toMatchObject([{ is: { sha256: source.sha256, mode: '0644' } }])
    expect(made(file({ source })).run).toEqual([{ write: '/etc/motd', content: source, mode: '0644' }])
  })

  it('keeps a secret out of the plan and off the eyes of others', () => {
    const secretive = made(file({ content: 'token=${{ secret("env:TOKEN") }}\n' }))
    expect(secretive.run).toEqual([
      { write: '/etc/motd', content: { join: ['token=', { secret: 'env:TOKEN' }, '\n'] }, mode: '0600' },
    ])
    expect(secretive.goal).toMatchObject([
      { fact: 'step.same', is: { kind: 'file', mode: '0600', same: true } },
    ])
  })

  it('is refused where it cannot be meant', () => {
    expect(wrong(file({}))).toMatchObject([
      expect.stringContaining("RB0903 steps.0.file: a file has either 'content' or 'source'"),
    ])
    expect(wrong(file({ content: 'x', mode: '0999' }))).toMatchObject([
      expect.stringContaining('RB0907 steps.0.file.mode'),
    ])
    expect(wrong(file({ content: 'x', path: '/etc/../x' }))).toMatchObject([
      expect.stringContaining('RB0907 steps.0.file.path'),
    ])
    expect(wrong(file({ content: 'x', owner: '0;rm' }))).toMatchObject([
      expect.stringContaining('RB0907 steps.0.file.owner'),
    ])
    expect(wrong(file({ content: 'x', state: 'directory' }))).toMatchObject([
      expect.stringContaining('RB0903 steps.0.file.state'),
    ])
    for (const path of ['/', '/etc', '/var/lib'])
      expect(wrong(file({ path, state: 'absent' }))).toMatchObject([
        expect.stringContaining('is not taken away'),
      ])
  })

  it('is brought about once; a changed secret is seen, and seen nowhere else', async () => {
    const topology = topologyOf([
      step(file({ content: 'a\n' }), { name: 'text' }),
      step(file({ path: '/srv/x', state: 'directory', mode: '0750' }), { name: 'folder' }),
      step(file({ path: '/etc/token', content: '${{ secret("env:TOKEN") }}' }), { name: 'token' }),
      step(file({ path: '/etc/old/x', state: 'absent' }), { name: 'gone' }),
    ])
    const stage = stageOf(topology)
    const files = stage.estate.hosts['m1']?.files ?? {}
    files['/etc/old/x/'] = { content: '', mode: '0755' }
    files['/etc/old/x/y'] = { content: 'z', mode: '0644' }
    const first = await stage.apply()
    expect(new Set(Object.values(first.how))).toEqual(new Set(['changed']))
    expect(files['/etc/token']).toEqual({ content: toySecret, mode: '0600' })
    expect(files['/srv/x/']?.mode).toBe('0750')
    expect(Object.keys(files).filter(path => path.startsWith('/etc/old'))).toEqual([])
    const second = await stage.apply()
    expect(new Set(Object.values(second.how))).toEqual(new Set(['already']))
    files['/etc/token'] = { content: 'another', mode: '0600' }
    expect((await stage.apply()).how).toMatchObject({
      'step.file@m1:token': 'changed',
      'step.file@m1:text': 'already',
    })
    expect(files['/etc/token'].content).toBe(toySecret)
    expect(canonical(first.plan) + canonical(first.events) + stage.heard.join()).not.toContain(toySecret)
  })

  it('is seen in one batch, thirty at once', async () => {
    const specs = Array.from({ length: 30 }, (_, i) =>
      i % 3 === 0
        ? step(file({ path: `/srv/d${i}`, state: 'directory' }), { name: `folder ${i}` })
        : i % 3 === 1
          ? step(file({ path: `/srv/f${i}`, content: `file ${i} on \${{ machine.hostname }}\n` }), {
              name: `file ${i}`,
            })
          : step(
              { kind: 'command', argv: ['touch', `/srv/c${i}`], creates: `/srv/c${i}`, timeoutSeconds: 10 },
              { name: `command ${i}` },
            ),
    )
    const stage = stageOf(topologyOf(specs))
    await stage.apply()
    stage.probes.length = 0
    stage.heard.length = 0
    const { how } = await stage.apply()
    expect(new Set(Object.values(how))).toEqual(new Set(['already']))
    expect(stage.heard.filter(line => line.startsWith('exec'))).toEqual([])
    // The machine, its clock and disk, whether a step is undecided, and one question a step.
    expect(stage.probes.map(batch => batch.length)).toEqual([4 + 30])
  })
})
