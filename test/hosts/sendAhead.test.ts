import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { abortJob } from '../../src/hosts/abort.ts'
import type { Deed, Look, Stride, Tale } from '../../src/hosts/ahead.ts'
import { Fenced } from '../../src/hosts/custody.ts'
import { remoteSession } from '../../src/hosts/remote.ts'
import { SHELLS, localLink } from './localShell.ts'

const run = `test-${randomBytes(6).toString('hex')}`
const jobsFolder = userInfo().uid === 0 ? '/var/lib/runbook/jobs' : join(homedir(), '.runbook/jobs')
const auditLog =
  userInfo().uid === 0 ? '/var/log/runbook/audit.jsonl' : join(homedir(), '.runbook/audit.jsonl')
const folder = mkdtempSync(join(tmpdir(), 'runbook-ahead-'))
let count = 0
const newJob = (): string => `${run}/${String(++count)}`

afterAll(() => {
  rmSync(folder, { recursive: true })
  // What the aborts of these tests told this machine's own log.
  if (existsSync(auditLog))
    writeFileSync(
      auditLog,
      readFileSync(auditLog, 'utf8')
        .split('\n')
        .filter(line => !line.includes(run))
        .join('\n'),
    )
  if (!existsSync(jobsFolder)) return
  for (const name of readdirSync(jobsFolder))
    if (name.startsWith(run)) rmSync(join(jobsFolder, name), { recursive: true })
})

const there = (path: string): Look => ({
  line: { argv: ['stat', '-c', '%F', '--', path], env: {} },
  telling: { holds: '0|*', known: ['[!0]||*No such file or directory*', ''], quick: true },
})
const sh = (script: string, job = newJob(), timeoutSeconds = 10, stdin?: string): Deed => ({
  exec: { argv: ['sh', '-c', script], env: { WORD: "it's" }, ...(stdin !== undefined && { stdin }) },
  job,
  timeoutSeconds,
})
const stride = (goal: string, ...deeds: readonly Deed[]): Stride => ({
  needs: [],
  goal: [there(goal)],
  deeds,
})

function listener(): { readonly tale: Tale; readonly told: string[] } {
  const told: string[] = []
  return {
    told,
    tale: {
      already: (at, seen, lost) => told.push(`${at} already ${String(seen.length)}${lost ? ' lost' : ''}`),
      begun: at => told.push(`${at} begun`),
      line: (at, stream, text) => told.push(`${at} ${stream} ${text}`),
      ended: (at, deed, { code, timedOut }) => told.push(`${at}.${deed} ${timedOut ? 'late' : String(code)}`),
      done: at => told.push(`${at} done`),
    },
  }
}

