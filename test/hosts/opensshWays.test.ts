import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Session, Unreachable } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import { sshConfigReader } from '../../src/hosts/ssh_config.ts'
import type { Host } from '../../src/plan/step.ts'
import { one, opensshServers, quiet, run, sh, why } from './opensshServers.ts'
import { type Sshd, noSshd } from './sshd.ts'

describe.skipIf(noSshd !== undefined)('ways to a real OpenSSH server', { timeout: 60_000 }, () => {
  let sshd: Sshd
  const { sessions, server, open } = opensshServers()
  beforeAll(async () => {
    sshd = await server()
  })

  test('MaxSessions 1: a job runs and questions are answered', async () => {
    const narrow = await server(['MaxSessions 1'])
    const session = await open({}, {}, narrow)
    const job = session.exec(sh('sleep 1; echo done'), { job: `${run}/narrow`, ...quiet })
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => one(session, `echo ${String(i)}`)))
    expect(answers).toEqual([0, 1, 2, 3, 4, 5].map(i => `${String(i)}\n`))
    expect((await job).stdout).toBe('done\n')
  })

  test('forty sessions at once where MaxStartups turns most away', async () => {
    const strict = await server(['MaxStartups 2:50:10'])
    const made = await Promise.all(
      Array.from({ length: 40 }, (_, i) => open({}, { name: `h${String(i)}` }, strict)),
    )
    expect(await Promise.all(made.map(session => one(session, 'echo in')))).toEqual(made.map(() => 'in\n'))
  })

  test('through two jump hosts', async () => {
    const hosts: { [name: string]: Host } = {
      outer: { ...sshd.host, name: 'outer' },
      inner: { ...sshd.host, name: 'inner', jump: 'outer' },
    }
    const target = await server()
    const session = await connectSsh({
      ...target.options,
      knownHosts: sshd.knownHosts + target.knownHosts,
      host: name => hosts[name],
    })({
      ...target.host,
      identityFile: sshd.host.identityFile ?? '',
      jump: 'inner',
    }).catch(async (error: unknown) => {
      // The target lets in its own key only.
      expect(error).toBeInstanceOf(Unreachable)
      return connectSsh({
        ...target.options,
        knownHosts: sshd.knownHosts + target.knownHosts,
        host: name => hosts[name],
      })({ ...target.host, jump: 'inner' })
    })
    sessions.push(session)
    expect(await one(session, 'echo in')).toBe('in\n')
  })

  test('OpenSSH’s configuration: alias, keys, jumps, a ProxyCommand, each as ssh itself has it', async () => {
    const target = await server()
    const at = join(sshd.folder, 'ssh_config')
    const pipe = join(sshd.folder, 'pipe.cjs')
    const pids = join(sshd.folder, 'proxy.pid')
    writeFileSync(
      pipe,
      `const [, , file, host, port] = process.argv
require('node:fs').writeFileSync(file, String(process.pid))
const socket = require('node:net').connect({ port: Number(port), host })
process.stdin.pipe(socket).pipe(process.stdout)
`,
    )
    const known = join(sshd.folder, 'known_hosts')
    writeFileSync(
      known,
      [sshd.knownHosts.replace(/^\S+/, 'the-alias'), sshd.knownHosts, target.knownHosts].join(''),
    )
    writeFileSync(
      at,
      `Host plain
  HostName 127.0.0.1
  HostKeyAlias the-alias
  Port ${String(sshd.port)}
Host hop1 hop2
  HostName 127.0.0.1
  Port ${String(sshd.port)}
Host far
  HostName 127.0.0.1
  Port ${String(target.port)}
  IdentityFile ${target.folder}/client
  ProxyJump hop1,${userInfo().username}@hop2
Host piped
  HostName 127.0.0.1
  Port ${String(sshd.port)}
  ProxyCommand ${process.execPath} ${pipe} ${pids} %h %p
Host broken
  ProxyCommand sh -c 'echo no way >&2; exit 3'
Host *
  UserKnownHostsFile ${known}
  IdentitiesOnly yes
  IdentityFile ${join(sshd.folder, 'client')}
  User ${userInfo().username}
`,
    )
    const connect = connectSsh({
      config: sshConfigReader({ file: at }),
      open: Object.fromEntries(
        ['plain', 'far', 'piped', 'broken'].map(name => [name, ['user', 'port'] as const]),
      ),
      connectTimeoutSeconds: 10,
      host: () => undefined,
      secret: () => '',
    })
    const to = async (name: string): Promise<Session> => {
      const session = await connect({
        name,
        address: name,
        port: 22,
        user: 'nobody-here',
        roles: [],
        sudo: 'no',
      })
      sessions.push(session)
      return session
    }
    for (const name of ['plain', 'far', 'piped']) expect(await one(await to(name), 'echo in')).toBe('in\n')
    const broken = await why(to('broken'))
    expect([broken.reason, broken.message]).toEqual(['connect', expect.stringContaining('3: no way')])
    // The program ends with the connection.
    const pid = Number(readFileSync(pids, 'utf8'))
    expect(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout).not.toBe('')
    await sessions.pop()?.close()
    for (let tries = 0; tries < 100; tries++) {
      if (spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim() === '')
        return
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    throw new Error('the ProxyCommand outlived its connection')
  })
})
