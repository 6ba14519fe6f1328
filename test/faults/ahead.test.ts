import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { packageRoot } from '../../src/cli/package.ts'
import { noSshd, type Sshd, startSshd } from '../hosts/sshd.ts'

/**
 * A controller that is killed in the middle of a message with many steps, and `runbook resume` by another process: real processes, a real
 * sshd, a real shell. The host keeps its leases and jobs in a folder of its own, which is memory. In `npm test` the fault sweep of
 * test/run/ahead.test.ts stands for it.
 */
const why =
  process.env['RUNS'] === undefined
    ? 'only in npm run test:faults (test/run/ahead.test.ts is the short form)'
    : (noSshd ??
      (process.platform === 'linux' && userInfo().uid === 0
        ? undefined
        : 'its host needs namespaces: Linux and root'))
if (why !== undefined) process.stdout.write(`a kill in the middle of steps sent ahead: ${why}\n`)

const steps = 30
const folder = mkdtempSync(join(tmpdir(), 'runbook-killed-'))
let sshd: Sshd | undefined
afterAll(() => {
  sshd?.stop()
  rmSync(folder, { recursive: true })
})

const node = ['--import', 'tsx', join(packageRoot(), 'src/main.ts')]
const env = { ...process.env, CI: 'true', NO_COLOR: '1' }
const made = join(folder, 'made')
const log = join(made, 'log')
const lines = (): readonly string[] =>
  existsSync(log)
    ? readFileSync(log, 'utf8')
        .split('\n')
        .filter(line => line !== '')
    : []

test.skipIf(why !== undefined).each([4, 13, 22])(
  'killed after %i of 30 steps, all of them in one message: resumed whole, each once and in order',
  async after => {
    const isolated = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      'mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /var/log && exec "$@"',
      'sh',
    ]
    sshd ??= await startSshd([], {}, isolated)
    rmSync(made, { recursive: true, force: true })
    mkdirSync(made)
    writeFileSync(join(folder, 'known_hosts'), sshd.knownHosts)
    writeFileSync(
      join(folder, 'site.yml'),
      stringify({
        runbook: 1,
        name: 'killed',
        ssh: {
          user: 'root',
          port: sshd.port,
          identityFile: join(sshd.folder, 'client'),
          knownHosts: [join(folder, 'known_hosts')],
        },
        hosts: { h1: { address: '127.0.0.1' } },
        steps: Array.from({ length: steps }, (_, i) => {
          const file = join(made, String(i))
          const shell = `echo ${i} >>${log}; sleep 0.1; : >${file}`
          return { name: `Step ${i}`, command: { shell, creates: file, timeoutSeconds: 10 } }
        }),
      }),
    )
    const runs = join(folder, `runs-${after}`)
    const first = spawn(
      process.execPath,
      [...node, 'apply', join(folder, 'site.yml'), '--yes', '--runs-dir', runs],
      { env, stdio: 'ignore' },
    )
    const ended = once(first, 'exit')
    for (let i = 0; i < 1200 && lines().length < after; i++)
      await new Promise(resolve => setTimeout(resolve, 25))
    first.kill('SIGKILL')
    await ended
    expect(lines().length).toBeLessThan(steps)
    const [run = ''] = readdirSync(runs)
    const journal = (): readonly { readonly kind: string }[] =>
      readFileSync(join(runs, run, 'journal.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as { readonly kind: string })
    expect(journal().filter(({ kind }) => kind === 'sent-ahead')).toHaveLength(1)
    const second = spawnSync(process.execPath, [...node, 'resume', '--runs-dir', runs], {
      env,
      encoding: 'utf8',
    })
    expect(second.stderr + second.stdout).toContain(`${steps} changes`)
    expect(second.status).toBe(0)
    expect(lines()).toEqual(Array.from({ length: steps }, (_, i) => String(i)))
  },
  120_000,
)
