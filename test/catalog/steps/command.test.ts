import { beforeAll, describe, expect, it } from 'vitest'
import { commandFact } from '../../../src/catalog/steps/command.ts'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { CommandSpec } from '../../../src/playbook/steps.ts'
import { seeReal } from './real.ts'
import { made, stageOf, step, topologyOf, wrong } from './toy.ts'

const command = (more: Partial<CommandSpec>): CommandSpec => ({
  kind: 'command',
  timeoutSeconds: 60,
  ...more,
})

describe('a command', () => {
  beforeAll(loadStepTools)

  it('has the goal that the playbook gives it', () => {
    const { goal, run, opaque, inDoubt } = made(
      command({
        shell: 'echo ${{ host.name }} > /etc/who',
        goal: { argv: ['cat', '/etc/who'], output: 'm1\n' },
        creates: '/etc/who',
        unless: { shell: 'test -e /etc/never' },
      }),
    )
    expect(run).toEqual([{ exec: { argv: ['sh', '-c', 'echo m1 > /etc/who'] }, timeoutSeconds: 60 }])
    expect(goal).toEqual([
      {
        fact: 'step.command',
        host: 'm1',
        args: { argv: ['cat', '/etc/who'], output: 'm1' },
        is: { exit: 0, output: 'm1' },
      },
      {
        fact: 'step.command',
        host: 'm1',
        args: { argv: ['sh', '-c', 'test -e /etc/never'] },
        is: { exit: 0 },
      },
      { fact: 'step.path', host: 'm1', args: { path: '/etc/who' }, is: {} },
    ])
    expect(opaque).toBeUndefined()
    expect(inDoubt).toBe('repeat')
  })

  it('without one is opaque: never repeated in doubt, always to be run', async () => {
    const opaque = made(command({ argv: ['touch', '/x'] }))
    expect(opaque).toMatchObject({ opaque: true, goal: [], inDoubt: 'ask' })
    const stage = stageOf(topologyOf([step(command({ argv: ['touch', '/x'] }))]))
    expect((await stage.apply()).how).toEqual({ 'step.command@m1:try-it': 'changed' })
    expect((await stage.apply()).how).toEqual({ 'step.command@m1:try-it': 'changed' })
    const { plan, facts } = await stage.plan()
    expect(preview(plan, facts).map(({ will }) => will)).toEqual(['run'])
  })

  it('takes secrets by environment and standard input, its goal too, and never as a word', () => {
    const { goal, run } = made(
      command({
        argv: ['login'],
        env: { PASSWORD: '${{ secret("env:P") }}' },
        stdin: 'pass ${{ secret("env:P") }}',
        goal: { argv: ['check'] },
      }),
    )
    const env = { PASSWORD: { secret: 'env:P' } }
    expect(run).toMatchObject([
      { exec: { argv: ['login'], env, stdin: { join: ['pass ', { secret: 'env:P' }] } } },
    ])
    expect(goal).toMatchObject([{ args: { argv: ['check'], env } }])
    expect(wrong(command({ argv: ['login', '${{ secret("env:P") }}'] }))).toMatchObject([
      expect.stringContaining('RB0906 steps.0.command.argv.1: a secret cannot stand here'),
    ])
    expect(wrong(command({ shell: 'x ${{ secret("env:P") }}' }))).toMatchObject([
      expect.stringContaining('RB0906'),
    ])
  })

  it('is one of argv and shell', () => {
    expect(wrong(command({}))).toMatchObject([
      expect.stringContaining("RB0903 steps.0.command: a command is either 'argv' or 'shell'"),
    ])
    expect(wrong(command({ argv: ['a'], shell: 'a' }))).toHaveLength(1)
    expect(wrong(command({ argv: ['a'], goal: {} }))).toMatchObject([
      expect.stringContaining('RB0903 steps.0.command.goal'),
    ])
  })

  it('can say how it is undone', () => {
    expect(made(command({ argv: ['a'], creates: '/a', undo: { argv: ['rm', '/a'] } })).undo).toEqual({
      goal: [],
      run: [{ exec: { argv: ['rm', '/a'] }, timeoutSeconds: 60 }],
      withinSeconds: 0,
    })
  })

  it('runs once when its goal holds after, and not when it held before', async () => {
    const spec = command({
      shell: 'mkdir /opt/x && echo ready > /opt/x/state',
      goal: { argv: ['cat', '/opt/x/state'], output: 'ready' },
    })
    const stage = stageOf(topologyOf([step(spec)]))
    expect((await stage.apply()).how).toEqual({ 'step.command@m1:try-it': 'changed' })
    expect((await stage.apply()).how).toEqual({ 'step.command@m1:try-it': 'already' })
  })

  it('fails when it ends well and its goal does not come true', async () => {
    const stage = stageOf(
      topologyOf([step(command({ argv: ['true'], goal: { argv: ['cat', '/none'], output: 'x' } }))]),
    )
    expect((await stage.apply()).how).toEqual({ 'step.command@m1:try-it': 'goal-not-met' })
  })

  it('is looked at on a real system', () => {
    const argv = ['sh', '-c', 'printf " x y \\n"; exit 3']
    expect(seeReal(commandFact, { argv, output: 'x' })).toEqual({ exit: 3, output: 'x y' })
    expect(seeReal(commandFact, { argv })).toEqual({ exit: 3 })
    expect(seeReal(commandFact, { argv: ['no-such-program-here'] })).toEqual({ exit: 127 })
    expect(commandFact.parse({ code: undefined, stdout: '', stderr: '' }, { argv })).toBeUndefined()
    expect(commandFact.parse({ code: 124, stdout: '', stderr: '', timedOut: true }, { argv })).toBeUndefined()
  })
})
