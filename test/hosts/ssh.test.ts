import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import ssh2 from 'ssh2'
import { fingerprint } from '../../src/hosts/known_hosts.ts'
import type { SshOptions } from '../../src/hosts/options.ts'
import { readonly } from '../../src/hosts/readonly.ts'
import { type Session, Unreachable } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import type { Host } from '../../src/plan/step.ts'
import { type ServeOptions, type Served, serveTwin } from '../../src/twin/server.ts'
import { freePort } from './sshd.ts'
import { type Toy, toy, toyHost } from './toySession.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

async function serve(host: Toy, options: ServeOptions = {}, as: Host = toy): Promise<Served> {
  const served = await serveTwin(host.connect, [as], options)
  open.push(served)
  return served
}

function optionsFor(served: Served, more: Partial<SshOptions> = {}): SshOptions {
  return {
    knownHostsFiles: [],
    knownHosts: served.knownHosts,
    hostKeys: 'strict',
    connectTimeoutSeconds: 5,
    reconnectSeconds: 2,
    host: () => undefined,
    secret: reference => reference.replace('env:', ''),
    privateKeys: [served.clientKey],
    ...more,
  }
}

async function session(served: Served, more: Partial<SshOptions> = {}, host: Host = toy): Promise<Session> {
  const made = await connectSsh(optionsFor(served, more))(served.at(host))
  open.push(made)
  return made
}

async function failure(promise: Promise<unknown>): Promise<Unreachable> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof Unreachable)) throw error as Error
  return error
}

const quiet = { timeoutMs: 5000, onLine: () => undefined }

test('probes, effects and files reach the pretend host over a real SSH connection', async () => {
  const host = toyHost()
  const made = await session(await serve(host))
  const lines = [
    { argv: ['echo', "it's", 'ünï\n'], env: { A: 'b c' }, stdin: 'text\\' },
    { argv: ['false'], env: {} },
  ]
  const [first, second] = await made.probe(lines, { timeoutMs: 5000 })
  expect(JSON.parse(first?.stdout ?? '')).toEqual(lines[0])
  expect(second).toEqual({ code: 1, stdout: '{"argv":["false"],"env":{}}', stderr: 'no\n' })
  expect(await made.exec({ argv: ['work'], env: { TOKEN: 'x' } }, { job: 'run/step/1.0', ...quiet })).toEqual(
    { code: 0, stdout: 'done\n', stderr: '' },
  )
  expect(host.ran).toEqual([
    { job: 'run/step/1.0', line: { argv: ['work'], env: { TOKEN: 'x' } }, timeoutMs: 5000 },
  ])
  const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 256))
  expect(await made.write('/etc/some file', content, '0640')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(Buffer.compare(host.files.get('/etc/some file')?.content ?? Buffer.alloc(0), content)).toBe(0)
  expect(host.files.get('/etc/some file')?.mode).toBe('0640')
})

