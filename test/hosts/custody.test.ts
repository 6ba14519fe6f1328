import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type LeaseAct, type LeaseSeen, parseLease, showLease } from '../../src/hosts/custody.ts'
import { PRELUDE } from '../../src/hosts/prelude.ts'
import { scanner } from '../../src/hosts/scan.ts'
import { type Call, encode } from '../../src/hosts/wire.ts'
import { actOnLease } from '../../src/twin/custody.ts'
import type { Custody } from '../../src/twin/estate.ts'
import { SHELLS } from './localShell.ts'

const root = mkdtempSync(join(tmpdir(), 'runbook-custody-'))
let home = ''
let count = 0
beforeEach(() => {
  home = join(root, String(++count))
})
afterAll(() => rmSync(root, { recursive: true }))

/** The host's half with its folders elsewhere: answers by id, as text, and the words of each end mark. */
function ask(
  command: readonly string[],
  calls: readonly Call[],
): Promise<{ out: Map<number, string>; ends: Map<number, string> }> {
  const nonce = '00112233445566778899aabbccddeeff'
  const script = PRELUDE.replaceAll('/var/lib/runbook', join(home, 'lib')).replaceAll(
    '/var/log/runbook',
    join(home, 'log'),
  )
  const [file = 'sh', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { PATH: process.env['PATH'] ?? '', HOME: home } })
    const scan = scanner(nonce)
    const out = new Map<number, string>()
    const ends = new Map<number, string>()
    let current = -1
    child.stdout.on('data', (chunk: Buffer) => {
      for (const piece of scan(chunk)) {
        if ('bytes' in piece)
          out.set(current, (out.get(current) ?? '') + Buffer.from(piece.bytes).toString('latin1'))
        else if (piece.mark[0] === 'b') current = Number(piece.mark[1])
        else if (piece.mark[0] === 'e') ends.set(Number(piece.mark[1]), piece.mark.slice(2).join(' '))
      }
    })
    child.stderr.resume()
    child.on('error', reject)
    child.on('close', () => resolve({ out, ends }))
    child.stdin.end(script + encode({ call: 'hello', nonce }) + calls.map(encode).join(''))
  })
}

const take = (nonce: string, over?: number): LeaseAct => ({
  verb: 'take',
  nonce,
  record: JSON.stringify({ who: nonce }),
  audit: JSON.stringify({ began: nonce }),
  ...(over !== undefined && { over }),
})
const job = (id: number, name: string, touch: string): Call => ({
  call: 'job',
  id,
  name: `custody-${String(process.pid)}-${name}`,
  seconds: 10,
  line: { argv: ['touch', touch], env: {} },
})
const follow = (id: number, name: string): Call => ({
  call: 'follow',
  id,
  name: `custody-${String(process.pid)}-${name}`,
  out: 0,
  err: 0,
  delays: [0.05, 0.1, 0.2, 0.5, 1],
})

