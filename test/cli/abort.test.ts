import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { abort } from '../../src/cli/verbs/abort.ts'
import { apply } from '../../src/cli/verbs/apply.ts'
import { history } from '../../src/cli/verbs/history.ts'
import { resume } from '../../src/cli/verbs/resume.ts'
import { noSshd, type Sshd, startSshd } from '../hosts/sshd.ts'
import { heard } from './heard.ts'

/**
 * One run on this machine over a real OpenSSH server, whose command another person has killed. The server sees folders of its own where a host
 * keeps jobs and leases, so that nothing else on this machine is in the way.
 */
const apart =
  'for at in /var/lib/runbook /var/log/runbook; do mkdir -p $at && mount -t tmpfs tmpfs $at; done && exec "$@"'
const tried = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' })
const cannot = noSshd ?? (tried.status === 0 ? undefined : 'no mount namespace can be made (root is needed)')
if (cannot !== undefined) process.stdout.write(`skipped: ${cannot}\n`)

const folder = mkdtempSync(join(tmpdir(), 'runbook-abort-'))
const [first, second] = [heard(folder), heard(folder)]
let server: Sshd | undefined
const running = { output: 'plain' as const, parallel: 10, runsDir: 'runs' }
const aborting = (step?: string): Promise<number> => {
  second.clear()
  return abort(
    { runsDir: 'runs', yes: true, reason: 'it hangs', ...(step !== undefined && { step }) },
    second.io,
  )
}
// Nobody may have waited for one that has ended: then it is a zombie.
const alive = (pid: string): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
const pids = (): readonly string[] =>
  existsSync(join(folder, 'pids')) ? readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n') : []
async function untilTrue(what: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !what(); tries++) await new Promise(resolve => setTimeout(resolve, 50))
  expect(what()).toBe(true)
}

beforeAll(async () => {
  if (cannot !== undefined) return
  server = await startSshd([], {}, ['unshare', '--mount', 'sh', '-c', apart, 'sh'])
  writeFileSync(join(folder, 'known_hosts'), server.knownHosts)
  const { port, host } = server
  // What it starts in a process of its own has to go too; and the second time it is quick.
  const shell = `[ ! -e ${folder}/again ] || exit 0; sleep 300 & echo $! $$ | tr ' ' '\\n' >${folder}/pids; wait`
  writeFileSync(
    join(folder, 'abort.yml'),
    `runbook: 1
name: abort
ssh: { user: ${host.user}, identityFile: ${host.identityFile ?? ''}, knownHosts: [${folder}/known_hosts] }
hosts:
  real: { address: 127.0.0.1, port: ${String(port)} }
steps:
  - name: Hangs
    command:
      shell: ${JSON.stringify(shell)}
`,
  )
})
afterAll(() => {
  server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test.skipIf(cannot !== undefined)(
  'abort kills the process group; the run ends in doubt and says by whom; a resume asks a person',
  async () => {
    const run = apply({ ...running, file: 'abort.yml', dryRun: false, yes: true }, first.io)
    await untilTrue(() => pids().length === 2)
    await expect(aborting('nothing')).rejects.toMatchObject({ exit: 'usage' })
    expect(pids().map(alive)).toEqual([true, true])
    expect({ code: await aborting(), said: second.out }).toMatchObject({
      code: 0,
      said: expect.stringMatching(/hangs on real: killed with its process group/) as string,
    })
    expect({ code: await run, said: first.out + first.err }).toMatchObject({ code: 17 })
    expect(pids().map(alive)).toEqual([false, false])
    const journal = readdirSync(join(folder, 'runs'))
      .map(id => readFileSync(join(folder, 'runs', id, 'journal.jsonl'), 'utf8'))
      .join('')
    expect(journal).toMatch(/"step-failed"[^\n]*ended by hand \(runbook abort\) by [^\n]*it hangs/)
    second.clear()
    expect(await history({ file: 'abort.yml', runsDir: 'runs', json: false }, second.io)).toBe(0)
    expect(second.out).toMatch(/ aborted \S+-abort it hangs · real/)
    // What is over is not killed again.
    expect({ code: await aborting(), said: second.out }).toMatchObject({
      code: 0,
      said: expect.stringContaining('nothing was done') as string,
    })
    first.clear()
    expect(await resume(running, first.io)).toBe(17)
    const [, step = ''] = /--assume (\S+)=not-done/.exec(first.err) ?? []
    writeFileSync(join(folder, 'again'), '')
    expect(await resume({ ...running, assume: `${step}=not-done` }, first.io)).toBe(0)
    expect(await aborting()).toBe(0)
    expect(second.out).toMatch(/no command of \S+ is at work/)
  },
  30_000,
)
