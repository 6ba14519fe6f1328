import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SshOptions } from '../../src/hosts/options.ts'
import { Unreachable } from '../../src/hosts/session.ts'
import { expandTokens, parseSshConfig, sshConfigReader } from '../../src/hosts/ssh_config.ts'
import { parseHop, wayTo } from '../../src/hosts/way.ts'
import type { Host } from '../../src/plan/step.ts'

const noSsh = ['/usr/bin/ssh', '/usr/local/bin/ssh'].some(path => existsSync(path))
  ? undefined
  : 'there is no ssh (apt-get install -y openssh-client)'
if (noSsh !== undefined)
  process.stdout.write(`test/hosts/ssh_config.test.ts: real ssh -G is skipped: ${noSsh}\n`)

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-config-'))
  file = join(folder, 'config')
  writeFileSync(join(folder, 'more'), 'Host m1\n  Port 2201\n  HostKeyAlias the-first\n')
  writeFileSync(
    file,
    `Include ${join(folder, 'more')}
Match host m1 user deploy
  IdentityFile ~/.ssh/deploy_%h
Host m? !m9
  HostName %h.example.com
  User deploy
  ProxyJump boss@j1:2222,[2001:db8::2]
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile ~/.ssh/a ${join(folder, 'b')}
  StrictHostKeyChecking accept-new
Host p1
  ProxyCommand nc --proxy %h:%p %r %%
  AddressFamily inet6
  BindAddress ::1
Host odd
  RevokedHostKeys /etc/ssh/revoked
`,
  )
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const host = (address: string, more: Partial<Host> = {}): Host => ({
  name: 'h',
  address,
  port: 22,
  user: 'root',
  roles: [],
  sudo: 'no',
  ...more,
})
const options = (more: Partial<SshOptions> = {}): SshOptions => ({
  connectTimeoutSeconds: 1,
  host: () => undefined,
  secret: () => '',
  config: sshConfigReader({ file }),
  open: { h: ['user', 'port'] },
  ...more,
})

test.skipIf(noSsh !== undefined)('what the playbook leaves open is as ssh itself has it', async () => {
  expect(await wayTo(host('m1'), options(), '/home/me')).toEqual({
    address: 'm1.example.com',
    port: 2201,
    user: 'deploy',
    known: { address: 'the-first', port: 22 },
    knownHostsFiles: [
      join(userInfo().homedir, '.ssh/a'),
      join(folder, 'b'),
      '/etc/ssh/ssh_known_hosts',
      '/etc/ssh/ssh_known_hosts2',
    ],
    hostKeys: 'accept-new',
    identities: expect.any(Array) as unknown,
    identitiesOnly: true,
    agent: undefined,
    proxy: {
      hops: [{ user: 'boss', address: 'j1', port: 2222 }, { address: '2001:db8::2' }],
    },
    unusable: [],
  })
})

test.skipIf(noSsh !== undefined)('the playbook wins, and ssh is told what it says', async () => {
  const way = await wayTo(
    host('m1', { user: 'deploy', identityFile: '~/mine' }),
    options({ open: {}, knownHostsFiles: ['~/known'], hostKeys: 'strict', agent: '/run/agent' }),
    '/home/me',
  )
  expect(way).toMatchObject({
    port: 22,
    user: 'deploy',
    knownHostsFiles: ['/home/me/known'],
    hostKeys: 'strict',
    identities: [{ file: '~/mine', wanted: true }],
    agent: '/run/agent',
  })
  // `Match user deploy` holds because the playbook says deploy.
  const matched = await wayTo(host('m1', { user: 'deploy' }), options({ open: {} }), '/home/me')
  expect(matched.identities).toEqual([{ file: '~/.ssh/deploy_m1.example.com', wanted: false }])
})

test.skipIf(noSsh !== undefined)('a jump of the playbook is the only way there', async () => {
  expect((await wayTo(host('m1', { jump: 'j' }), options(), '/')).proxy).toBeUndefined()
})

