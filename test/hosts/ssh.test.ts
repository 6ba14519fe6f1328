import { expect, test } from 'vitest'
import ssh2 from 'ssh2'
import { readonly } from '../../src/hosts/readonly.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import type { Host } from '../../src/plan/step.ts'
import { toy, toyHost } from './toySession.ts'
import { failure, optionsFor, twinServers } from './twinServers.ts'

const { serve, session } = twinServers()

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
