import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { PRELUDE } from '../../src/hosts/prelude.ts'
import { remoteSession } from '../../src/hosts/remote.ts'
import type { Session } from '../../src/hosts/session.ts'
import { encode, jobFolder } from '../../src/hosts/wire.ts'
import { SHELLS, localLink } from './localShell.ts'

const run = `test-${randomBytes(6).toString('hex')}`
const jobsFolder = userInfo().uid === 0 ? '/var/lib/runbook/jobs' : join(homedir(), '.runbook/jobs')
const folder = mkdtempSync(join(tmpdir(), 'runbook-prelude-'))
const quiet = { timeoutMs: 20_000, onLine: () => undefined }
let count = 0
const newJob = (): string => `${run}/${String(++count)}`
const folderOf = (job: string): string => join(jobsFolder, jobFolder(job))
const sh = (script: string, ...args: string[]) => ({ argv: ['sh', '-c', script, 'sh', ...args], env: {} })
const alive = (pid: number): boolean => existsSync(`/proc/${String(pid)}`)
const soon = async (what: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 400 && !what(); tries++) await new Promise(resolve => setTimeout(resolve, 10))
}

afterAll(() => {
  rmSync(folder, { recursive: true })
  if (!existsSync(jobsFolder)) return
  for (const name of readdirSync(jobsFolder))
    if (name.startsWith(run)) rmSync(join(jobsFolder, name), { recursive: true })
})

