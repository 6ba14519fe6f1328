import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { packageRoot } from '../../../src/cli/package.ts'
import { standIn } from './standIn.ts'

/** The steps of the action and of the template, run as a runner runs them, against a stand-in of the forge. */

const root = packageRoot()
const runbook = `${process.execPath} --import ${join(root, 'node_modules/tsx/dist/loader.mjs')} ${join(root, 'src/main.ts')}`
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-recipes-'))
  cpSync(join(root, 'playbooks'), folder, { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Step {
  readonly name: string
  readonly run: string
  readonly shell: string
  readonly env: { readonly [name: string]: string }
}

const bash = (script: string, env: { readonly [name: string]: string | undefined }) =>
  promisify(execFile)('bash', ['-eo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', RUNBOOK_COMMAND: runbook, CI: 'true', ...env },
  })

describe('action.yml', () => {
  const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as {
    readonly inputs: { readonly [name: string]: { readonly default?: string } }
    readonly runs: { readonly using: string; readonly steps: readonly Step[] }
  }

  it('uses no input of a stranger inside a script', () => {
    expect(action.runs.using).toBe('composite')
    for (const step of action.runs.steps) {
      expect(step.shell).toBe('bash')
      expect(step.run).not.toContain('${{')
    }
  })

  it('plans, sums up, comments and checks', async () => {
    const server = await standIn('github')
    const [output, summary] = [join(folder, 'output'), join(folder, 'summary')]
    writeFileSync(output, '')
    for (const step of action.runs.steps) {
      const plan = /plan=(.*)/.exec(readFileSync(output, 'utf8'))?.[1] ?? ''
      const given: { readonly [name: string]: string } = {
        'inputs.playbook': 'minimal.yml',
        'inputs.token': 't0ken',
        'inputs.fail-on': action.inputs['fail-on']?.default ?? '',
        'inputs.live': 'false',
        'inputs.snapshot': '',
        'steps.plan.outputs.plan': plan,
      }
      const env = Object.fromEntries(
        Object.entries(step.env).map(([name, value]) => [
          name,
          value.replace(/\$\{\{ (.*?) \}\}/g, (_, inside: string) => given[inside] ?? ''),
        ]),
      )
      await bash(step.run, {
        ...env,
        RUNNER_TEMP: folder,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_ACTIONS: 'true',
        GITHUB_API_URL: server.url,
        GITHUB_REPOSITORY: 'o/r',
        GITHUB_REF: 'refs/pull/7/merge',
        GITHUB_SHA: 'a'.repeat(40),
      })
    }
    expect(server.wrong).toEqual([])
    expect(server.comments).toHaveLength(4)
    expect(server.checks).toHaveLength(1)
    expect(readFileSync(summary, 'utf8')).toContain('runbook plan · minimal.yml')
    expect(JSON.parse(readFileSync(join(folder, 'runbook.sarif'), 'utf8'))).toMatchObject({
      version: '2.1.0',
    })
    await server.close()
  }, 60_000)
})

describe('templates/gitlab.yml', () => {
  it('plans, notes and leaves the widget', async () => {
    const server = await standIn('gitlab')
    const template = parse(readFileSync(join(root, 'templates/gitlab.yml'), 'utf8')) as {
      readonly 'runbook plan': { readonly script: readonly string[] }
    }
    await bash(template['runbook plan'].script.join('\n'), {
      RUNBOOK_PLAYBOOK: 'minimal.yml',
      GITLAB_CI: 'true',
      CI_API_V4_URL: `${server.url}/api/v4`,
      CI_PROJECT_ID: '42',
      GITLAB_TOKEN: 't0ken',
      CI_MERGE_REQUEST_IID: '7',
      CI_COMMIT_SHA: 'a'.repeat(40),
    })
    expect(server.wrong).toEqual([])
    expect(server.comments).toHaveLength(4)
    expect(JSON.parse(readFileSync(join(folder, 'widget.json'), 'utf8'))).toMatchObject({
      update: 0,
      delete: 0,
    })
    await server.close()
  }, 60_000)
})

describe('.pre-commit-hooks.yaml', () => {
  it('runs validate on the files it is for', async () => {
    const [hook] = parse(readFileSync(join(root, '.pre-commit-hooks.yaml'), 'utf8')) as {
      entry: string
      files: string
    }[]
    expect(hook?.entry).toBe('runbook validate')
    const mine = new RegExp(hook?.files ?? '')
    for (const name of [
      'prod.runbook.yml',
      'runbook.yaml',
      'ops/playbooks/dtr-ha.yml',
      'site-runbook.yml',
      'playbook/x.yml',
    ])
      expect(mine.test(name), name).toBe(true)
    for (const name of [
      'docker-compose.yml',
      '.github/workflows/ci.yml',
      'playbooks/roles/tasks.yml',
      'approvals.yml',
    ])
      expect(mine.test(name), name).toBe(false)
    await bash(`${runbook} validate minimal.yml`, {})
  }, 30_000)
})
