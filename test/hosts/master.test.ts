import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseLog } from '../../src/hosts/master.ts'
import type { SshOptions } from '../../src/hosts/options.ts'
import { type Session, Unreachable } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import type { Host } from '../../src/plan/step.ts'
import { type Sshd, noSshd, startSshd } from './sshd.ts'

if (noSshd !== undefined) process.stdout.write(`test/hosts/master.test.ts is skipped: ${noSshd}\n`)

const run = `test-${randomBytes(6).toString('hex')}`
const jobsFolder = userInfo().uid === 0 ? '/var/lib/runbook/jobs' : join(homedir(), '.runbook/jobs')
const sh = (script: string, ...args: string[]) => ({ argv: ['sh', '-c', script, 'sh', ...args], env: {} })
const one = async (session: Session, script: string): Promise<string> =>
  (await session.probe([sh(script)], { timeoutMs: 10_000 }))[0]?.stdout ?? ''
const why = async (promise: Promise<unknown>): Promise<Unreachable> => {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof Unreachable) return error
  throw error as Error
}
const print = (file: string): string =>
  execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1] ?? '?'
/** Only those to this server: others may run at the same time. */
const masters = ({ port }: Sshd): string[] =>
  execFileSync('ps', ['axww', '-o', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter(line => line.includes(` -p ${String(port)} `) && line.includes(' -N -f '))

test('a log of ssh -v: the key, and the key of a certificate', () => {
  expect(parseLog('debug1: Server host key: ssh-ed25519 SHA256:abc\r\n')).toEqual({
    hostKey: 'ssh-ed25519 SHA256:abc',
  })
  expect(parseLog('debug1: Server host key: ssh-rsa-cert-v01@openssh.com SHA256:x\n')).toEqual({
    hostKey: 'ssh-rsa SHA256:x',
  })
  expect(parseLog('')).toEqual({})
})

describe.skipIf(noSshd !== undefined)("this machine's ssh as the transport", { timeout: 60_000 }, () => {
  let sshd: Sshd
  let config = ''
  const sessions: Session[] = []
  const servers: Sshd[] = []
  const server = async (settings: readonly string[] = []): Promise<Sshd> => {
    const started = await startSshd(settings)
    servers.push(started)
    return started
  }
  const options = (at: Sshd, more: Partial<SshOptions> = {}): SshOptions => ({
    ...at.options,
    transport: 'openssh',
    openssh: { file: config },
    ...more,
  })
  const open = async (
    more: Partial<SshOptions> = {},
    host: Partial<Host> = {},
    at = sshd,
  ): Promise<Session> => {
    const session = await connectSsh(options(at, more))({ ...at.host, ...host })
    sessions.push(session)
    return session
  }
  beforeAll(async () => {
    sshd = await server()
    config = join(sshd.folder, 'ssh_config')
    writeFileSync(config, '')
  })
  afterAll(async () => {
    for (const session of sessions) await session.close()
    for (const started of servers) started.stop()
    if (!existsSync(jobsFolder)) return
    for (const name of readdirSync(jobsFolder))
      if (name.startsWith(run)) rmSync(join(jobsFolder, name), { recursive: true })
  })

  test('questions, jobs and files are as with ssh2, over one master, which ends with the last session', async () => {
    const before = readdirSync(tmpdir()).filter(name => name.startsWith('rb-')).length
    const connect = connectSsh(options(sshd))
    const [a, b] = await Promise.all([connect(sshd.host), connect(sshd.host)])
    expect(await Promise.all([1, 2, 3].map(i => one(i % 2 ? a : b, `sleep 0.1; echo ${String(i)}`)))).toEqual(
      ['1\n', '2\n', '3\n'],
    )
    expect(masters(sshd)).toHaveLength(1)
    const exit = await a.exec(sh('echo out; echo err >&2; exit 3'), {
      job: `${run}/plain`,
      timeoutMs: 10_000,
      onLine: () => undefined,
    })
    expect(exit).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' })
    const content = randomBytes(300_000)
    expect((await b.write(join(sshd.folder, 'file'), content, '0600')).code).toBe(0)
    expect(readFileSync(join(sshd.folder, 'file')).equals(content)).toBe(true)
    expect(await a.hostKey?.()).toBe(`ssh-ed25519 ${print(join(sshd.folder, 'host.pub'))}`)
    await a.close()
    expect(await one(b, 'echo still')).toBe('still\n')
    await b.close()
    expect(readdirSync(tmpdir()).filter(name => name.startsWith('rb-'))).toHaveLength(before)
  })

  test('a master that dies is made again, and the job goes on and is begun once', async () => {
    const session = await open()
    const marker = join(sshd.folder, 'marker')
    let killed = 0
    const exit = await session.exec(
      sh('echo x >>"$1"; for i in 1 2 3 4; do echo $i; sleep 0.5; done', marker),
      {
        job: `${run}/killed`,
        timeoutMs: 30_000,
        onLine: (_, text) => {
          if (text !== '2') return
          for (const line of masters(sshd)) {
            process.kill(Number(line.trim().split(' ')[0]), 'SIGKILL')
            killed += 1
          }
        },
      },
    )
    expect(killed).toBeGreaterThan(0)
    expect(exit).toMatchObject({ code: 0, stdout: '1\n2\n3\n4\n' })
    expect(readFileSync(marker, 'utf8')).toBe('x\n')
  })

  test('MaxSessions 1', async () => {
    const narrow = await server(['MaxSessions 1'])
    const session = await open({}, {}, narrow)
    expect(await Promise.all([1, 2, 3].map(i => one(session, `echo ${String(i)}`)))).toEqual([
      '1\n',
      '2\n',
      '3\n',
    ])
  })

  test('a changed key: both fingerprints; one that is not on file; a pinned one', async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(sshd.folder, 'other')])
    const [host, other] = [print(join(sshd.folder, 'host.pub')), print(join(sshd.folder, 'other.pub'))]
    const changed = await why(
      open({
        knownHosts: `[127.0.0.1]:${String(sshd.port)} ${readFileSync(join(sshd.folder, 'other.pub'), 'utf8')}`,
      }),
    )
    expect(changed.reason).toBe('hostkey')
    expect(changed.message).toContain(host)
    expect(changed.message).toContain(other)
    const unknown = await why(open({ knownHosts: '' }))
    expect([unknown.reason, unknown.message]).toEqual(['hostkey', expect.stringContaining(host)])
    const pinned = await why(open({ pins: { real: `ssh-ed25519 ${other}` } }))
    expect([pinned.reason, pinned.message]).toEqual(['hostkey', expect.stringContaining(other)])
    expect(await one(await open({ pins: { real: `ssh-ed25519 ${host}` } }), 'echo in')).toBe('in\n')
  })

  test('user and host certificates of a real authority; ssh2 refuses both and says what to do', async () => {
    const folder = sshd.folder
    const ca = join(folder, 'ca')
    const user = join(folder, 'certified')
    for (const file of [ca, user]) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
    const at = await startSshd(
      [
        `TrustedUserCAKeys ${ca}.pub`,
        'AuthorizedKeysFile none',
        `HostCertificate ${join(folder, 'host2-cert.pub')}`,
        `HostKey ${join(folder, 'host2')}`,
      ].concat(makeHostCertificate(folder, ca)),
    )
    servers.push(at)
    execFileSync('ssh-keygen', [
      '-q',
      '-s',
      ca,
      '-I',
      'me',
      '-n',
      userInfo().username,
      '-V',
      '+1h',
      `${user}.pub`,
    ])
    const known = `@cert-authority [127.0.0.1]:${String(at.port)} ${readFileSync(`${ca}.pub`, 'utf8')}`
    const session = await open({ knownHosts: known }, { identityFile: user }, at)
    expect(await one(session, 'echo in')).toBe('in\n')

    const plain = readFileSync(join(folder, 'host2.pub'), 'utf8')
    const byKey = { ...at.options, knownHosts: `[127.0.0.1]:${String(at.port)} ${plain}` }
    const noUser = await why(connectSsh(byKey)({ ...at.host, identityFile: user }))
    expect(noUser.message).toMatch(/certified-cert\.pub: a user certificate.*ssh\.transport: openssh/)
    const noHost = await why(
      connectSsh({ ...at.options, knownHosts: known })({ ...at.host, identityFile: user }),
    )
    expect([noHost.reason, noHost.help]).toEqual([
      'hostkey',
      expect.stringContaining('ssh.transport: openssh'),
    ])

    execFileSync('ssh-keygen', [
      '-q',
      '-s',
      ca,
      '-I',
      'late',
      '-n',
      userInfo().username,
      '-V',
      '-2h:-1h',
      `${user}.pub`,
    ])
    const expired = await why(open({ knownHosts: known }, { identityFile: user }, at))
    expect(expired.reason).toBe('auth')
  })

  test('an encrypted key asks for its passphrase once; without one it is refused by name', async () => {
    const file = join(sshd.folder, 'locked')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '4', '-N', 'open sesame', '-f', file])
    writeFileSync(join(sshd.folder, 'authorized_keys'), readFileSync(`${file}.pub`), { flag: 'a' })
    const asked: string[] = []
    const passphrase = (name: string): Promise<string> => {
      asked.push(name)
      return Promise.resolve('open sesame')
    }
    expect(await one(await open({ passphrase, agent: false }, { identityFile: file }), 'echo in')).toBe(
      'in\n',
    )
    expect(asked).toEqual([file])
    const refused = await why(open({ agent: false }, { identityFile: file }))
    expect([refused.reason, refused.message]).toEqual(['auth', expect.stringContaining('locked')])
  })

  test('through a jump host of the playbook, and what cannot be reached', async () => {
    const target = await server()
    const jump: Host = { ...sshd.host, name: 'jump' }
    const session = await connectSsh(
      options(target, { knownHosts: sshd.knownHosts + target.knownHosts, host: () => jump }),
    )({ ...target.host, jump: 'jump' })
    sessions.push(session)
    expect(await one(session, 'echo in')).toBe('in\n')
    const nobody = await why(open({}, { port: 1 }))
    expect([nobody.reason, nobody.message]).toEqual(['connect', expect.stringContaining('refused')])
    const none = await why(open({ openssh: { program: '/no/ssh' } }))
    expect(none.message).toContain('there is no "/no/ssh"')
  })

  const root = userInfo().uid === 0
  if (!root)
    process.stdout.write('test/hosts/master.test.ts: the password is skipped: only root can make users\n')
  test.skipIf(!root)(
    'a password goes by ssh’s own question, is on no command line, and only to its host',
    async () => {
      const login = `rbm${randomBytes(3).toString('hex')}`
      execFileSync('useradd', ['-m', '-s', '/bin/sh', login])
      try {
        execFileSync('chpasswd', { input: `${login}:pa ss\n` })
        const at = await server(['UsePAM yes', 'PasswordAuthentication yes', 'PubkeyAuthentication no'])
        const host = { user: login, password: { secret: 'env:P' } }
        const session = await open({ secret: () => 'pa ss', agent: false }, host, at)
        expect(await one(session, 'id -un')).toBe(`${login}\n`)
        const wrong = await why(open({ secret: () => 'wrong-one', agent: false }, host, at))
        expect(wrong.reason).toBe('auth')
        expect(wrong.message).not.toContain('wrong-one')
        await session.close()
      } finally {
        spawnSync('userdel', ['-f', '-r', login], { stdio: 'ignore' })
      }
    },
  )
})

/** A host key with a certificate that names 127.0.0.1. Answers no further settings: the files are named before they are there. */
function makeHostCertificate(folder: string, ca: string): string[] {
  const key = join(folder, 'host2')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  execFileSync('ssh-keygen', [
    '-q',
    '-s',
    ca,
    '-I',
    'host',
    '-h',
    '-n',
    '127.0.0.1',
    '-V',
    '+1h',
    `${key}.pub`,
  ])
  return []
}