describe.each(SHELLS)('under %s', (name, command) => {
  const link = localLink(command)
  const session: Session = remoteSession(link, () => link.close())
  const ask = async (argv: string[], env = {}, stdin?: string) =>
    (
      await session.probe([{ argv, env, ...(stdin === undefined ? {} : { stdin }) }], { timeoutMs: 10_000 })
    )[0]
  afterAll(() => session.close())

  test('answers many probes at once, in order, each with its own streams', async () => {
    const exits = await session.probe(
      [
        sh('echo out; echo err >&2; exit 3'),
        sh('true'),
        { argv: ['nosuch-command'], env: {} },
        sh('printf "no newline"'),
        sh('kill -9 $$'),
      ],
      { timeoutMs: 10_000 },
    )
    expect(exits[0]).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' })
    expect(exits[1]).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(exits[2]?.code).toBe(127)
    expect(exits[3]).toEqual({ code: 0, stdout: 'no newline', stderr: '' })
    expect(exits[4]?.code).toBeUndefined()
  })

  test('words, environment and standard input arrive byte by byte', async () => {
    const word = fc.string({ unit: 'binary', maxLength: 30 }).map(text => text.replaceAll('\0', ''))
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { maxLength: 4 }),
        word,
        fc.string({ unit: 'binary' }),
        async (words, value, stdin) => {
          const printed = await ask(['printf', '%s\\000', 'first', ...words, '$'])
          expect(printed?.stdout.split('\0').slice(0, -1)).toEqual(['first', ...words, '$'])
          expect((await ask(['printenv', 'VALUE'], { VALUE: value }))?.stdout).toBe(`${value}\n`)
          expect((await ask(['cat'], {}, stdin))?.stdout).toBe(stdin)
        },
      ),
      { numRuns: 10 },
    )
  })

  test('a command cannot eat the script, and knows nothing of us', async () => {
    const exits = await session.probe([sh('cat'), sh('env'), sh('echo still here; pwd; umask')], {
      timeoutMs: 10_000,
    })
    expect(exits[0]?.stdout).toBe('')
    expect(exits[1]?.stdout).toContain('LC_ALL=C')
    expect(exits[1]?.stdout).not.toContain('rb_')
    expect(exits[2]?.stdout).toMatch(/^still here\n\/\n0?022\n$/)
  })

  test('output that looks like our marks is only output', async () => {
    const trap = '\u0001ffff e 0 0\n\u0001 e 0 0\n'
    expect(await ask(['printf', '%s', trap])).toEqual({ code: 0, stdout: trap, stderr: '' })
  })

  test('a probe that hangs is could-not-tell, and holds up no later one', async () => {
    const exits = await session.probe([sh('echo begun; sleep 60'), sh('echo ok')], { timeoutMs: 1000 })
    expect(exits[0]).toMatchObject({ code: undefined, stdout: 'begun\n' })
    expect(exits[0]?.stderr).toContain('stopped after 1 s')
    expect(exits[1]).toEqual({ code: 0, stdout: 'ok\n', stderr: '' })
  })

  test('half a message runs nothing', () => {
    const path = join(folder, `half-${name}`)
    const line = { argv: ['touch', path, `${path}.2`], env: {} }
    const whole = encode({ call: 'probe', id: 0, seconds: 5, line }).trimEnd()
    const [file = '', ...args] = command
    for (let end = 1; end <= whole.length; end++) {
      // Where a word ends half a command would be a whole one; in words any place is as good as another.
      if (end % 9 !== 0 && end !== whole.length && whole[end] !== ' ' && whole[end] !== ';') continue
      spawnSync(file, args, {
        input: PRELUDE + encode({ call: 'hello', nonce: 'abc' }) + whole.slice(0, end),
      })
      expect(existsSync(path) || existsSync(`${path}.2`), whole.slice(0, end)).toBe(end === whole.length)
    }
  })

  test('writes files whole, with their mode, whatever is in them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 40_000, size: 'max' }),
        fc.constantFrom('0600', '0644', '750'),
        async (content, mode) => {
          const path = join(folder, name, 'deep', "it's a file")
          expect(await session.write(path, content, mode)).toEqual({ code: 0, stdout: '', stderr: '' })
          expect(Buffer.compare(readFileSync(path), content)).toBe(0)
          expect((statSync(path).mode & 0o7777).toString(8)).toBe(mode.replace(/^0/, ''))
          expect(readdirSync(join(folder, name, 'deep'))).toHaveLength(1)
        },
      ),
      { numRuns: 10 },
    )
  })

  test('what cannot be written says why and leaves the old file', async () => {
    expect((await session.write(folder, Buffer.from('x'), '0644')).code).toBe(1)
    expect((await session.write('/proc/nothing/here', Buffer.from('x'), '0644')).stderr).toMatch(
      /\/proc\/nothing/,
    )
    const exit = await session.write('/dev/shm', Buffer.from('x'), '0644')
    expect(exit).toMatchObject({ code: 1, stderr: '/dev/shm is a directory\n' })
  })

  test('a job runs once, whoever asks for it again, and its output comes as it is made', async () => {
    const job = newJob()
    const marker = join(folder, `ran-${name}`)
    const line = {
      ...sh(
        'echo ran >>"$0"; cat; echo "$TOKEN"; for i in 1 2 3; do echo $i; sleep 0.1; done; echo e >&2; exit 4',
      ),
      stdin: 'given\n',
      env: { TOKEN: 'a secret' },
    }
    const argv = ['sh', '-c', line.argv[2] ?? '', marker]
    const seen: [string, string][] = []
    const exits = await Promise.all([
      session.exec(
        { ...line, argv },
        { job, timeoutMs: 20_000, onLine: (stream, text) => seen.push([stream, text]) },
      ),
      session.exec({ ...line, argv }, { job, ...quiet }),
    ])
    const expected = { code: 4, stdout: 'given\na secret\n1\n2\n3\n', stderr: 'e\n' }
    expect(exits).toEqual([expected, expected])
    expect(seen.map(([, text]) => text)).toEqual(['given', 'a secret', '1', '2', '3', 'e'])
    expect(await session.exec({ argv: ['touch', `${marker}-not`], env: {} }, { job, ...quiet })).toEqual(
      expected,
    )
    expect(readFileSync(marker, 'utf8')).toBe('ran\n')
    expect(existsSync(`${marker}-not`)).toBe(false)
    expect(statSync(folderOf(job)).mode & 0o777).toBe(0o700)
    for (const file of readdirSync(folderOf(job))) {
      expect(readFileSync(join(folderOf(job), file), 'utf8').includes('a secret'), file).toBe(file === 'out')
    }
  })

  test('a job outlives the connection, and is attached to again', async () => {
    const job = newJob()
    const marker = join(folder, `lost-${name}`)
    const seen: string[] = []
    const running = session.exec(sh('echo begun >>"$1"; echo first; sleep 0.6; echo last', marker), {
      job,
      timeoutMs: 20_000,
      onLine: (_, text) => seen.push(text),
    })
    await soon(() => seen.length > 0)
    link.lose()
    expect(await running).toEqual({ code: 0, stdout: 'first\nlast\n', stderr: '' })
    expect(seen).toEqual(['first', 'last'])
    expect(readFileSync(marker, 'utf8')).toBe('begun\n')
  })

  test('the time limit stops the whole group, also what ignores TERM', async () => {
    const job = newJob()
    const pids = join(folder, `pids-${name}`)
    const exit = await session.exec(sh('sleep 300 & echo $! >"$1"; echo $$ >>"$1"; echo begun; wait', pids), {
      job,
      timeoutMs: 1000,
      onLine: () => undefined,
    })
    expect(exit.timedOut).toBe(true)
    expect(exit.stdout).toBe('begun\n')
    expect(exit.stderr).toContain('stopped after 1 s')
    const [child = 0, parent = 0] = readFileSync(pids, 'utf8').trim().split('\n').map(Number)
    await soon(() => !alive(child) && !alive(parent))
    expect([alive(child), alive(parent)]).toEqual([false, false])
  })

  test('a supervisor that was killed leaves an unknown exit, never a success', async () => {
    const job = newJob()
    const running = session.exec(sh('echo begun; sleep 300'), {
      job,
      timeoutMs: 60_000,
      onLine: () => undefined,
    })
    await soon(() => existsSync(join(folderOf(job), 'out')) && statSync(join(folderOf(job), 'out')).size > 0)
    await soon(() => existsSync(join(folderOf(job), 'pid')))
    const pidOf = (file: string): number =>
      Number(readFileSync(join(folderOf(job), file), 'utf8').split(' ')[0])
    process.kill(pidOf('sup'), 'SIGKILL')
    process.kill(-pidOf('pid'), 'SIGKILL')
    expect(await running).toMatchObject({ code: undefined, stdout: 'begun\n' })
    expect((await session.exec(sh('echo again'), { job, ...quiet })).code).toBeUndefined()
  })

  test('a pid that now belongs to somebody else, or to another boot, is not our job', async () => {
    const job = newJob()
    await session.exec(sh('true'), { job, ...quiet })
    const dir = folderOf(job)
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    rmSync(join(dir, 'rc.0'))
    for (const text of [`${String(process.pid)} 1 ${boot}\n`, `1 0 another-boot\n`]) {
      writeFileSync(join(dir, 'sup'), text)
      writeFileSync(join(dir, 'pid'), text)
      expect((await session.exec(sh('true'), { job, ...quiet })).code).toBeUndefined()
    }
  })

  test('neither environment nor standard input is in any command line, while it runs or after', async () => {
    const secret = `canary-${randomBytes(8).toString('hex')}`
    const job = newJob()
    const running = session.exec(
      { ...sh('echo begun; sleep 0.5'), stdin: secret, env: { TOKEN: secret } },
      { job, ...quiet },
    )
    const probing = session.probe([{ ...sh('sleep 0.4'), stdin: secret, env: { TOKEN: secret } }], {
      timeoutMs: 5000,
    })
    await soon(() => existsSync(join(folderOf(job), 'pid')))
    const lines = readdirSync('/proc')
      .filter(pid => /^\d+$/.test(pid))
      .map(pid => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        } catch {
          return ''
        }
      })
    expect(lines.some(line => line.includes('sleep'))).toBe(true)
    expect(lines.filter(line => line.includes(secret))).toEqual([])
    await Promise.all([running, probing])
    for (const file of readdirSync(folderOf(job)))
      expect(readFileSync(join(folderOf(job), file), 'utf8')).not.toContain(secret)
  })

  test('a megabyte in one line and binary output come through', async () => {
    const exit = await ask([
      'sh',
      '-c',
      'head -c 1000000 /dev/zero | tr "\\0" x; printf "\\001\\377\\000end"',
    ])
    expect(exit?.stdout).toBe(`${'x'.repeat(1_000_000)}\u0001\uFFFD\0end`)
  })

  test('no process of ours is left', async () => {
    await session.close()
    await soon(() => link.pids().every(pid => !alive(pid)))
    expect(link.pids().filter(alive)).toEqual([])
  })
})

test('there is a shell to test with', () => {
  if (SHELLS.length < 3)
    process.stdout.write(
      `test/hosts: only these shells are here: ${SHELLS.map(([name]) => name).join(', ')}\n`,
    )
  expect(SHELLS.length).toBeGreaterThan(0)
})
