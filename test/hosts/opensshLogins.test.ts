import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { connectSsh } from '../../src/hosts/ssh.ts'
import { one, opensshServers, why, withoutKey } from './opensshServers.ts'
import { type Sshd, noSshd } from './sshd.ts'

describe.skipIf(noSshd !== undefined)(
  'keys of a real OpenSSH server and its users',
  { timeout: 60_000 },
  () => {
    let sshd: Sshd
    const { sessions, server, open } = opensshServers()
    beforeAll(async () => {
      sshd = await server()
    })

    test('a wrong host key: both fingerprints, and nothing is sent', async () => {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(sshd.folder, 'other')])
      const other = readFileSync(join(sshd.folder, 'other.pub'), 'utf8')
      const error = await why(open({ knownHosts: `[127.0.0.1]:${String(sshd.port)} ${other}` }))
      expect(error.reason).toBe('hostkey')
      for (const file of ['other.pub', 'host.pub']) {
        const print =
          execFileSync('ssh-keygen', ['-lf', join(sshd.folder, file)], { encoding: 'utf8' }).split(' ')[1] ??
          '?'
        expect(error.message).toContain(print)
      }
    })

    test('a refused key: which were tried, and what the server takes', async () => {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(sshd.folder, 'stranger')])
      const error = await why(open({}, { identityFile: join(sshd.folder, 'stranger') }))
      expect(error.reason).toBe('auth')
      expect(error.message).toMatch(/tried .*stranger \(SHA256:[^)]+\); the server takes publickey/)
    })

    test('keys of every kind, encrypted too, and through an agent', async () => {
      const kinds = [
        ['rsa', ['-t', 'rsa', '-b', '3072'], ''],
        ['ecdsa', ['-t', 'ecdsa'], ''],
        ['locked', ['-t', 'ed25519', '-a', '4'], 'open sesame'],
      ] as const
      for (const [name, args, passphrase] of kinds) {
        const file = join(sshd.folder, `key-${name}`)
        execFileSync('ssh-keygen', ['-q', ...args, '-N', passphrase, '-f', file])
        writeFileSync(join(sshd.folder, 'authorized_keys'), readFileSync(`${file}.pub`), { flag: 'a' })
        const session = await open({ passphrase: () => Promise.resolve(passphrase) }, { identityFile: file })
        expect(await one(session, 'echo in')).toBe('in\n')
        await session.close()
      }
      const agent = join(sshd.folder, 'agent')
      const pid = /SSH_AGENT_PID=(\d+)/.exec(
        execFileSync('ssh-agent', ['-s', '-a', agent], { encoding: 'utf8' }),
      )?.[1]
      try {
        const add = (name: string): void => {
          execFileSync('ssh-add', ['-q', join(sshd.folder, name)], {
            env: { ...process.env, SSH_AUTH_SOCK: agent },
          })
        }
        add('key-rsa')
        add('client')
        // The file is encrypted, but the agent holds its key: nobody is asked for anything.
        const file = join(sshd.folder, 'key-locked')
        const withFile = await open({ agent }, { identityFile: file }).catch((error: unknown) => error)
        expect(withFile).toMatchObject({
          reason: 'auth',
          message: expect.stringContaining('no passphrase was given') as string,
        })
        execFileSync('ssh-keygen', ['-q', '-p', '-P', 'open sesame', '-N', '', '-f', file])
        add('key-locked')
        execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', file])
        expect(await one(await open({ agent }, { identityFile: file }), 'echo in')).toBe('in\n')
        expect(await one(await open({ agent }, { identityFile: `${file}.pub` }), 'echo in')).toBe('in\n')
        const host = withoutKey(sshd.host)
        const session = await connectSsh({ ...sshd.options, agent, home: sshd.folder })(host)
        sessions.push(session)
        expect(await one(session, 'echo in')).toBe('in\n')
      } finally {
        process.kill(Number(pid))
      }
    })

    test('the host key on file decides which one the server shows', async () => {
      execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-N', '', '-f', join(sshd.folder, 'host-rsa')])
      const two = await server([`HostKey ${join(sshd.folder, 'host-rsa')}`])
      const [type, key] = readFileSync(join(sshd.folder, 'host-rsa.pub'), 'utf8').split(' ')
      const session = await open(
        { knownHosts: `[127.0.0.1]:${String(two.port)} ${type ?? ''} ${key ?? ''}` },
        {},
        two,
      )
      expect(await one(session, 'echo in')).toBe('in\n')
    })
  },
)
