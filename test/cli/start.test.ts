import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../src/cli/package.ts'

const root = packageRoot()
const node = ['--import', 'tsx', join(root, 'src/main.ts')]

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function runbook(...argv: readonly string[]): Promise<Ended> {
  const env = { ...process.env, CI: 'true', NO_COLOR: '1' }
  try {
    return {
      code: 0,
      ...(await promisify(execFile)(process.execPath, [...node, ...argv], { cwd: root, env })),
    }
  } catch (error) {
    return error as Ended
  }
}

describe('runbook', () => {
  it('answers --version with the version of the package and nothing else', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(await runbook('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('keeps results and messages apart', async () => {
    const good = await runbook('validate', 'playbooks/minimal.yml')
    expect(good).toMatchObject({ code: 0, stderr: 'next: runbook plan playbooks/minimal.yml\n' })
    const bad = await runbook('apply', 'nowhere.yml', '--yes')
    expect(bad).toMatchObject({ code: 10, stdout: '' })
    expect(bad.stderr).toContain("error[RB0101]: there is no file 'nowhere.yml'")
  })

  it('does not apply where nobody can say yes', async () => {
    const ended = await runbook('apply', 'playbooks/minimal.yml')
    expect(ended).toMatchObject({ code: 64, stdout: '' })
    expect(ended.stderr).toMatch(/nobody is there to say yes.*\n.*--yes/)
  })

  it('prints no stack unless asked', async () => {
    const ended = await runbook('plan', 'playbooks/minimal.yml', '--offline', '-o', '/dev/full')
    expect(ended.code).toBe(64)
    expect(ended.stderr).not.toMatch(/^ +at /m)
  })

  it('ends quietly when nobody reads its output', async () => {
    const child = spawn(process.execPath, [...node, 'schema', 'playbook'], { cwd: root })
    let stderr = ''
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
    child.stdout.destroy()
    const [code] = (await once(child, 'exit')) as [number]
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})
