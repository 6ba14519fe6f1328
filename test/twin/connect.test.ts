import { describe, expect, it } from 'vitest'
import type { ExecOptions, Line, Session } from '../../src/hosts/session.ts'
import { Unreachable } from '../../src/hosts/session.ts'
import { type VirtualClock, virtualClock } from '../../src/twin/clock.ts'
import { type TwinOptions, connectTwin } from '../../src/twin/connect.ts'
import type { Estate, Model } from '../../src/twin/estate.ts'
import { toyEstate, toyHost } from '../toy.ts'

const line = (...argv: string[]): Line => ({ argv, env: {} })
const options = (job: string, rest: Partial<ExecOptions> = {}): ExecOptions => ({
  job,
  timeoutMs: 60_000,
  onLine: () => undefined,
  ...rest,
})
const probing = { timeoutMs: 30_000 }
/** `count` counts its runs; `slow MS` takes so long and counts at its end; `peek` changes what it should only look at. */
const model: Model = (asked, host, estate) => {
  const state = estate.hosts[host]?.state as { count?: number }
  const add = (): number => (state.count = (state.count ?? 0) + 1)
  switch (asked.argv[0]) {
    case 'count':
      return { code: 0, stdout: `${add()}\nand more`, stderr: 'and errors' }
    case 'show':
      return { code: 0, stdout: String(state.count ?? 0), stderr: '' }
    case 'peek':
      estate.shared['peeked'] = true
      return { code: 0, stdout: '', stderr: '' }
    case 'slow':
      return {
        tookMs: Number(asked.argv[1]),
        finish: () => ({ code: 0, stdout: String(add()), stderr: '' }),
      }
    default:
      return undefined
  }
}
interface Stage {
  readonly estate: Estate
  readonly clock: VirtualClock
  readonly session: Session
}
async function stage(twin: TwinOptions = {}): Promise<Stage> {
  const estate = toyEstate(['a'])
  const clock = virtualClock(estate.clockMs)
  return { estate, clock, session: await connectTwin(estate, [model], clock, twin)(toyHost('a')) }
}
const count = ({ estate }: Stage): unknown => estate.hosts['a']?.state['count']

describe('a command', () => {
  it('that no model knows is refused, so that no play grows one that rehearsals do not cover', async () => {
    const { session } = await stage()
    expect(await session.exec(line('reboot', '-f'), options('j'))).toMatchObject({
      code: 127,
      stderr: 'reboot: not modelled: reboot -f',
    })
    expect((await session.probe([line('reboot')], probing))[0]?.code).toBe(127)
  })
  it('runs once under its name and answers again with what it said', async () => {
    const one = await stage()
    const lines: string[] = []
    const onLine = (stream: string, text: string): void => void lines.push(`${stream}: ${text}`)
    const first = await one.session.exec(line('count'), options('j', { onLine }))
    expect(await one.session.exec(line('count'), options('j', { onLine }))).toEqual(first)
    expect(count(one)).toBe(1)
    expect(lines).toEqual([
      'out: 1',
      'out: and more',
      'err: and errors',
      'out: 1',
      'out: and more',
      'err: and errors',
    ])
    await one.session.exec(line('count'), options('another'))
    expect(count(one)).toBe(2)
  })
  it('that runs is attached to', async () => {
    const one = await stage()
    const [a, b] = await Promise.all([
      one.session.exec(line('slow', '5000'), options('j')),
      one.session.exec(line('slow', '5000'), options('j')),
    ])
    expect(a).toEqual(b)
    expect(count(one)).toBe(1)
  })
  it('goes on when nobody waits for it', async () => {
    const one = await stage()
    void one.session.exec(line('slow', '5000'), options('j'))
    await one.clock.sleep(6000)
    expect(count(one)).toBe(1)
    expect(await one.session.exec(line('slow', '5000'), options('j', { attachOnly: true }))).toMatchObject({
      code: 0,
      stdout: '1',
    })
  })
  it.each([{}, { forgetJobs: true }])('that may only be attached to is never begun (%j)', async twin => {
    const one = await stage(twin)
    expect(await one.session.exec(line('count'), options('j', { attachOnly: true }))).toMatchObject({
      code: undefined,
    })
    expect(count(one)).toBeUndefined()
  })
  it('is forgotten by a host without memory', async () => {
    const one = await stage({ forgetJobs: true })
    await one.session.exec(line('count'), options('j'))
    expect(await one.session.exec(line('count'), options('j', { attachOnly: true }))).toMatchObject({
      code: undefined,
    })
    await one.session.exec(line('count'), options('j'))
    expect(count(one)).toBe(2)
  })
  it('is stopped at its time limit, half done', async () => {
    const one = await stage()
    const startedMs = one.clock.now()
    expect(await one.session.exec(line('slow', '90000'), options('j'))).toMatchObject({
      code: 124,
      timedOut: true,
    })
    expect(one.clock.now() - startedMs).toBe(60_000)
    await one.clock.sleep(60_000)
    expect(count(one)).toBeUndefined()
  })
})

describe('a question', () => {
  it('that changes the estate is found out', async () => {
    const { session } = await stage({ guardProbes: true })
    await expect(session.probe([line('show'), line('peek')], probing)).rejects.toThrow(
      'a probe changed the estate: peek',
    )
  })
  it('is not blamed for a command that ends beside it', async () => {
    const one = await stage({ guardProbes: true })
    const running = one.session.exec(line('slow', '10'), options('j'))
    const [, exit] = await Promise.all([running, one.session.probe([line('show'), line('show')], probing)])
    expect(exit.map(({ stdout }) => stdout)).toEqual(['0', '0'])
  })
  it('that takes too long was not answered', async () => {
    const { session } = await stage()
    expect((await session.probe([line('slow', '40000')], probing))[0]).toMatchObject({ code: undefined })
  })
  it('is answered in the order of the questions', async () => {
    const one = await stage()
    await one.session.exec(line('count'), options('j'))
    const exits = await one.session.probe([line('show'), line('nothing'), line('show')], probing)
    expect(exits.map(({ code }) => code)).toEqual([0, 127, 0])
  })
})

describe('a host that is down', () => {
  it('neither answers nor lets anybody in', async () => {
    const one = await stage()
    const host = one.estate.hosts['a']
    if (host) host.up = false
    const all = [
      one.session.probe([line('show')], probing),
      one.session.exec(line('count'), options('j')),
      one.session.write('/x', new Uint8Array(), '0600'),
      connectTwin(one.estate, [model], one.clock)(toyHost('a')),
      connectTwin(one.estate, [model], one.clock)(toyHost('unknown')),
    ]
    for (const one of await Promise.allSettled(all)) {
      expect(one.status === 'rejected' && one.reason).toBeInstanceOf(Unreachable)
    }
    expect(count(one)).toBeUndefined()
    expect(host?.files).toEqual({})
  })
})

it('a file is put in place with its mode', async () => {
  const { session, estate } = await stage()
  await session.write('/etc/x', Buffer.from('héllo\n'), '0600')
  expect(estate.hosts['a']?.files).toEqual({ '/etc/x': { content: 'héllo\n', mode: '0600' } })
})
