import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Session } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import { noDropbear, startDropbear } from './dropbear.ts'
import { one, opensshServers, quiet, run, sh, why, withoutKey } from './opensshServers.ts'
import { type Sshd, noSshd } from './sshd.ts'
import { userMaker } from './users.ts'

describe.skipIf(noSshd !== undefined)('users of a real OpenSSH server', { timeout: 60_000 }, () => {
  let sshd: Sshd
  const { sessions, server, open } = opensshServers()
  beforeAll(async () => {
    sshd = await server()
  })

  const loginShells = ['/usr/bin/fish', '/bin/csh', '/bin/bash', '/bin/dash'].filter(path => existsSync(path))
  const root = userInfo().uid === 0
  if (!root)
    process.stdout.write('test/hosts: other users and login shells are skipped: only root can make them\n')
  describe.skipIf(!root)('users', () => {
    const { user, removeAll } = userMaker()
    afterAll(async () => {
      for (const session of sessions.splice(0)) await session.close()
      expect(removeAll()).toEqual([])
    })
    /** A server that lets the users in, whose keys must be readable to them. */
    const forUsers = async (settings: readonly string[] = []): Promise<Sshd> => {
      const started = await server(['UsePAM yes', ...settings])
      execFileSync('chmod', ['711', started.folder])
      execFileSync('chmod', ['644', join(started.folder, 'authorized_keys')])
      return started
    }

    test.each(loginShells)('login shell %s', async shell => {
      const at = await forUsers()
      const session = await open({}, { user: user('sh', shell) }, at)
      const [exit] = await session.probe(
        [{ argv: ['printf', '%s|', "it's", '!x', 'a\\b', '$y', '\n'], env: { A: "b'\\!" } }],
        { timeoutMs: 10_000 },
      )
      expect(exit).toEqual({ code: 0, stdout: "it's|!x|a\\b|$y|\n|", stderr: '' })
      const done = await session.exec(sh('echo "$HOME"; pwd; id -u'), { job: `${run}/login`, ...quiet })
      expect(done.code).toBe(0)
      expect(done.stdout).toMatch(/^\/home\/rbsh.*\n\/\n\d+\n$/)
    })

    test('a start-up file that prints and a slow one do no harm', async () => {
      const login = user('noise', '/bin/bash')
      writeFileSync(
        `/home/${login}/.bashrc`,
        'echo welcome; echo careful >&2; printf "\\001ff e 0 0\\n"; sleep 0.3\n',
      )
      const session = await open({}, { user: login }, await forUsers(['Banner /etc/hostname']))
      expect((await session.probe([sh('echo in')], { timeoutMs: 5000 }))[0]).toEqual({
        code: 0,
        stdout: 'in\n',
        stderr: '',
      })
    })

    test('a login shell that refuses', async () => {
      const nologin = ['/usr/sbin/nologin', '/sbin/nologin'].find(path => existsSync(path)) ?? '/bin/false'
      const session = await open({}, { user: user('no', nologin) }, await forUsers())
      const error = await why(one(session, 'true'))
      expect(error.message).toContain('does not start "sh"')
    })

    test('by password and keyboard-interactive', async () => {
      const login = user('pw', '/bin/sh', 'pa ss')
      const host = withoutKey(sshd.host)
      for (const settings of [
        ['PasswordAuthentication yes', 'PubkeyAuthentication no'],
        ['KbdInteractiveAuthentication yes', 'PasswordAuthentication no', 'PubkeyAuthentication no'],
      ]) {
        const at = await forUsers(settings)
        const connect = (password: string): Promise<Session> =>
          connectSsh({ ...at.options, home: at.folder, agent: false, secret: () => password })({
            ...host,
            port: at.port,
            user: login,
            password: { secret: 'env:P' },
          })
        const session = await connect('pa ss')
        sessions.push(session)
        expect(await one(session, 'id -un')).toBe(`${login}\n`)
        const error = await why(connect('wrong-one'))
        expect(error.reason).toBe('auth')
        expect(error.message).not.toContain('wrong-one')
      }
    })

    if (noDropbear !== undefined) process.stdout.write(`test/hosts: dropbear is skipped: ${noDropbear}\n`)
    test.skipIf(noDropbear !== undefined)('dropbear', async () => {
      const login = user('db', '/bin/sh')
      const { port, knownHosts, stop } = await startDropbear(
        sshd.folder,
        login,
        join(sshd.folder, 'client.pub'),
      )
      try {
        const session = await open({ knownHosts }, { user: login, port })
        expect(await one(session, 'id -un')).toBe(`${login}\n`)
        expect((await session.exec(sh('echo done'), { job: `${run}/dropbear`, ...quiet })).stdout).toBe(
          'done\n',
        )
        expect(await Promise.all([1, 2, 3].map(i => one(session, `sleep 0.1; echo ${String(i)}`)))).toEqual([
          '1\n',
          '2\n',
          '3\n',
        ])
      } finally {
        stop()
      }
    })

    const sudo = existsSync('/usr/bin/sudo')
    if (!sudo) process.stdout.write('test/hosts: sudo is skipped: it is not installed\n')
    test.skipIf(!sudo)('sudo without a password, with one, with a wrong one, and refused', async () => {
      const at = await forUsers()
      const [free, asked, none] = [
        user('su', '/bin/bash'),
        user('sp', '/usr/bin/fish', 'root please'),
        user('sn', '/bin/sh', 'pw'),
      ]
      mkdirSync('/etc/sudoers.d', { recursive: true })
      writeFileSync(`/etc/sudoers.d/${free}`, `${free} ALL=(ALL) NOPASSWD: ALL\nDefaults:${free} use_pty\n`, {
        mode: 0o440,
      })
      writeFileSync(`/etc/sudoers.d/${asked}`, `${asked} ALL=(ALL) ALL\nDefaults:${asked} use_pty\n`, {
        mode: 0o440,
      })
      const password = { secret: 'env:P' }

      const nopasswd = await open({}, { user: free, sudo: 'nopasswd' }, at)
      expect(await one(nopasswd, 'id -u; echo $HOME')).toBe('0\n/root\n')
      const binary = randomBytes(50_000)
      expect((await nopasswd.write(join(at.folder, 'by-root'), binary, '0600')).code).toBe(0)
      expect(readFileSync(join(at.folder, 'by-root')).equals(binary)).toBe(true)
      const unneeded = await open({ secret: () => 'never asked' }, { user: free, sudo: password }, at)
      expect(await one(unneeded, 'id -u')).toBe('0\n')

      const right = await open({ secret: () => 'root please' }, { user: asked, sudo: password }, at)
      expect(await one(right, 'id -u')).toBe('0\n')
      expect(
        (await right.exec(sh('id -u; sleep 0.3; echo done'), { job: `${run}/sudo`, ...quiet })).stdout,
      ).toBe('0\ndone\n')

      const wrong = await open({ secret: () => 'not-it' }, { user: asked, sudo: password }, at)
      const error = await why(one(wrong, 'id -u'))
      expect([error.reason, error.message]).toEqual(['sudo', expect.stringContaining('refused the password')])
      expect(error.message).not.toContain('not-it')
      const required = await why(one(await open({}, { user: asked, sudo: 'nopasswd' }, at), 'id -u'))
      expect([required.reason, required.message]).toEqual([
        'sudo',
        expect.stringContaining('password is required'),
      ])
      const refused = await why(
        one(await open({ secret: () => 'pw' }, { user: none, sudo: password }, at), 'id -u'),
      )
      expect([refused.reason, refused.message]).toEqual(['sudo', expect.stringContaining('sudoers')])
    })
  })
})
