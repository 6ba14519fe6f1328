import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import ssh2 from 'ssh2'
import { fingerprint } from '../../src/hosts/known_hosts.ts'
import type { Unreachable } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import type { Host } from '../../src/plan/step.ts'
import { freePort } from './sshd.ts'
import { toy, toyHost } from './toySession.ts'
import { failure, optionsFor, twinServers } from './twinServers.ts'

const { open, serve, session } = twinServers()

test('a changed host key stops everything and shows both fingerprints', async () => {
  const served = await serve(toyHost())
  const other = ssh2.utils.generateKeyPairSync('ed25519')
  const parsed = ssh2.utils.parseKey(other.public)
  if (parsed instanceof Error) throw parsed
  const line = `[127.0.0.1]:${String(served.ports['toy'])} ssh-ed25519 ${parsed.getPublicSSH().toString('base64')}\n`
  const error = await failure(session(served, { knownHosts: line }))
  expect(error.reason).toBe('hostkey')
  expect(error.message).toContain('has changed')
  expect(error.message).toContain(fingerprint(parsed.getPublicSSH()))
  expect(error.message).toContain(
    fingerprint(Buffer.from(served.knownHosts.trim().split(' ')[2] ?? '', 'base64')),
  )
  const unknown = await failure(session(served, { knownHosts: '' }))
  expect(unknown.reason).toBe('hostkey')
  expect(unknown.message).toContain('not on file')
})

test('a refused login names what was tried and what the server takes', async () => {
  const served = await serve(toyHost())
  const key = ssh2.utils.generateKeyPairSync('ed25519').private
  const error = await failure(session(served, { privateKeys: [key] }, { ...toy }))
  expect(error.reason).toBe('auth')
  expect(error.message).toMatch(/tried given key \(SHA256:.*the server takes publickey/)
  const nothing = await failure(session(served, { privateKeys: [] }))
  expect(nothing.message).toContain('nothing to log in with')
})

test('an encrypted key asks for its passphrase once; what cannot be read says why', async () => {
  const served = await serve(toyHost())
  const folder = mkdtempSync(join(tmpdir(), 'runbook-keys-'))
  open.push({ close: () => rm(folder, { recursive: true }) })
  const encrypted = ssh2.utils.generateKeyPairSync('ed25519', {
    passphrase: 'open',
    cipher: 'aes256-ctr',
    rounds: 2,
  }).private
  const files = { encrypted, pkcs8: '-----BEGIN PRIVATE KEY-----\nx\n', rubbish: 'rubbish' }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const asked: string[] = []
  const attempt = async (name: string, passphrase?: string): Promise<Unreachable> =>
    failure(
      connectSsh(
        optionsFor(served, {
          passphrase: file => {
            asked.push(file)
            return Promise.resolve(passphrase)
          },
        }),
      )({ ...served.at(toy), identityFile: join(folder, name) }),
    )
  expect((await attempt('encrypted')).message).toContain('no passphrase was given')
  expect((await attempt('encrypted', 'shut')).message).toContain('does not fit')
  expect((await attempt('encrypted', 'open')).message).toMatch(/tried .*encrypted \(SHA256/)
  expect(asked).toHaveLength(3)
  expect((await attempt('pkcs8')).message).toContain('ssh-keygen -p')
  expect((await attempt('rubbish')).message).toContain('rubbish')
  expect((await attempt('missing')).message).toContain('no such file')
})

test('nobody there, no SSH there, silence there: three different errors', async () => {
  const served = await serve(toyHost())
  const at = (port: number): Host => ({ ...toy, address: '127.0.0.1', port })
  const refused = await failure(connectSsh(optionsFor(served))(at(await freePort())))
  expect([refused.reason, refused.message]).toEqual([
    'connect',
    expect.stringContaining('connection refused'),
  ])
  const name = await failure(
    connectSsh(optionsFor(served))({ ...toy, address: 'no-such-host.invalid', port: 22 }),
  )
  expect(name.reason).toBe('connect')
  const silent = createServer(socket => socket.resume().on('error', () => undefined)).listen(0, '127.0.0.1')
  await new Promise(resolve => silent.once('listening', resolve))
  open.push({
    close: () =>
      new Promise(resolve =>
        silent.close(() => {
          resolve()
        }),
      ),
  })
  const address = silent.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const late = await failure(connectSsh(optionsFor(served, { connectTimeoutSeconds: 0.2 }))(at(address.port)))
  expect([late.reason, late.message]).toEqual([
    'timeout',
    expect.stringContaining('did not finish its greeting within 0.2 s'),
  ])
})

test('jump hosts that go in a circle, or are not there, are told', async () => {
  const served = await serve(toyHost())
  const hosts: { [name: string]: Host } = {
    a: { ...toy, name: 'a', jump: 'b' },
    b: { ...toy, name: 'b', jump: 'a' },
  }
  const connect = connectSsh(optionsFor(served, { host: name => hosts[name] }))
  expect((await failure(connect({ ...toy, jump: 'a' }))).message).toContain('circle')
  expect((await failure(connect({ ...toy, jump: 'nobody' }))).message).toContain('not a host of the playbook')
})