test('a line that drops while a job runs is a reconnect: the job ran once and its exit is known', async () => {
  const host = toyHost(true)
  const served = await serve(host)
  const made = await session(served)
  const running = made.exec({ argv: ['work'], env: {} }, { job: 'j', ...quiet })
  while (host.ran.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  served.dropConnections()
  await new Promise(resolve => setTimeout(resolve, 20))
  host.finish({ code: 3, stdout: 'out\n', stderr: 'err\n' })
  expect(await running).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' })
  expect(host.ran).toHaveLength(1)
})

test('a line that drops before the host heard of the job starts it afterwards, once', async () => {
  const host = toyHost()
  let drops = 1
  const served = await serve(host, {
    onCall: (_, call, drop) => {
      if (call.call === 'job' && drops-- > 0) drop()
    },
  })
  const made = await session(served)
  expect((await made.exec({ argv: ['work'], env: {} }, { job: 'j', ...quiet })).code).toBe(0)
  expect(host.ran).toHaveLength(1)
})

test('a lost answer to a probe or a write is asked for again', async () => {
  const host = toyHost()
  const dropped = new Set<string>()
  const served = await serve(host, {
    onCall: (_, { call }, drop) => {
      if (call !== 'probe' && call !== 'close') return
      if (!dropped.has(call)) drop()
      dropped.add(call)
    },
  })
  const made = await session(served)
  expect((await made.probe([{ argv: ['x'], env: {} }], { timeoutMs: 5000 }))[0]?.code).toBe(0)
  expect((await made.write('/f', Buffer.from('text'), '0644')).code).toBe(0)
  expect([...dropped]).toEqual(['probe', 'close'])
})

test('when the host stays away the answer is lost, not wrong', async () => {
  const host = toyHost(true)
  const served = await serve(host)
  const made = await session(served, { reconnectSeconds: 0.2 })
  const running = made.exec({ argv: ['work'], env: {} }, { job: 'j', ...quiet })
  while (host.ran.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  await served.close()
  const error = await failure(running)
  expect(error.reason).toBe('lost')
  expect(error.help).toContain('resume')
})

test('with room for a single channel all still works, also while a job runs', async () => {
  const host = toyHost(true)
  const made = await session(await serve(host, { maxSessions: 1 }))
  const running = made.exec({ argv: ['work'], env: {} }, { job: 'j', ...quiet })
  while (host.ran.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  const finish = setTimeout(() => {
    host.finish({ code: 0, stdout: '', stderr: '' })
  }, 100)
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => made.probe([{ argv: ['x'], env: {} }], { timeoutMs: 5000 })),
  )
  expect(answers.map(([exit]) => exit?.code)).toEqual([0, 0, 0, 0, 0])
  expect((await running).code).toBe(0)
  clearTimeout(finish)
})

test('a banner is no trouble', async () => {
  const made = await session(await serve(toyHost(), { banner: 'Authorised use only!\n' }))
  expect((await made.probe([{ argv: ['x'], env: {} }], { timeoutMs: 5000 }))[0]?.code).toBe(0)
})

test('sudo with a password: right, wrong, and never asked for more than once', async () => {
  const asRoot: Host = { ...toy, sudo: { secret: 'env:right' } }
  const served = await serve(toyHost(), { sudoPassword: 'right' }, asRoot)
  const made = await session(served, {}, asRoot)
  expect((await made.probe([{ argv: ['x'], env: {} }], { timeoutMs: 5000 }))[0]?.code).toBe(0)
  const wrong = await session(served, { secret: () => 'wrong' }, asRoot)
  const error = await failure(wrong.probe([{ argv: ['x'], env: {} }], { timeoutMs: 5000 }))
  expect(error.reason).toBe('sudo')
  expect(error.message).toContain('refused the password')
  expect(error.message).not.toContain('wrong')
})

test('the server runs nothing but our own prelude', async () => {
  const served = await serve(toyHost())
  const client = new ssh2.Client()
  await new Promise((resolve, reject) => {
    client.on('ready', () => {
      resolve(undefined)
    })
    client.on('error', reject)
    client.connect({
      host: '127.0.0.1',
      port: served.ports['toy'] ?? 0,
      username: 'root',
      privateKey: served.clientKey,
    })
  })
  await expect(
    new Promise((resolve, reject) => {
      client.exec('id', (error, stream) => {
        if (error === undefined) resolve(stream)
        else reject(error)
      })
    }),
  ).rejects.toThrow(/exec/i)
  const answer = await new Promise<string>((resolve, reject) => {
    client.exec('exec sh', (error, stream) => {
      if (error !== undefined) {
        reject(error)
        return
      }
      let text = ''
      stream.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
      stream.resume().on('close', () => {
        resolve(text)
      })
      stream.write('id > /tmp/x\n')
    })
  })
  expect(answer).toContain('not the prelude')
  client.end()
})

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

test('sessions of one host share a connection, and the last one drops it', async () => {
  const served = await serve(toyHost())
  let dials = 0
  const { connect: dial } = await import('node:net')
  const connect = connectSsh(
    optionsFor(served, {
      dial: (host, port) => {
        dials += 1
        return dial({ host, port, noDelay: true })
      },
    }),
  )
  const [a, b] = await Promise.all([connect(served.at(toy)), connect(served.at(toy))])
  await a.close()
  await a.close()
  expect((await b.probe([{ argv: ['x'], env: {} }], { timeoutMs: 5000 }))[0]?.code).toBe(0)
  expect(dials).toBe(1)
  await b.close()
  expect((await failure(b.probe([{ argv: ['x'], env: {} }], { timeoutMs: 5000 }))).reason).toBe('lost')
  const c = await connect(served.at(toy))
  expect(dials).toBe(2)
  await c.close()
})

test('a read-only session lets questions through and nothing else', async () => {
  const host = toyHost()
  const look = await readonly(host.connect)(toy)
  expect(await look.probe([{ argv: ['x'], env: {} }], { timeoutMs: 1 })).toHaveLength(1)
  await expect(look.exec({ argv: ['rm'], env: {} }, { job: 'j', ...quiet })).rejects.toThrow(/may only look/)
  await expect(look.write('/f', Buffer.from(''), '0644')).rejects.toThrow(/may only look/)
  expect([host.ran.length, host.files.size]).toEqual([0, 0])
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
