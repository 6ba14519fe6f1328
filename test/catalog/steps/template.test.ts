import { beforeAll, describe, expect, it } from 'vitest'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import type { TemplateSpec } from '../../../src/playbook/steps.ts'
import { made, stageOf, step, topologyOf, wrong } from './toy.ts'

const template = (text: string, more: Partial<TemplateSpec> = {}): TemplateSpec => ({
  kind: 'template',
  source: { file: 'x.liquid', sha256: 'ab' },
  text,
  path: '/etc/x',
  variables: {},
  ...more,
})

describe('a template', () => {
  beforeAll(loadStepTools)

  it('is filled in when the plan is made', () => {
    const spec = template('{{ host.name }} {{ machine.cpus }} {{ limit }} {{ names | join: "+" }}\n', {
      variables: { limit: '${{ vars.limit * 2 }}', names: ['a', 'b'] },
    })
    expect(made(spec, { vars: { limit: 3 } }).run).toEqual([
      { write: '/etc/x', content: 'm1 4 6 a+b\n', mode: '0644' },
    ])
  })

  it('keeps secrets as references', () => {
    const { run, goal } = made(template('p={{ p }}\n', { variables: { p: '${{ secret("env:P") }}' } }))
    expect(run).toEqual([
      { write: '/etc/x', content: { join: ['p=', { secret: 'env:P' }, '\n'] }, mode: '0600' },
    ])
    expect(goal).toMatchObject([{ fact: 'step.same' }])
  })

  it('says where it is wrong', () => {
    expect(wrong(template('a\n{{ nope }}'))).toMatchObject([
      expect.stringMatching(
        /^RB0908 steps\.0\.template\.source: template 'x\.liquid': undefined variable: nope, line:2/,
      ),
    ])
    expect(wrong(template('x', { variables: { host: 'x' } }))).toMatchObject([
      expect.stringContaining("cannot be called 'host'"),
    ])
  })

  it('is put in place once, and again when the host drifted', async () => {
    const stage = stageOf(topologyOf([step(template('cpus {{ machine.cpus }}\n'))]))
    expect((await stage.apply()).how).toEqual({ 'step.template@m1:try-it': 'changed' })
    const files = stage.estate.hosts['m1']?.files ?? {}
    expect(files['/etc/x']?.content).toBe('cpus 4\n')
    expect((await stage.apply()).how).toEqual({ 'step.template@m1:try-it': 'already' })
    files['/etc/x'] = { content: 'edited', mode: '0644' }
    expect((await stage.apply()).how).toEqual({ 'step.template@m1:try-it': 'changed' })
  })
})
