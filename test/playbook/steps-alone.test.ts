import { expect, test } from 'vitest'
import { products } from '../../src/catalog/index.ts'
import { playbookRules } from '../../src/catalog/rules.ts'
import { loadStepTools } from '../../src/catalog/steps/tools.ts'
import { offline } from '../../src/cli/survey.ts'
import { readPlaybook } from '../../src/playbook/read.ts'

const hosts = `runbook: 1
name: steps-alone
hosts:
  h1: { address: 198.51.100.11 }
  h2: { address: 198.51.100.12 }
`
const steps = `steps:
  - name: Have a folder
    file: { path: /srv/data, state: directory }
`
const read = (text: string) => readPlaybook(text, 'x.yml', () => 'missing', playbookRules)

test('a playbook of steps alone needs no engine and gets none', async () => {
  await loadStepTools()
  const { topology, diagnostics } = read(hosts + steps)
  expect(diagnostics).toEqual([])
  if (topology === undefined) throw new Error('no topology')
  const { plan } = offline(topology, 'd', products)
  expect(plan.steps.map(({ id }) => id)).toEqual(['step.file@h1:have-a-folder', 'step.file@h2:have-a-folder'])
})

test.each([
  ['nothing to do', hosts],
  ['UCP', `${hosts}ucp: { version: 3.2.6, managers: [h1], adminPassword: 'env:A' }\n${steps}`],
])('one with %s says that docker is missing, once', (_, text) => {
  expect(read(text).diagnostics.map(({ code, message }) => ({ code, message }))).toEqual([
    { code: 'RB0123', message: "the playbook has no 'docker'" },
  ])
})
