import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Quit } from '../../src/cli/exit.ts'
import type { Io } from '../../src/cli/io.ts'
import { apply } from '../../src/cli/verbs/apply.ts'
import { plan } from '../../src/cli/verbs/plan.ts'
import type { SavedPlan } from '../../src/plan/saved.ts'
import { type Sshd, noSshd, startSshd } from '../hosts/sshd.ts'
import { heard } from './heard.ts'

if (noSshd !== undefined) process.stdout.write(`test/cli/pins.test.ts is skipped: ${noSshd}\n`)

let folder = ''
let servers: Sshd[] = []
const io = (): Io =>
  heard(folder, {
    out: () => undefined,
    err: () => undefined,
    env: { UCP_ADMIN_PASSWORD: 'long enough' },
  }).io
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-pins-'))
})
afterAll(() => {
  for (const server of servers) server.stop()
  rmSync(folder, { recursive: true })
})

const print = (file: string): string =>
  execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1] ?? '?'

test.skipIf(noSshd !== undefined)(
  'a host that shows another key than when the plan was made is refused with both, though both are on file',
  { timeout: 60_000 },
  async () => {
    servers = await Promise.all([startSshd(), startSshd()])
    const [first, second] = servers
    if (first === undefined || second === undefined) throw new Error('no servers')
    const playbook = (at: Sshd): string => `runbook: 1
name: pins
ssh:
  user: ${userInfo().username}
  port: ${String(at.port)}
  identityFile: ${join(at.folder, 'client')}
  knownHosts: [${join(folder, 'known_hosts')}]
hosts:
  m1: { address: 127.0.0.1 }
docker: { version: '19.03' }
`
    writeFileSync(join(folder, 'known_hosts'), first.knownHosts + second.knownHosts)
    writeFileSync(join(folder, 'pins.yml'), playbook(first))
    const args = {
      file: 'pins.yml',
      offline: false,
      format: 'text',
      out: 'plan.json',
      detailedExitcode: false,
    } as const
    await plan(args, io()).catch((error: unknown) => {
      if (!(error instanceof Quit)) throw error
    })
    const saved = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as SavedPlan
    const [was, is] = [print(join(first.folder, 'host.pub')), print(join(second.folder, 'host.pub'))]
    expect(saved.hostKeys).toEqual({ m1: `ssh-ed25519 ${was}` })

    // The other server stands in for a host that was rebuilt, or for somebody in between who knows a key that is on file.
    writeFileSync(join(folder, 'pins.yml'), playbook(second))
    const applied = apply(
      {
        file: 'pins.yml',
        plan: 'plan.json',
        dryRun: true,
        yes: true,
        output: 'plain',
        parallel: 1,
        runsDir: 'runs',
      },
      io(),
    )
    const refused: unknown = await applied.catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Quit)
    expect((refused as Quit).exit).toBe('unreachable')
    expect((refused as Quit).message).toContain(was)
    expect((refused as Quit).message).toContain(is)
  },
)
