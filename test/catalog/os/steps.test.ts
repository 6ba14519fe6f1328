import { describe, expect, it } from 'vitest'
import { bareHost, osOf } from '../../../src/catalog/os/bareHost.ts'
import { os } from '../../../src/catalog/os/index.ts'
import { file, service } from '../../../src/catalog/os/steps.ts'
import type { Plan, Step } from '../../../src/plan/step.ts'
import { play } from '../../../src/twin/rehearse.ts'

const host = { name: 'h1', address: '10.0.0.1', port: 22, user: 'root', roles: [], sudo: 'no' } as const
const place = { host: 'h1', section: 'Files', needs: [] }

function stage() {
  const services = { web: { active: false, enabled: false } }
  return {
    estate: { clockMs: 0, hosts: { h1: bareHost('h1', '10.0.0.1', { services }) }, shared: {} },
    models: [os.model],
    facts: new Map(os.facts.map(fact => [fact.name, fact])),
    secret: () => 'none',
    file: () => 'pinned\n',
    width: 1,
  }
}

function planOf(steps: readonly Step[]): Plan {
  const from = { playbook: '0'.repeat(64), facts: '0'.repeat(64) }
  return { format: 'runbook.plan/1', name: 'os', from, hosts: { h1: host }, quorums: [], steps }
}

describe('steps of the operating system', () => {
  it('put a file in place once, with its mode', async () => {
    const plan = planOf([
      file(place, { path: '/etc/motd', mode: '0600', content: 'hello\n', title: 'Greet' }),
    ])
    const first = await play(plan, stage(), { guardProbes: true })
    expect(first.estate.hosts['h1']?.files['/etc/motd']).toEqual({ content: 'hello\n', mode: '0600' })
    const again = await play(plan, { ...stage(), estate: first.estate }, {})
    expect(again.run.steps.get('os.file@h1:/etc/motd')).toMatchObject({ state: 'done', how: 'already' })
  })

  it('put back a file that somebody changed', async () => {
    const plan = planOf([
      file(place, { path: '/etc/motd', mode: '0644', content: 'hello\n', title: 'Greet' }),
    ])
    const changed = stage()
    changed.estate.hosts.h1.files['/etc/motd'] = { content: 'bye\n', mode: '0644' }
    expect((await play(plan, changed, {})).estate.hosts['h1']?.files['/etc/motd']?.content).toBe('hello\n')
  })

  it('start a unit, also at boot', async () => {
    const plan = planOf([service(place, { name: 'web', title: 'Serve' })])
    const done = await play(plan, stage(), { guardProbes: true })
    expect(osOf(done.estate, 'h1').services['web']).toEqual({ active: true, enabled: true })
  })

  it('say what a unit that is not there answers', async () => {
    const done = await play(planOf([service(place, { name: 'none', title: 'Serve' })]), stage(), {})
    expect(done.run.steps.get('os.service@h1:none')).toMatchObject({
      state: 'failed',
      failure: { why: 'exit', code: 5 },
    })
  })
})