describe.each(SHELLS)('under %s', (_, command) => {
  const lease = async (...acts: readonly LeaseAct[]): Promise<LeaseSeen[]> => {
    const { out } = await ask(
      command,
      acts.map((act, id) => ({ call: 'lease', id, act })),
    )
    return acts.map((_, id) => parseLease(out.get(id) ?? ''))
  }

  test('of ten that reach for a lease at once, one has it', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `n${String(i)}`)
    const seen = await Promise.all(names.map(name => lease(take(name))))
    const holders = new Set(seen.map(([one]) => `${String(one?.epoch)} ${one?.nonce ?? ''}`))
    expect([...holders]).toHaveLength(1)
    expect([...holders][0]).toMatch(/^1 n\d$/)
    expect(readFileSync(join(home, 'log/audit.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1)
  }, 30_000)

  test('nobody takes a lease that is held, over another epoch than the newest, or ends one that is not theirs', async () => {
    const seen = await lease(take('a'), take('b'), take('b', 7), {
      verb: 'end',
      epoch: 9,
      record: '{}',
      audit: '',
    })
    expect(seen.map(one => [one.epoch, one.nonce, one.ended])).toEqual(Array(4).fill([1, 'a', undefined]))
  })

  test('it is free again when it has ended, and ends once', async () => {
    const end = (record: string): LeaseAct => ({ verb: 'end', epoch: 1, record, audit: `"${record}"` })
    const began = performance.now()
    const seen = await lease(take('a'), end('1'), end('2'), take('b'))
    const elapsedSeconds = (performance.now() - began) / 1000
    expect(seen[1]).toMatchObject({ epoch: 1, record: '{"who":"a"}', ended: '1' })
    expect(seen[2]?.ended).toBe('1')
    expect(seen[3]).toMatchObject({ epoch: 2, nonce: 'b' })
    // The host counts whole seconds, so a lease just taken is one old as soon as a second turns over.
    expect(seen[3]?.ageSeconds).toBeGreaterThanOrEqual(0)
    expect(seen[3]?.ageSeconds).toBeLessThanOrEqual(Math.ceil(elapsedSeconds))
    expect(readFileSync(join(home, 'log/audit.jsonl'), 'utf8')).toBe('{"began":"a"}\n"1"\n{"began":"b"}\n')
  })

  test('its age is told by the host since it came up, and a reboot is told apart', async () => {
    await lease(take('a'))
    const beat = join(home, 'lib/lease/1.beat')
    const [up = '', boot = ''] = readFileSync(beat, 'utf8').trim().split(' ')
    writeFileSync(beat, `${String(Number(up) - 500)} ${boot}\n`)
    expect((await lease({ verb: 'look' }))[0]?.ageSeconds).toBeGreaterThanOrEqual(500)
    expect((await lease({ verb: 'beat', epoch: 1 }))[0]?.ageSeconds).toBeLessThan(5)
    writeFileSync(beat, `${up} another-boot\n`)
    expect((await lease({ verb: 'look' }))[0]?.ageSeconds).toBeUndefined()
  })

  test('a job and a file are begun under the newest lease only; what has begun is still told', async () => {
    await lease(take('a'))
    const old: Call = { call: 'fence', epoch: 1, nonce: 'a' }
    const path = join(home, 'file')
    const write: Call[] = [
      { call: 'open', id: 5, path, mode: '0644' },
      { call: 'data', bytes: Buffer.from('x') },
      { call: 'close', id: 6, size: 1 },
    ]
    const first = await ask(command, [old, job(0, 'one', join(home, 'one')), follow(1, 'one'), old, ...write])
    expect([first.ends.get(1), first.ends.get(6), existsSync(join(home, 'one'))]).toEqual(['rc 0', '0', true])
    rmSync(path)
    await lease(take('b', 1))
    const late = await ask(command, [
      old,
      job(0, 'two', join(home, 'two')),
      follow(1, 'two'),
      old,
      job(2, 'one', join(home, 'again')),
      follow(3, 'one'),
      old,
      ...write,
      { call: 'fence', epoch: 2, nonce: 'stolen' },
      job(7, 'three', join(home, 'three')),
      follow(8, 'three'),
    ])
    expect(late.ends.get(1)).toBe('fenced')
    expect(late.ends.get(3)).toBe('rc 0')
    expect(late.ends.get(6)).toBe('97')
    expect(late.ends.get(8)).toBe('fenced')
    for (const name of ['two', 'again', 'three', 'file']) expect(existsSync(join(home, name))).toBe(false)
  }, 30_000)

  test('what is kept is appended at its place only, and read back in pieces', async () => {
    const put = (id: number, offset: number, text: string): Call => ({
      call: 'keep',
      id,
      act: { verb: 'put', path: 'r-1/journal.jsonl', offset, bytes: Buffer.from(text, 'latin1') },
    })
    const { out, ends } = await ask(command, [
      put(0, 0, 'first\0\xff\n'),
      put(1, 0, 'again'),
      put(2, 8, 'second'),
      { call: 'keep', id: 3, act: { verb: 'get', path: 'r-1/journal.jsonl', offset: 4 } },
      { call: 'keep', id: 4, act: { verb: 'get', path: 'r-2/journal.jsonl', offset: 0 } },
      {
        call: 'keep',
        id: 5,
        act: { verb: 'put', path: 'r-1/plan.json', offset: 0, bytes: Buffer.from('{}') },
      },
      { call: 'keep', id: 6, act: { verb: 'list' } },
      { call: 'audit', id: 7, lines: 5 },
    ])
    expect([0, 1, 2].map(id => out.get(id))).toEqual(['8\n', '8\n', '14\n'])
    expect(out.get(3)).toBe('t\0\xff\nsecond')
    expect(ends.get(4)).toBe('1')
    expect(out.get(6)).toBe('r-1\n')
    expect(ends.get(7)).toBe('0')
  })

  test('the twin says the same as the host', async () => {
    const acts: LeaseAct[] = [
      { verb: 'look' },
      take('a'),
      take('b'),
      { verb: 'beat', epoch: 1 },
      { verb: 'beat', epoch: 2 },
      take('b', 1),
      { verb: 'end', epoch: 1, record: 'x', audit: '' },
      { verb: 'end', epoch: 2, record: 'y', audit: '' },
      take('c', 2),
    ]
    const custody: Custody = { leases: [], audit: [], kept: {} }
    const ageless = (seen: LeaseSeen): object => ({ ...seen, ageSeconds: 0 })
    expect((await lease(...acts)).map(ageless)).toEqual(acts.map(act => ageless(actOnLease(custody, act, 9))))
  })
})

test('what a host says about a lease is read back, or refused', () => {
  const seen = { epoch: 3, nonce: 'n', ageSeconds: 4, record: '{"a":1}', ended: '{}' }
  expect(parseLease(showLease(seen))).toEqual(seen)
  expect(() => parseLease('bash: not found\n')).toThrow(SyntaxError)
})

test.each(['../x/plan.json', 'r/../plan.json', '/etc/passwd', 'r/plan', ''])(
  'keeps nothing under %j',
  path => {
    expect(() => encode({ call: 'keep', id: 0, act: { verb: 'get', path, offset: 0 } })).toThrow(RangeError)
  },
)
