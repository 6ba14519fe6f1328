import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../src/cli/package.ts'
import { readSecretCommand } from '../../src/cli/secretCommand.ts'

/** Real processes behind a real terminal, which util-linux' `script` makes. */
const hasTerminal = spawnSync('script', ['--version']).status === 0
if (!hasTerminal) process.stdout.write('no `script` on this machine: what a terminal shows is not tested\n')

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-no-input-'))
  cpSync(join(packageRoot(), 'playbooks'), folder, { recursive: true })
  const minimal = readFileSync(join(folder, 'minimal.yml'), 'utf8')
  const asks = minimal
    .replace('env:UCP_ADMIN_PASSWORD', 'prompt:UCP password')
    // Nobody listens there, which is told at once.
    .replaceAll(/address: 198.51.100/g, 'port: 1, address: 127.0.0')
  writeFileSync(join(folder, 'asks.yml'), asks)
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What a person at a terminal sees who types `typed` half a second after being asked. */
async function atTerminal(
  words: string,
  typed: string,
): Promise<{ readonly code: number; readonly screen: string }> {
  const root = packageRoot()
  const line = `'${process.execPath}' --import '${join(root, 'node_modules/tsx/dist/loader.mjs')}' '${join(root, 'src/main.ts')}' ${words}`
  const { CI: _, ...env } = process.env
  const child = spawn('script', ['-qefc', line, '/dev/null'], { cwd: folder, env: { ...env, TERM: 'xterm' } })
  let screen = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const before = screen
    screen += chunk.toString()
    if (screen.includes('UCP password: ') && !before.includes('UCP password: '))
      setTimeout(() => child.stdin.write(typed), 500)
  })
  const code = await new Promise<number>(resolve => child.on('close', status => resolve(status ?? -1)))
  return { code, screen }
}

it.runIf(hasTerminal)(
  '--no-input refuses what would be asked, at a terminal too, and says which secret',
  async () => {
    const { code, screen } = await atTerminal('apply asks.yml --yes --no-input', '')
    expect(screen).toMatch(/prompt:UCP password: nobody is asked: --no-input was given/)
    expect(code).toBe(19)
  },
  60_000,
)

it.runIf(hasTerminal)(
  'without it the question is put, and what is typed is not shown',
  async () => {
    const { screen, code } = await atTerminal('apply asks.yml --yes', 'typed-Canary-4711\n')
    expect(screen).toContain('UCP password: ')
    // It goes on to the hosts, which do not exist.
    expect(code).toBe(11)
    expect(screen).not.toContain('typed-Canary')
  },
  90_000,
)

it('password managers are not given the terminal either', () => {
  const env = { PATH: '/usr/bin:/bin', RUNBOOK_SECRET_COMMANDS: 'cat', RUNBOOK_NO_INPUT: '1' }
  expect(readSecretCommand('cat', { env, folder })).toEqual({ wrong: "'cat' printed nothing" })
})
