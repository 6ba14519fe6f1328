import { userInfo } from 'node:os'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import { userFact } from '../../../src/catalog/steps/user.ts'
import { showValue } from '../../../src/plan/show.ts'
import type { UserSpec } from '../../../src/playbook/steps.ts'
import { runReal, seeReal } from './real.ts'
import { made, stageOf, step, topologyOf, wrong } from './toy.ts'

const user = (more: Partial<UserSpec> = {}): UserSpec => ({
  kind: 'user',
  name: 'deploy',
  state: 'present',
  system: false,
  ...more,
})

describe('a user', () => {
  beforeAll(loadStepTools)

  it('is what the playbook says of it, and other groups stay', () => {
    const { goal, run } = made(
      user({ uid: '${{ vars.uid }}', groups: ['docker', 'adm'], shell: '/bin/bash' }),
      { vars: { uid: 1500 } },
    )
    expect(goal).toMatchObject([
      { is: { uid: 1500, shell: '/bin/bash', groups: { docker: true, adm: true } } },
    ])
    expect(run).toMatchObject([
      {
        exec: {
          argv: [
            ...['sh', '-c', expect.any(String) as string, 'runbook-step-user-add', 'deploy'],
            ...['--create-home', '--uid', '1500', '--shell', '/bin/bash', '--groups', 'docker,adm'],
          ],
        },
      },
      {
        exec: { argv: 'usermod --uid 1500 --shell /bin/bash --append --groups docker,adm deploy'.split(' ') },
      },
    ])
  })

  it('is refused when it is none', () => {
    expect(wrong(user({ name: 'a b' }))).toMatchObject([expect.stringContaining('RB0907 steps.0.user.name')])
    expect(wrong(user({ name: 'root', state: 'absent' }))).toMatchObject([
      expect.stringContaining('not taken away'),
    ])
    expect(wrong(user({ groups: ['a,b'] }))).toMatchObject([
      expect.stringContaining('RB0907 steps.0.user.groups.0'),
    ])
  })

  it('comes, changes and goes, each once', async () => {
    const topology = topologyOf([step(user({ groups: ['docker'] }))])
    const stage = stageOf(topology)
    expect((await stage.apply()).how).toEqual({ 'step.user@m1:try-it': 'changed' })
    expect((await stage.apply()).how).toEqual({ 'step.user@m1:try-it': 'already' })
    const changed = stageOf(topologyOf([step(user({ groups: ['adm'], shell: '/bin/bash' }))]), stage.estate)
    expect((await changed.apply()).how).toEqual({ 'step.user@m1:try-it': 'changed' })
    expect(stage.estate.hosts['m1']?.state['steps']).toMatchObject({
      users: { deploy: { groups: ['deploy', 'docker', 'adm'], shell: '/bin/bash' } },
    })
    const gone = stageOf(topologyOf([step(user({ state: 'absent' }))]), stage.estate)
    expect((await gone.apply()).how).toEqual({ 'step.user@m1:try-it': 'changed' })
    expect((await gone.apply()).how).toEqual({ 'step.user@m1:try-it': 'already' })
  })

  it('is seen on a real system', () => {
    const { username, uid, homedir } = userInfo()
    expect(seeReal(userFact, { name: username })).toMatchObject({ uid, home: homedir })
    expect(seeReal(userFact, { name: 'no-such-user-here' })).toBeNull()
    expect(userFact.parse({ code: 0, stdout: 'deploy:x:1000', stderr: '' }, {})).toBeUndefined()
    expect(userFact.parse({ code: 1, stdout: '', stderr: 'x' }, {})).toBeUndefined()
  })

  it('is made with the right words, and left alone where it is', () => {
    // The program is stood in for: what matters is what it is called with.
    const [op] = made(user({ groups: ['adm'] })).run
    const argv = op !== undefined && 'exec' in op ? op.exec.argv.map(showValue) : []
    const said = (name: string): string => {
      const script = `useradd() { echo "useradd $*"; }\n${(argv[2] ?? '').replaceAll('exec ', '')}`
      return runReal({ argv: ['sh', '-c', script, 'x', name, ...argv.slice(5)] }).stdout
    }
    expect(said('no-such-user-here')).toBe('useradd --create-home --groups adm no-such-user-here\n')
    expect(said('root')).toBe('')
  })
})