describe.each(SHELLS)('under %s', (name, command) => {
  const link = localLink(command)
  const session = remoteSession(link, () => link.close())
  const send = async (strides: readonly Stride[], fence?: { epoch: number; nonce: string }) => {
    const { tale, told } = listener()
    const halt = await session.ahead?.({ strides, tale, ...(fence && { fence }) })
    return { halt, told }
  }
  const path = (leaf: string): string => join(folder, `${name}-${leaf}`)
  afterAll(() => session.close())

  test('strides are done in their order, each once, and what holds is left alone', async () => {
    const [a, b, c] = [path('a'), path('b'), path('c')]
    const content = Buffer.from([0, 39, 92, 10, 255, 37])
    const strides = [
      stride(a, sh(`echo "$WORD"; cat; echo no >&2; : >${a}`, undefined, 10, 'typed\n')),
      stride(b, { write: b, content, mode: '0640' }, sh(`cp ${b} ${c}`)),
      stride(c, sh('false')),
    ]
    const { halt, told } = await send(strides)
    expect(halt).toBeUndefined()
    expect(told.filter(one => !/ (out|err) /.test(one))).toEqual([
      ...['0 begun', '0.0 0', '0 done', '1 begun', '1.0 0', '1.1 0', '1 done', '2 already 1'],
    ])
    expect(told.filter(one => / (out|err) /.test(one)).sort()).toEqual([
      ...['0 err no', "0 out it's", '0 out typed'],
    ])
    expect(readFileSync(b)).toEqual(content)
    expect(statSync(b).mode & 0o7777).toBe(0o640)
    expect((await send(strides)).told).toEqual(['0 already 1', '1 already 1', '2 already 1'])
  })

  test.each([
    ['a command that fails', (a: string) => stride(a, sh('echo oops >&2; exit 3')), 'deed', '1.0 3'],
    ['a goal that does not show', (a: string) => stride(a, sh('true')), 'goal', '1.0 0'],
    [
      'a command that takes too long',
      (a: string) => stride(a, sh('sleep 20', undefined, 1)),
      'deed',
      '1.0 late',
    ],
    [
      'a folder where a file shall go',
      (a: string) => stride(a, { write: folder, content: Buffer.from('x'), mode: '0600' }),
      'deed',
      '1.0 1',
    ],
  ] as const)('%s halts what follows', async (what, bad, at, last) => {
    const [a, b] = [path(`${what}-a`), path(`${what}-b`)].map(one => one.replaceAll(' ', '-'))
    const { halt, told } = await send([
      stride(`${String(a)}0`, sh(`: >${String(a)}0`)),
      bad(String(a)),
      stride(String(b), sh(`: >${String(b)}`)),
    ])
    expect(halt).toEqual({ stride: 1, at })
    expect(told).toContain(last)
    expect(told.some(one => one.startsWith('2'))).toBe(false)
    expect(existsSync(String(b))).toBe(false)
  })

  test('an answer that tells nothing, and a need that is not met, halt before anything is begun', async () => {
    const a = path('untold')
    const odd: Look = {
      line: { argv: ['sh', '-c', 'echo strange; exit 7'], env: {} },
      telling: { holds: '0|yes|', known: ['0|no|', ''] },
    }
    const doing = sh(`: >${a}`)
    const untold = await send([{ needs: [], goal: [odd], deeds: [doing] }])
    expect(untold).toEqual({ halt: { stride: 0, at: 'look' }, told: [] })
    const unmet = await send([{ needs: [there(path('nowhere'))], goal: [there(a)], deeds: [doing] }])
    expect(unmet).toEqual({ halt: { stride: 0, at: 'look' }, told: [] })
    expect(existsSync(a)).toBe(false)
  })

  test('a name that has run is answered again and not run again, here and as a job', async () => {
    const log = path('log')
    const job = newJob()
    const deed = sh(`echo once >>${log}; echo said`, job)
    await send([stride(path('never'), deed)])
    const { halt, told } = await send([stride(path('never'), deed)])
    expect(halt).toEqual({ stride: 0, at: 'goal' })
    expect(told).toEqual(['0 begun', '0 out said', '0.0 0'])
    const lines: string[] = []
    const exit = await session.exec(
      { argv: ['false'], env: {} },
      { job, timeoutMs: 5000, attachOnly: true, onLine: (_, text) => lines.push(text) },
    )
    expect(exit.code).toBe(0)
    expect(lines).toEqual(['said'])
    expect(readFileSync(log, 'utf8')).toBe('once\n')
  })

  test('a line that is lost in the middle: all of it comes about, each effect once', async () => {
    const log = path('lost')
    const strides = Array.from({ length: 6 }, (_, i) =>
      stride(path(`lost${i}`), sh(`echo ${i} >>${log}; sleep 0.05; : >${path(`lost${i}`)}`)),
    )
    const { tale, told } = listener()
    const losing: Tale = {
      ...tale,
      begun(at) {
        tale.begun(at)
        if (at === 2) link.lose()
      },
    }
    expect(await session.ahead?.({ strides, tale: losing })).toBeUndefined()
    expect(readFileSync(log, 'utf8')).toBe('0\n1\n2\n3\n4\n5\n')
    // What was told of before the loss is not told again.
    expect(told.filter(one => one === '0 done')).toHaveLength(1)
    for (let at = 0; at < 6; at++)
      expect(told.some(one => one === `${at} done` || one === `${at} already 1 lost`)).toBe(true)
  })

  test('a deed can be aborted like a job, and nobody says then how it ended', async () => {
    const a = path('aborted')
    const job = newJob()
    const beside = remoteSession(localLink(command), () => undefined)
    const { tale, told } = listener()
    let aborted: Promise<unknown> = Promise.resolve()
    const aborting: Tale = {
      ...tale,
      begun(at) {
        tale.begun(at)
        aborted = abortJob(beside, job, newJob(), { audit: { at: run }, words: 'me' })
      },
    }
    const halt = await session.ahead?.({ strides: [stride(a, sh('sleep 20', job, 25))], tale: aborting })
    expect(await aborted).toEqual({ state: 'aborted' })
    expect(halt).toEqual({ stride: 0, at: 'deed' })
    expect(told.filter(one => !one.includes('err'))).toEqual(['0 begun', '0.0 undefined'])
    const exit = await session.exec(
      { argv: ['false'], env: {} },
      { job, timeoutMs: 5000, attachOnly: true, onLine: () => undefined },
    )
    expect(exit).toMatchObject({ code: undefined, aborted: true })
    await beside.close()
  })

  test('a host that is somebody else’s begins nothing', async () => {
    const a = path('fenced')
    await expect(send([stride(a, sh(`: >${a}`))], { epoch: 999_999, nonce: 'abc' })).rejects.toThrow(Fenced)
    expect(existsSync(a)).toBe(false)
    // The fence was that message's alone.
    expect((await send([stride(a, sh(`: >${a}`))])).halt).toBeUndefined()
  })

  test('what the shell makes of patterns is what judge makes of them', async () => {
    const odd = path('odd*[name]?')
    writeFileSync(odd, '')
    const { halt, told } = await send([
      {
        needs: [],
        goal: [
          {
            line: { argv: ['printf', '%s|x\ny\n\n', odd], env: {} },
            telling: { holds: `0|${odd.replaceAll(/[*?[]/g, '[$&]')}|x\ny|`, known: ['', ''] },
          },
        ],
        deeds: [sh('false')],
      },
    ])
    expect({ halt, told }).toEqual({ halt: undefined, told: ['0 already 1'] })
  })
})
