import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { SshOptions } from '../../src/hosts/options.ts'
import type { Session } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import { sshConfigReader } from '../../src/hosts/ssh_config.ts'
import type { Host } from '../../src/plan/step.ts'
import { type Sshd, noSshd, startSshd } from '../hosts/sshd.ts'
import { userMaker } from '../hosts/users.ts'

export type Transport = 'ssh2' | 'openssh'

/** What the cases need: servers, users, keys; all gone after `end`. */
export interface Stage {
  readonly sshd: Sshd
  readonly isRoot: boolean
  /** A key pair in the first server's folder. */
  readonly key: (name: string, passphrase?: string) => string
  readonly server: (settings?: readonly string[], wrap?: readonly string[]) => Promise<Sshd>
  /** A server that lets in the users of `user`. */
  readonly forUsers: (settings?: readonly string[]) => Promise<Sshd>
  readonly user: (name: string, shell: string, password?: string) => string
  /** Opens a session, does everything a run does with one, and closes it. @throws what goes wrong */
  readonly tryOut: (
    transport: Transport,
    at: Sshd,
    more?: Partial<SshOptions>,
    host?: Partial<Host>,
  ) => Promise<void>
  /** The same through `work` alone. */
  within<T>(
    transport: Transport,
    at: Sshd,
    more: Partial<SshOptions>,
    host: Partial<Host>,
    work: (session: Session) => Promise<T>,
  ): Promise<T>
  /** A configuration of OpenSSH's, as options for both transports. */
  config(text: string): Partial<SshOptions>
  end(): void
}

export const sh = (script: string, ...args: string[]) => ({
  argv: ['sh', '-c', script, 'sh', ...args],
  env: {},
})

export async function stage(): Promise<Stage> {
  if (noSshd !== undefined) throw new Error(noSshd)
  const run = `interop-${randomBytes(5).toString('hex')}`
  const isRoot = userInfo().uid === 0
  const servers: Sshd[] = []
  const { user, removeAll } = userMaker()
  let jobs = 0
  const server = async (settings: readonly string[] = [], wrap: readonly string[] = []): Promise<Sshd> => {
    const started = await startSshd(settings, {}, wrap)
    servers.push(started)
    return started
  }
  const sshd = await server()
  const none = join(sshd.folder, 'no_config')
  writeFileSync(none, '')
  const within: Stage['within'] = async (transport, at, more, host, work) => {
    const options = { ...at.options, transport, openssh: { file: none }, ...more }
    const session = await connectSsh(options)({ ...at.host, ...host })
    try {
      return await work(session)
    } finally {
      await session.close()
    }
  }
  return {
    sshd,
    isRoot,
    key(name, passphrase = '') {
      const file = join(sshd.folder, name)
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '4', '-N', passphrase, '-f', file])
      return file
    },
    server,
    async forUsers(settings = []) {
      const started = await server(['UsePAM yes', ...settings])
      chmodSync(started.folder, 0o711)
      chmodSync(join(started.folder, 'authorized_keys'), 0o644)
      return started
    },
    user,
    within,
    tryOut: (transport, at, more = {}, host = {}) =>
      within(transport, at, more, host, async session => {
        const [said] = await session.probe([sh('printf "%s|" "$@"', "it's", '!x', 'ü')], {
          timeoutMs: 20_000,
        })
        expect(said, { code: 0, stdout: "it's|!x|ü|", stderr: '' })
        const line = { ...sh('cat; echo err >&2; exit 7'), stdin: 'secret\n' }
        jobs += 1
        const job = { job: `${run}/${String(jobs)}`, timeoutMs: 20_000, onLine: () => undefined }
        expect(await session.exec(line, job), { code: 7, stdout: 'secret\n', stderr: 'err\n' })
        expect(await session.exec(line, job), { code: 7, stdout: 'secret\n', stderr: 'err\n' })
        const many = await Promise.all(
          [1, 2, 3].map(() => session.probe([sh('echo in')], { timeoutMs: 20_000 })),
        )
        for (const [one] of many) expect(one?.stdout, 'in\n')
      }),
    config(text) {
      const file = join(sshd.folder, `config-${randomBytes(4).toString('hex')}`)
      writeFileSync(file, text)
      return { config: sshConfigReader({ file }), openssh: { file } }
    },
    end() {
      for (const started of servers) started.stop()
      if (isRoot) for (const left of removeAll()) console.log(`  the user ${left} could not be removed`)
      const folder = isRoot ? '/var/lib/runbook/jobs' : join(homedir(), '.runbook/jobs')
      for (const name of spawnSync('ls', [folder]).status === 0 ? readdirSync(folder) : [])
        if (name.startsWith(run)) rmSync(join(folder, name), { recursive: true })
    },
  }
}

/** @throws Error with both */
export function expect(seen: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)]
  if (a !== b) throw new Error(`saw ${a.slice(0, 300)}, expected ${b.slice(0, 300)}`)
}

export function text(file: string): string {
  return readFileSync(file, 'utf8')
}
