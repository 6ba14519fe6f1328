import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { SshOptions } from '../../src/hosts/options.ts'
import type { Host } from '../../src/plan/step.ts'
import { dropbearCases } from './dropbearCases.ts'
import { type Stage, type Transport, expect, sh, text } from './stage.ts'

/** One way in. `refusal`: what a transport says that cannot do it, by name. */
export interface Case {
  readonly name: string
  readonly missing?: () => string | undefined
  readonly refusal?: { readonly [transport in Transport]?: RegExp }
  run(transport: Transport): Promise<void>
}

export function cases(here: Stage): readonly Case[] {
  const { sshd, key, server, forUsers, user, tryOut } = here
  const me = userInfo().username
  const needsRoot = (): string | undefined => (here.isRoot ? undefined : 'only root can make users')
  const login = (shell: string) => (): string | undefined =>
    needsRoot() ?? (existsSync(shell) ? undefined : `${shell} is not installed`)
  /** The key of a host that nobody named a key for. */
  const noKey: Partial<Host> = { identityFile: '/nonexistent' }
  const admit = (file: string): void => {
    appendFileSync(join(sshd.folder, 'authorized_keys'), text(`${file}.pub`))
  }
  const withPassword = async (transport: Transport, settings: readonly string[]): Promise<void> => {
    const at = await forUsers(['PubkeyAuthentication no', ...settings])
    const more = { agent: false, secret: () => 'pa ss' } as const
    await tryOut(transport, at, more, {
      ...noKey,
      user: user('pw', '/bin/sh', 'pa ss'),
      password: { secret: 'env:P' },
    })
  }
  const byConfig = (lines: string): { readonly more: Partial<SshOptions>; readonly host: Partial<Host> } => ({
    more: { ...here.config(lines), open: { real: ['port'] } },
    host: { address: 'far' },
  })

  return [
    { name: 'OpenSSH, key', run: transport => tryOut(transport, sshd) },
    {
      name: 'OpenSSH, encrypted key',
      async run(transport) {
        const file = key(`locked-${transport}`, 'open sesame')
        admit(file)
        await tryOut(
          transport,
          sshd,
          { agent: false, passphrase: () => Promise.resolve('open sesame') },
          { identityFile: file },
        )
      },
    },
    {
      name: 'OpenSSH, agent',
      async run(transport) {
        const agent = join(sshd.folder, `agent-${transport}`)
        const started = execFileSync('ssh-agent', ['-s', '-a', agent], { encoding: 'utf8' })
        try {
          const file = join(sshd.folder, 'client')
          execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: agent } })
          await tryOut(transport, sshd, { agent }, { identityFile: `${file}.pub` })
        } finally {
          process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1]))
        }
      },
    },
    {
      name: 'OpenSSH, password',
      missing: needsRoot,
      run: transport => withPassword(transport, ['PasswordAuthentication yes']),
    },
    {
      name: 'OpenSSH, keyboard-interactive',
      missing: needsRoot,
      run: transport =>
        withPassword(transport, ['KbdInteractiveAuthentication yes', 'PasswordAuthentication no']),
    },
    {
      name: 'OpenSSH, user certificate',
      refusal: { ssh2: /a user certificate, which this transport cannot show; set ssh\.transport: openssh/ },
      async run(transport) {
        const [ca, file] = [key(`ca-${transport}`), key(`certified-${transport}`)]
        execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'me', '-n', me, '-V', '+1h', `${file}.pub`])
        const at = await server([`TrustedUserCAKeys ${ca}.pub`, 'AuthorizedKeysFile none'])
        await tryOut(transport, at, {}, { identityFile: file })
      },
    },
    {
      name: 'OpenSSH, host certificate only',
      refusal: { ssh2: /only a certificate authority is on file/ },
      async run(transport) {
        const [ca, file] = [key(`hostca-${transport}`), key(`hostkey-${transport}`)]
        execFileSync('ssh-keygen', [
          '-q',
          '-s',
          ca,
          '-I',
          'h',
          '-h',
          '-n',
          '127.0.0.1',
          '-V',
          '+1h',
          `${file}.pub`,
        ])
        const at = await server([`HostKey ${file}`, `HostCertificate ${file}-cert.pub`])
        await tryOut(transport, at, {
          knownHosts: `@cert-authority [127.0.0.1]:${String(at.port)} ${text(`${ca}.pub`)}`,
        })
      },
    },
    {
      name: 'OpenSSH, ProxyJump twice, by configuration',
      async run(transport) {
        const at = await server()
        const known = join(sshd.folder, `known-${transport}`)
        writeFileSync(known, sshd.knownHosts + at.knownHosts)
        const { more, host } = byConfig(`Host far
  HostName 127.0.0.1
  Port ${String(at.port)}
  ProxyJump hop1,hop2
Host hop1 hop2
  HostName 127.0.0.1
  Port ${String(sshd.port)}
  IdentityFile ${join(sshd.folder, 'client')}
Host *
  User ${me}
  UserKnownHostsFile ${known}
`)
        const { knownHosts: _, knownHostsFiles: __, ...rest } = at.options
        await tryOut(transport, { ...at, options: rest }, more, host)
      },
    },
    {
      name: 'OpenSSH, jump of the playbook',
      async run(transport) {
        const at = await server()
        const jump: Host = { ...sshd.host, name: 'jump' }
        await tryOut(
          transport,
          at,
          { knownHosts: sshd.knownHosts + at.knownHosts, host: () => jump },
          { jump: 'jump' },
        )
      },
    },
    {
      name: 'OpenSSH, ProxyCommand',
      async run(transport) {
        const pipe = join(sshd.folder, 'pipe.cjs')
        writeFileSync(
          pipe,
          `const socket = require('node:net').connect({ port: Number(process.argv[3]), host: process.argv[2] })
process.stdin.pipe(socket).pipe(process.stdout)
`,
        )
        const { more, host } = byConfig(`Host far
  HostName 127.0.0.1
  Port ${String(sshd.port)}
  ProxyCommand ${process.execPath} ${pipe} %h %p
`)
        await tryOut(transport, sshd, more, host)
      },
    },
    {
      name: 'OpenSSH, MaxSessions 1',
      run: async transport => tryOut(transport, await server(['MaxSessions 1'])),
    },
    {
      name: 'OpenSSH, MaxStartups that turns away',
      run: async transport => {
        const at = await server(['MaxStartups 2:30:10'])
        await Promise.all(
          Array.from({ length: 8 }, (_, i) => tryOut(transport, at, {}, { name: `h${String(i)}` })),
        )
      },
    },
    {
      name: 'OpenSSH, IPv6',
      missing: () =>
        existsSync('/proc/net/if_inet6') && text('/proc/net/if_inet6').includes(' lo')
          ? undefined
          : 'there is no ::1 here',
      async run(transport) {
        const at = await server(['ListenAddress ::1'])
        await tryOut(
          transport,
          at,
          { knownHosts: at.knownHosts.replace('127.0.0.1', '::1') },
          { address: '::1' },
        )
      },
    },
    {
      name: 'OpenSSH, a banner and a start-up file that prints',
      missing: login('/bin/bash'),
      async run(transport) {
        const name = user('noise', '/bin/bash')
        writeFileSync(`/home/${name}/.bashrc`, 'echo welcome; echo careful >&2; sleep 0.2\n')
        await tryOut(transport, await forUsers(['Banner /etc/hostname']), {}, { user: name })
      },
    },
    ...['/usr/bin/fish', '/bin/csh'].map(shell => ({
      name: `OpenSSH, login shell ${shell}`,
      missing: login(shell),
      run: async (transport: Transport) =>
        tryOut(transport, await forUsers(), {}, { user: user('sh', shell) }),
    })),
    {
      name: 'OpenSSH, sudo with a password',
      missing: () => needsRoot() ?? (existsSync('/usr/bin/sudo') ? undefined : 'sudo is not installed'),
      async run(transport) {
        const name = user('sp', '/bin/bash', 'root please')
        mkdirSync('/etc/sudoers.d', { recursive: true })
        writeFileSync(`/etc/sudoers.d/${name}`, `${name} ALL=(ALL) ALL\nDefaults:${name} use_pty\n`, {
          mode: 0o440,
        })
        const more = { secret: () => 'root please' }
        await tryOut(transport, await forUsers(), more, { user: name, sudo: { secret: 'env:P' } })
      },
    },
    {
      name: 'OpenSSH, noexec /tmp',
      missing: () => needsRoot() ?? cannotMount(),
      async run(transport) {
        const script = 'mount --bind /tmp /tmp && mount -o remount,bind,noexec /tmp && exec "$@"'
        const at = await server([], ['unshare', '-m', 'sh', '-c', script, 'sh'])
        await here.within(transport, at, {}, {}, async session => {
          const [exit] = await session.probe(
            [sh('echo true >/tmp/rb-x; chmod +x /tmp/rb-x; /tmp/rb-x; c=$?; rm /tmp/rb-x; exit $c')],
            { timeoutMs: 9000 },
          )
          if (exit?.code !== 126) throw new Error(`/tmp is not noexec there: ${JSON.stringify(exit)}`)
        })
        await tryOut(transport, at)
      },
    },
    {
      name: 'OpenSSH, a line of 1 MB, binary, no UTF-8',
      run: transport =>
        here.within(transport, sshd, {}, {}, async session => {
          const lines = [
            sh('head -c 1048576 /dev/zero | tr "\\0" x'),
            sh('printf "\\377\\376ok\\0end"'),
            sh('head -c 300000 /dev/urandom | tee "$1" | cksum', join(sshd.folder, `random-${transport}`)),
          ]
          const [long, odd] = await session.probe(lines, { timeoutMs: 30_000 })
          expect([long?.code, long?.stdout.length, long?.stdout.startsWith('xxx')], [0, 1_048_576, true])
          expect(odd?.stdout, '\uFFFD\uFFFDok\0end')
          const content = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256))
          const path = join(sshd.folder, `binary-${transport}`)
          expect((await session.write(path, content, '0600')).code, 0)
          const [sum] = await session.probe([{ argv: ['sha256sum', path], env: {} }], { timeoutMs: 9000 })
          expect(sum?.stdout.split(' ')[0], createHash('sha256').update(content).digest('hex'))
        }),
    },
    ...dropbearCases(here),
  ]
}

function cannotMount(): string | undefined {
  const tried = spawnSync('unshare', ['-m', 'mount', '--bind', '/tmp', '/tmp'], { encoding: 'utf8' })
  return tried.status === 0
    ? undefined
    : `no mount namespaces here: ${tried.stderr.trim() || String(tried.error)}`
}