test.skipIf(noSsh !== undefined)('a ProxyCommand has its tokens put in', async () => {
  expect(await wayTo(host('p1', { user: 'deploy' }), options({ open: {} }), '/')).toMatchObject({
    proxy: { command: 'nc --proxy p1:22 deploy %' },
    family: 6,
    bindAddress: '::1',
  })
  // This ssh refuses such a user itself; older ones do not.
  const config = () => Promise.resolve(parseSshConfig('hostname p1\nproxycommand nc %r\n', 'p1'))
  const evil = wayTo(host('p1', { user: '$(id)' }), options({ open: {}, config }), '/')
  await expect(evil).rejects.toThrow('will not be put into the shell line')
})

test.skipIf(noSsh !== undefined)('nobody is named: the default of the playbook holds', async () => {
  expect(await wayTo(host('elsewhere'), options(), '/')).toMatchObject({ user: 'root', port: 22 })
})

test.skipIf(noSsh !== undefined)('what decides whom we trust and cannot be followed is refused', async () => {
  const error: unknown = await wayTo(host('odd'), options(), '/').catch((why: unknown) => why)
  expect(error).toBeInstanceOf(Unreachable)
  expect(String(error)).toContain('RevokedHostKeys /etc/ssh/revoked')
  expect((error as Unreachable).help).toContain('ssh.transport: openssh')
})

test.skipIf(noSsh !== undefined)('a configuration that ssh refuses is refused with its words', async () => {
  const broken = join(folder, 'broken')
  writeFileSync(broken, 'Host *\n  Nonsense yes\n')
  const at = options({ config: sshConfigReader({ file: broken }) })
  await expect(wayTo(host('m1'), at, '/')).rejects.toThrow(/broken.*line 2.*nonsense/i)
})

test.skipIf(noSsh !== undefined)('a host is asked about once, and never taken for an option', async () => {
  const log = join(folder, 'calls')
  const program = join(folder, 'ssh')
  writeFileSync(program, `#!/bin/sh\necho "$*" >>${log}\nexec ssh "$@"\n`, { mode: 0o755 })
  const read = sshConfigReader({ program, file })
  await Promise.all([
    read('m1', { user: 'a' }),
    read('m1', { user: 'a' }),
    read('-oProxyCommand=x', {}).catch(() => 0),
  ])
  const calls = readFileSync(log, 'utf8')
  expect(calls.split('\n').filter(line => line.endsWith('-l a -G -- m1'))).toHaveLength(1)
  expect(calls).toContain('-G -- -oProxyCommand=x')
})

test('without an ssh on this machine there is no configuration, and the defaults hold', async () => {
  const read = sshConfigReader({ program: join(folder, 'no-such-ssh') })
  expect(await read('m1', {})).toBeUndefined()
  expect(await wayTo(host('[2001:db8::1]'), options({ config: read }), '/home/me')).toMatchObject({
    address: '2001:db8::1',
    user: 'root',
    port: 22,
    knownHostsFiles: ['/home/me/.ssh/known_hosts'],
    hostKeys: 'strict',
    identitiesOnly: false,
  })
})

test.skipIf(noSsh !== undefined)(
  'every line that this ssh prints is read without loss of what we use',
  () => {
    const text = execFileSync('ssh', ['-F', file, '-G', '--', 'm1'], { encoding: 'utf8' })
    const config = parseSshConfig(text, 'm1')
    expect([config.hostname, config.port, config.user]).toEqual(['m1.example.com', 2201, 'deploy'])
  },
)

test('tokens', () => {
  const at = { asked: 'n', hostname: 'h', port: 7, user: 'r', home: '/home', keyName: 'k' }
  expect(expandTokens('%d/%h-%n-%p-%r-%k-%%', at)).toBe('/home/h-n-7-r-k-%')
  expect(expandTokens('%X', at)).toBeUndefined()
  expect(expandTokens('100%', at)).toBeUndefined()
})

test('hops', () => {
  expect(parseHop('ssh://bob@[::1]:22/')).toEqual({ user: 'bob', address: '::1', port: 22 })
  expect(parseHop('fe80::1')).toEqual({ address: 'fe80::1' })
  expect(parseHop('a@b@c:22')).toEqual({ user: 'a@b', address: 'c', port: 22 })
})

test('no text makes the reader fail', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const config = parseSshConfig(text, 'asked')
      expect(config.port).toBeGreaterThan(0)
      parseHop(text)
    }),
  )
})
