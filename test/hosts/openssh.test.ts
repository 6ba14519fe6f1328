import { randomBytes } from 'node:crypto'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SshOptions } from '../../src/hosts/options.ts'
import { type Session, Unreachable } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import { sshConfigReader } from '../../src/hosts/ssh_config.ts'
import type { Host } from '../../src/plan/step.ts'
import { type SlowLine, slowLine } from './flights.ts'
import { noDropbear, startDropbear } from './dropbear.ts'
import { type Sshd, noSshd, startSshd } from './sshd.ts'
import { userMaker } from './users.ts'

if (noSshd !== undefined) process.stdout.write(`test/hosts/openssh.test.ts is skipped: ${noSshd}\n`)

const run = `test-${randomBytes(6).toString('hex')}`
const jobsFolder = userInfo().uid === 0 ? '/var/lib/runbook/jobs' : join(homedir(), '.runbook/jobs')
const sh = (script: string, ...args: string[]) => ({ argv: ['sh', '-c', script, 'sh', ...args], env: {} })
const quiet = { timeoutMs: 20_000, onLine: () => undefined }
const withoutKey = (host: Host): Host => ({
  name: host.name,
  address: host.address,
  port: host.port,
  user: host.user,
  roles: [],
  sudo: 'no',
})
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

describe.skipIf(noSshd !== undefined)('a real OpenSSH server', { timeout: 60_000 }, () => {
  let sshd: Sshd
  const sessions: Session[] = []
  const lines: SlowLine[] = []
  const servers: Sshd[] = []
  const server = async (...args: Parameters<typeof startSshd>): Promise<Sshd> => {
    const started = await startSshd(...args)
    servers.push(started)
    return started
  }
  const open = async (
    more: Partial<SshOptions> = {},
    host: Partial<Host> = {},
    at = sshd,
  ): Promise<Session> => {
    const session = await connectSsh({ ...at.options, ...more })({ ...at.host, ...host })
    sessions.push(session)
    return session
  }
  const line = async (at: Sshd, halfMs: number): Promise<{ line: SlowLine; knownHosts: string }> => {
    const slow = await slowLine(at.port, halfMs)
    lines.push(slow)
    return { line: slow, knownHosts: at.knownHosts.replace(String(at.port), String(slow.port)) }
  }

  beforeAll(async () => {
    sshd = await server()
  })
  afterAll(async () => {
    for (const session of sessions) await session.close()
    for (const slow of lines) await slow.close()
    for (const started of servers) started.stop()
    if (!existsSync(jobsFolder)) return
    for (const name of readdirSync(jobsFolder))
      if (name.startsWith(run)) rmSync(join(jobsFolder, name), { recursive: true })
  })

  test('connecting and the first questions cost 11 round trips, all further questions of a call one', async () => {
    const { line: slow, knownHosts } = await line(sshd, 15)
    const session = await open({ knownHosts }, { port: slow.port })
    const many = Array.from({ length: 30 }, (_, i) => sh(`echo ${String(i)}`))
    expect((await session.probe(many, { timeoutMs: 10_000 })).map(({ stdout }) => stdout)).toEqual(
      many.map((_, i) => `${String(i)}\n`),
    )
    // One more for the TCP handshake.
    expect(slow.flights() + 1).toBeLessThanOrEqual(11)
    slow.reset()
    await session.probe(many, { timeoutMs: 10_000 })
    expect(slow.flights()).toBe(1)
    slow.reset()
    await session.write(join(sshd.folder, 'written'), Buffer.from('text\n'), '0600')
    expect(slow.flights()).toBe(1)
    slow.reset()
    expect((await session.exec(sh('echo done'), { job: `${run}/quick`, ...quiet })).stdout).toBe('done\n')
    expect(slow.flights()).toBe(1)
  })

  test('a job started once stays one job, with its output, when the line is cut again and again', async () => {
    const { line: slow, knownHosts } = await line(sshd, 2)
    const session = await open({ knownHosts }, { port: slow.port })
    const marker = join(sshd.folder, 'marker')
    const seen: string[] = []
    let cuts = 0
    const exit = await session.exec(
      sh(
        'echo x >>"$1"; for i in 1 2 3 4 5 6 7 8 9; do echo line $i; echo err $i >&2; sleep 0.4; done; exit 7',
        marker,
      ),
      {
        job: `${run}/cut`,
        timeoutMs: 30_000,
        onLine: (stream, text) => {
          seen.push(`${stream} ${text}`)
          // Every time it has come a little further.
          if (seen.length % 4 !== 2) return
          cuts += 1
          slow.cut()
        },
      },
    )
    const expected = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    expect(exit).toEqual({
      code: 7,
      stdout: expected.map(i => `line ${String(i)}\n`).join(''),
      stderr: expected.map(i => `err ${String(i)}\n`).join(''),
    })
    expect(seen.toSorted()).toEqual(
      expected.flatMap(i => [`err err ${String(i)}`, `out line ${String(i)}`]).toSorted(),
    )
    expect(readFileSync(marker, 'utf8')).toBe('x\n')
    expect(cuts).toBeGreaterThanOrEqual(4)
  })

  test('another controller asks for the same job: attached while it runs, answered when it has ended', async () => {
    const marker = join(sshd.folder, 'twice')
    const work = sh('echo x >>"$1"; echo first; sleep 0.5; echo last', marker)
    const [a, b] = await Promise.all([open(), open()])
    const exits = await Promise.all([
      a.exec(work, { job: `${run}/twice`, ...quiet }),
      b.exec(work, { job: `${run}/twice`, ...quiet }),
    ])
    const again = await (await open()).exec(work, { job: `${run}/twice`, ...quiet })
    for (const exit of [...exits, again])
      expect(exit).toEqual({ code: 0, stdout: 'first\nlast\n', stderr: '' })
    expect(readFileSync(marker, 'utf8')).toBe('x\n')
  })

  test('a job that may only be asked about is answered when it was begun, and never begun', async () => {
    const session = await open()
    const marker = join(sshd.folder, 'never')
    const asking = { ...quiet, attachOnly: true } as const
    const script = sh('echo x >>"$1"; exit 3', marker)
    expect((await session.exec(script, { ...asking, job: `${run}/ask` })).code).toBe(undefined)
    expect(existsSync(marker)).toBe(false)
    await session.exec(script, { ...quiet, job: `${run}/ask` })
    expect((await session.exec(script, { ...asking, job: `${run}/ask` })).code).toBe(3)
    expect(readFileSync(marker, 'utf8')).toBe('x\n')
  })

  test('the time limit stops the whole group', async () => {
    const session = await open()
    const pids = join(sshd.folder, 'pids')
    const exit = await session.exec(sh('sleep 300 & echo $! $$ >"$1"; wait', pids), {
      job: `${run}/late`,
      timeoutMs: 1000,
      onLine: () => undefined,
    })
    expect(exit.timedOut).toBe(true)
    for (const pid of readFileSync(pids, 'utf8').trim().split(' ')) {
      expect(spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).stdout).toMatch(/^(Z.*\n)?$/)
    }
  })

  test('secrets are in no command line of any process', async () => {
    const secret = `canary-${randomBytes(8).toString('hex')}`
    const session = await open()
    const [up, go] = [join(sshd.folder, 'up'), join(sshd.folder, 'go')]
    const wait = 'echo x >>"$1"; until [ -e "$2" ]; do sleep 0.05; done;'
    const job = session.exec(
      { ...sh(wait, up, go), stdin: secret, env: { TOKEN: secret } },
      { job: `${run}/secret`, ...quiet },
    )
    const probe = session.probe(
      [{ ...sh(`${wait} echo "$TOKEN"; cat`, up, go), stdin: secret, env: { TOKEN: secret } }],
      { timeoutMs: 10_000 },
    )
    for (let tries = 0; tries < 400; tries++) {
      if (existsSync(up) && statSync(up).size === 4) break
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    const commands = execFileSync('ps', ['axww', '-o', 'args'], { encoding: 'utf8' }).split('\n')
    expect(
      commands.filter(line => line.includes(up) && line.includes('until')).length,
    ).toBeGreaterThanOrEqual(2)
    expect(commands.filter(line => line.includes(secret))).toEqual([])
    writeFileSync(go, '')
    expect((await probe)[0]?.stdout).toBe(`${secret}\n${secret}`)
    await job
    expect(spawnSync('grep', ['-rl', secret, jobsFolder], { encoding: 'utf8' }).stdout).toBe('')
  })

  test('files are put in place whole and with their mode', async () => {
    const session = await open()
    const path = join(sshd.folder, 'new', 'file')
    const content = randomBytes(700_000)
    expect(await session.write(path, content, '0640')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(statSync(path).mode & 0o7777).toBe(0o640)
    expect(readdirSync(join(sshd.folder, 'new'))).toEqual(['file'])
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
