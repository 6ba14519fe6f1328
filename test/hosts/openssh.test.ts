import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { jobsFolder, opensshServers, quiet, run, sh } from './opensshServers.ts'
import { type Sshd, noSshd } from './sshd.ts'

if (noSshd !== undefined) process.stdout.write(`test/hosts/openssh*.test.ts are skipped: ${noSshd}\n`)

describe.skipIf(noSshd !== undefined)('a real OpenSSH server', { timeout: 60_000 }, () => {
  let sshd: Sshd
  const { server, open, line } = opensshServers()
  beforeAll(async () => {
    sshd = await server()
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
})
