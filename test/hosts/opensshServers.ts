import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { SshOptions } from '../../src/hosts/options.ts'
import { type Session, Unreachable } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import type { Host } from '../../src/plan/step.ts'
import { type SlowLine, slowLine } from './flights.ts'
import { type Sshd, startSshd } from './sshd.ts'

/** Names of the jobs that these tests leave on this machine begin so. */
export const run = `test-${randomBytes(6).toString('hex')}`
export const jobsFolder = userInfo().uid === 0 ? '/var/lib/runbook/jobs' : join(homedir(), '.runbook/jobs')
export const sh = (script: string, ...args: string[]) => ({
  argv: ['sh', '-c', script, 'sh', ...args],
  env: {},
})
export const quiet = { timeoutMs: 20_000, onLine: () => undefined }
export const withoutKey = (host: Host): Host => ({
  name: host.name,
  address: host.address,
  port: host.port,
  user: host.user,
  roles: [],
  sudo: 'no',
})
/** What one script prints there. */
export const one = async (session: Session, script: string): Promise<string> =>
  (await session.probe([sh(script)], { timeoutMs: 10_000 }))[0]?.stdout ?? ''
/** How a promise was refused. @throws when it was not */
export const why = async (promise: Promise<unknown>): Promise<Unreachable> => {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof Unreachable) return error
  throw error as Error
}

/** Real servers and sessions to them for the tests of one `describe`; all are ended after it. */
export function opensshServers(): {
  readonly sessions: Session[]
  readonly server: (...args: Parameters<typeof startSshd>) => Promise<Sshd>
  /** To the first server, where no other is named. */
  readonly open: (more?: Partial<SshOptions>, host?: Partial<Host>, at?: Sshd) => Promise<Session>
  readonly line: (at: Sshd, halfMs: number) => Promise<{ line: SlowLine; knownHosts: string }>
} {
  const sessions: Session[] = []
  const lines: SlowLine[] = []
  const servers: Sshd[] = []
  afterAll(async () => {
    for (const session of sessions) await session.close()
    for (const slow of lines) await slow.close()
    for (const started of servers) started.stop()
    if (!existsSync(jobsFolder)) return
    for (const name of readdirSync(jobsFolder))
      if (name.startsWith(run)) rmSync(join(jobsFolder, name), { recursive: true })
  })
  return {
    sessions,
    async server(...args) {
      const started = await startSshd(...args)
      servers.push(started)
      return started
    },
    async open(more = {}, host = {}, at = servers[0]) {
      if (at === undefined) throw new Error('no server was started')
      const session = await connectSsh({ ...at.options, ...more })({ ...at.host, ...host })
      sessions.push(session)
      return session
    },
    async line(at, halfMs) {
      const slow = await slowLine(at.port, halfMs)
      lines.push(slow)
      return { line: slow, knownHosts: at.knownHosts.replace(String(at.port), String(slow.port)) }
    },
  }
}
