import { describe, expect, it } from 'vitest'
import { Unreachable } from '../../src/hosts/session.ts'
import type { Op, Step } from '../../src/plan/step.ts'
import type { Event } from '../../src/run/event.ts'
import type { StepRun } from '../../src/run/fold.ts'
import { join, upgrade } from '../toy.ts'
import { type Played, bad, effects, go, kinds, ok, planOf, scripted, setting, stopped } from './scripted.ts'

const up = { joined: true, version: '1', up: true }
const joinA = join('a', [])
const [joinOp] = joinA.run
const only = ({ run }: Played): StepRun => {
  const [state] = run.steps.values()
  if (!state) throw new Error('the plan has no step')
  return state
}
const lost = (host: string): Unreachable => new Unreachable(host, 'lost', `${host} is gone`, 'wait')
const withOps = (changes: Partial<Step>, ...run: readonly Op[]): Step => ({ ...joinA, ...changes, run })
const exec = (...argv: string[]): Op => ({ exec: { argv }, timeoutSeconds: 30 })
/** The events up to the first one of this kind, as a journal has them after a kill. */
const until = (events: readonly Event[], kind: Event['kind']): readonly Event[] =>
  events.slice(0, events.findIndex(event => event.kind === kind) + 1)

describe('before anything is done', () => {
  it('does nothing when the goal could not be told, says why, and gives up in bounded time', async () => {
    const a = scripted({ show: () => undefined })
    const played = await go(planOf(joinA), setting({ a }))
    expect(effects(a)).toEqual([])
    expect(only(played)).toMatchObject({ state: 'failed', attempt: 0, touched: false })
    expect(only(played).failure).toMatchObject({
      why: 'unobservable',
      host: 'a',
      detail:
        'could not tell whether web.member@a is {"joined":true,"up":true}: the question ended with 7 (curl: (7) refused)',
    })
  })

  it('does nothing when a part of the goal could not be told', async () => {
    const a = scripted({ show: () => null })
    const b = scripted({ show: () => undefined })
    const both = withOps({ goal: [...joinA.goal, ...join('b', []).goal] }, exec('x'))
    const played = await go(planOf(both, join('b', [both.id])), setting({ a, b }))
    expect([...effects(a), ...effects(b)]).toEqual([])
    expect(only(played).failure).toMatchObject({ why: 'unobservable', host: 'b' })
  })

  it('waits for a host that cannot tell just yet', async () => {
    let asked = 0
    const a = scripted({ show: () => (++asked < 3 ? undefined : up) })
    expect(only(await go(planOf(joinA), setting({ a })))).toMatchObject({ state: 'done', how: 'already' })
    expect(effects(a)).toEqual([])
  })

  it('does nothing when the host cannot be reached, nor when a host it asks cannot', async () => {
    const a = scripted()
    const b = scripted({
      connect: () => {
        throw lost('b')
      },
    })
    const step = withOps({ requires: [{ fact: 'web.member', host: 'b', is: up }] }, exec('x'))
    const played = await go(planOf(step, join('b', [step.id])), setting({ a, b }))
    expect(effects(a)).toEqual([])
    expect(only(played)).toMatchObject({
      state: 'failed',
      failure: { why: 'unreachable', host: 'b', help: 'wait' },
    })
  })

  it.each(['auth', 'sudo', 'hostkey'] as const)(
    'does not try again for half a minute when %s is refused',
    async reason => {
      const a = scripted({
        connect: () => {
          throw new Unreachable('a', reason, 'no', 'look')
        },
      })
      expect(only(await go(planOf(joinA), setting({ a }))).failure).toMatchObject({
        why: 'unreachable',
        detail: 'no',
      })
      expect(a.calls).toEqual(['connect'])
    },
  )

  it('asks what it requires just before, and not from what was read at the start', async () => {
    const a = scripted({ show: () => ({ joined: false, up: false }) })
    const played = await go(planOf(joinA), setting({ a }), { seen: { a: null } })
    expect(effects(a)).toEqual([])
    expect(only(played).failure).toMatchObject({
      why: 'diverged',
      seen: { joined: false, up: false },
      check: { is: null },
    })
  })

  it('sees that somebody else was faster', async () => {
    const a = scripted({ show: () => up })
    expect(only(await go(planOf(joinA), setting({ a }), { seen: { a: null } }))).toMatchObject({
      how: 'already',
    })
    expect(effects(a)).toEqual([])
  })

  it('asks again what an earlier step on the host may have changed', async () => {
    const a = scripted({ show: () => ({ ...up, version: '2' }) })
    a.exec = ({ argv }) => {
      a.show = () => ({ ...up, version: argv[1] === 'upgrade' ? '2' : '1' })
      return ok()
    }
    const downgrade = withOps({ id: 'web.down@a', goal: [], requires: [] }, exec('web', 'down'))
    const plan = planOf(downgrade, upgrade('a', ['web.down@a']))
    const { run } = await go(plan, setting({ a }), { seen: { a: { ...up, version: '2' } } })
    expect(run.steps.get('web.upgrade@a')).toMatchObject({ state: 'done', how: 'changed' })
    expect(effects(a)).toHaveLength(3)
  })

  it('asks nobody when what was read at the start says that all is done', async () => {
    const a = scripted()
    expect(only(await go(planOf(joinA), setting({ a }), { seen: { a: up } }))).toMatchObject({
      how: 'already',
    })
    expect(a.calls).toEqual([])
  })

  it('refuses a secret in argv: every user of the host could read it', async () => {
    const a = scripted()
    const step = withOps(
      {},
      { exec: { argv: ['web', { join: ['--pw=', { secret: 'env:PW' }] }] }, timeoutSeconds: 1 },
    )
    await expect(go(planOf(step), setting({ a }))).rejects.toThrow('a secret may not stand in argv')
    expect(effects(a)).toEqual([])
  })

  it.each([
    ['secret', { secret: 'env:PW' }],
    ['file', { file: 'ca.pem', sha256: 'x' }],
  ] as const)('stops when a %s of the controller cannot be had', async (_, stdin) => {
    const a = scripted()
    const gone = (): never => {
      throw new Error('PW is not set')
    }
    const step = withOps({}, { exec: { argv: ['web'], stdin }, timeoutSeconds: 1 })
    const played = await go(planOf(step), setting({ a }, { secret: gone, file: gone }))
    expect(effects(a)).toEqual([])
    expect(only(played)).toMatchObject({
      state: 'failed',
      failure: { why: 'interrupted', detail: 'PW is not set' },
    })
    expect(played.run.outcome).toBe('failed')
  })

  it('stops when a late value could not be told', async () => {
    const a = scripted({ token: () => bad(1) })
    const played = await go(planOf(joinA), setting({ a }))
    expect(effects(a)).toEqual([])
    expect(only(played)).toMatchObject({
      state: 'failed',
      failure: { why: 'unobservable', detail: "web.token on a gave no value for 'token'" },
    })
  })
})

describe('an op that ends badly', () => {
  it('keeps the code and the last 15 lines, masked', async () => {
    const a = scripted({
      exec: (_, { onLine }) => {
        for (let i = 0; i < 40; i++) onLine(i % 2 ? 'out' : 'err', `line ${i} tok-12345-secret`)
        return bad(3)
      },
    })
    const played = await go(planOf(joinA), setting({ a }))
    expect(only(played)).toMatchObject({
      state: 'failed',
      failure: { why: 'exit', op: 0, code: 3, shown: 'web join <<< fact://web.token@a/token' },
    })
    const { failure } = only(played)
    expect(failure?.why === 'exit' && failure.lastLines).toHaveLength(15)
    expect(failure?.why === 'exit' && failure.lastLines.at(-1)).toBe('line 39 ‹masked›')
    expect(JSON.stringify(played.events)).not.toContain('tok-12345')
  })

  it('runs no later op, and starts anew under another name when resumed', async () => {
    const a = scripted({ exec: ({ argv }) => (argv[1] === 'two' ? bad(1) : ok()) })
    const plan = planOf(withOps({}, exec('web', 'one'), exec('web', 'two'), exec('web', 'three')))
    const stage = setting({ a })
    const first = await go(plan, stage)
    expect(effects(a)).toEqual(['exec R.web.join@a.1.0', 'exec R.web.join@a.1.1'])
    await go(plan, stage, { past: first.events })
    expect(effects(a).slice(2)).toEqual(['exec R.web.join@a.2.0', 'exec R.web.join@a.2.1'])
  })

  it('takes a line that says so for a failure although the code is 0, and does not call the op ended', async () => {
    const a = scripted({
      show: () => up,
      exec: (_, { onLine }) => {
        for (const line of ['INFO fine', 'FATA it broke', 'INFO done']) onLine('err', line)
        return ok()
      },
    })
    const step = withOps(
      { goal: [], requires: [] },
      { exec: { argv: ['web'] }, timeoutSeconds: 1, failsOn: '^FATA' },
    )
    const played = await go(planOf(step), setting({ a }))
    expect(only(played)).toMatchObject({
      state: 'failed',
      failure: {
        why: 'fatal-line',
        line: 'FATA it broke',
        lastLines: ['INFO fine', 'FATA it broke', 'INFO done'],
      },
    })
    expect(kinds(played.events)).not.toContain('op-ended')
    // Killed between the output and the failure: the resume must come to the same answer.
    const again = await go(planOf(step), setting({ a }), { past: until(played.events, 'output') })
    expect(only(again).failure).toMatchObject({ why: 'fatal-line' })
    expect(effects(a)).toEqual(['exec R.web.join@a.1.0', 'attach R.web.join@a.1.0'])
  })

  it('looks at every line by itself', async () => {
    const a = scripted({
      exec: (_, { onLine }) => {
        onLine('out', 'no FATA here')
        return bad(9)
      },
    })
    const step = withOps({}, { exec: { argv: ['web'] }, timeoutSeconds: 1, failsOn: '^FATA' })
    expect(only(await go(planOf(step), setting({ a }))).failure).toMatchObject({ why: 'exit', code: 9 })
  })

  it('is over when it is over: a line that comes later is nobody’s', async () => {
    const a = scripted({ show: () => up })
    a.show = () => null
    a.exec = (_, { onLine }) => {
      setImmediate(() => {
        onLine('out', 'too late')
      })
      a.show = () => up
      return ok()
    }
    const played = await go(planOf(joinA, { ...joinA, id: 'again', needs: [joinA.id] }), setting({ a }))
    expect(played.run.outcome).toBe('done')
    expect(kinds(played.events)).not.toContain('output')
  })

  it('says what the disk said when a file could not be written', async () => {
    const a = scripted({ show: () => up, write: () => bad(1, 'No space left on device\n') })
    expect(only(await go(planOf(upgrade('a', [])), setting({ a }))).failure).toMatchObject({
      why: 'exit',
      op: 0,
      shown: 'write /etc/web.conf (mode 0644)',
      lastLines: ['No space left on device'],
    })
    expect(effects(a)).toEqual(['write /etc/web.conf'])
  })

  it('fails when all went well and the goal does not show, with what was seen instead', async () => {
    const a = scripted({ show: () => null })
    const played = await go(planOf(joinA), setting({ a }))
    expect(only(played).failure).toMatchObject({ why: 'goal-not-met', seen: null, afterSeconds: 60 })
    expect(played.events.filter(event => event.kind === 'waiting')).toHaveLength(1)
  })

  it('fails when the goal cannot be told afterwards, and is in doubt', async () => {
    let ran = false
    const a = scripted({
      show: () => (ran ? undefined : null),
      exec: () => {
        ran = true
        return ok()
      },
    })
    expect(only(await go(planOf(joinA), setting({ a })))).toMatchObject({
      state: 'in-doubt',
      failure: { why: 'unobservable', detail: expect.stringContaining('curl: (7) refused') as string },
    })
  })
})

describe('an op whose end nobody saw', () => {
  it('does not count as done when no goal can show it', async () => {
    const a = scripted({ exec: () => bad(undefined, 'the link died\n') })
    const step = withOps({ goal: [], requires: [], inDoubt: 'ask' }, exec('one'), exec('two'))
    expect(only(await go(planOf(step), setting({ a })))).toMatchObject({
      state: 'in-doubt',
      failure: { why: 'in-doubt', op: 0, detail: 'the link died' },
    })
    expect(effects(a)).toEqual(['exec R.web.join@a.1.0'])
  })

  it('is repeated under a new name where that is allowed, a bounded number of times', async () => {
    const a = scripted({ exec: () => bad(undefined) })
    const step = withOps({ goal: [], requires: [] }, exec('one'))
    expect(only(await go(planOf(step), setting({ a })))).toMatchObject({ state: 'in-doubt', attempt: 2 })
    expect(effects(a)).toEqual(['exec R.web.join@a.1.0', 'exec R.web.join@a.2.0'])
  })

  it('gives the effect its full time, and takes the goal for the answer', async () => {
    let shownAtMs = Number.POSITIVE_INFINITY
    const stage = setting({ a: scripted() })
    const { a } = stage.hosts
    if (!a) throw new Error('no host')
    a.show = () => (stage.world.clock.now() >= shownAtMs ? up : null)
    a.exec = () => {
      shownAtMs = stage.world.clock.now() + 50_000
      return bad(undefined)
    }
    expect(only(await go(planOf(joinA), stage))).toMatchObject({ state: 'done', how: 'changed', attempt: 1 })
    expect(effects(a)).toEqual(['exec R.web.join@a.1.0'])
  })

  it('asks again what the step requires before it repeats', async () => {
    let ran = false
    const a = scripted({
      show: () => (ran ? { joined: true, up: false } : null),
      exec: () => {
        ran = true
        return bad(undefined)
      },
    })
    expect(only(await go(planOf(joinA), setting({ a }))).failure).toMatchObject({
      why: 'diverged',
      check: { is: null },
    })
    expect(effects(a)).toHaveLength(1)
  })

  it('is in doubt when the host is gone in the middle', async () => {
    const a = scripted({
      exec: () => {
        throw lost('a')
      },
    })
    expect(only(await go(planOf(joinA), setting({ a })))).toMatchObject({
      state: 'in-doubt',
      open: 0,
      failure: { why: 'unreachable' },
    })
  })

  it('is in doubt when its time limit struck: what it started may go on', async () => {
    const a = scripted({ exec: () => stopped })
    expect(only(await go(planOf(joinA), setting({ a })))).toMatchObject({
      state: 'in-doubt',
      open: 0,
      failure: { why: 'timeout', afterSeconds: 30 },
    })
  })

  it('failed when the command itself ended with 124, as timeout(1) does', async () => {
    const a = scripted({ exec: () => bad(124) })
    expect(only(await go(planOf(joinA), setting({ a })))).toMatchObject({
      state: 'failed',
      failure: { why: 'exit', code: 124 },
    })
  })
})

describe('a resume', () => {
  const killed = async (step: Step, at: Event['kind']): Promise<readonly Event[]> =>
    until((await go(planOf(step), setting({ a: scripted() }))).events, at)

  it('asks the host what became of the job, under the same name, and does not begin it', async () => {
    let ran = false
    const a = scripted({
      show: () => (ran ? up : null),
      exec: () => {
        ran = true
        return ok()
      },
    })
    const played = await go(planOf(joinA), setting({ a }), { past: await killed(joinA, 'op-started') })
    expect(only(played)).toMatchObject({ state: 'done', how: 'changed', attempt: 1 })
    expect(effects(a)).toEqual(['attach R.web.join@a.1.0'])
  })

  it.each(['op-started', 'step-failed'] as const)(
    'of a step that must not be repeated stops when the host does not know the job (killed after %s)',
    async at => {
      const step: Step = { ...joinA, inDoubt: 'ask' }
      const first = await go(planOf(step), setting({ a: scripted({ exec: () => bad(undefined) }) }))
      const a = scripted({ exec: (_, { attachOnly }) => (attachOnly ? bad(undefined, 'no such job') : ok()) })
      const stage = setting({ a })
      const startedMs = stage.world.clock.now()
      const played = await go(planOf(step), stage, { past: until(first.events, at) })
      expect(only(played)).toMatchObject({
        state: 'in-doubt',
        failure: { why: 'in-doubt', detail: 'no such job' },
      })
      expect(effects(a)).toEqual(['attach R.web.join@a.1.0'])
      expect(stage.world.clock.now() - startedMs).toBeGreaterThanOrEqual(60_000)
      // And again: it stays in doubt for as long as nobody has looked.
      expect(only(await go(planOf(step), stage, { past: played.events })).state).toBe('in-doubt')
      expect(effects(a)).toEqual(['attach R.web.join@a.1.0', 'attach R.web.join@a.1.0'])
    },
  )

  it('of a step that may be repeated gives the goal its full time first', async () => {
    const stage = setting({ a: scripted() })
    const { a } = stage.hosts
    if (!a) throw new Error('no host')
    const startedMs = stage.world.clock.now()
    let ranAtMs = 0
    a.show = () => (ranAtMs > 0 ? up : null)
    a.exec = (_, { attachOnly }) => {
      if (attachOnly) return bad(undefined)
      ranAtMs = stage.world.clock.now()
      return ok()
    }
    const played = await go(planOf(joinA), stage, { past: await killed(joinA, 'op-started') })
    expect(only(played)).toMatchObject({ state: 'done', attempt: 2 })
    expect(effects(a)).toEqual(['attach R.web.join@a.1.0', 'exec R.web.join@a.2.0'])
    expect(ranAtMs - startedMs).toBeGreaterThanOrEqual(60_000)
  })

  it('goes on after the ops that ended, and asks no requirement that they may have ended', async () => {
    const step = upgrade('a', [])
    const first = await go(planOf(step), setting({ a: scripted({ show: () => up }) }))
    const stage = setting({ a: scripted() })
    const { a } = stage.hosts
    if (!a) throw new Error('no host')
    a.show = () => ({ joined: false })
    a.exec = () => {
      a.show = () => ({ ...up, version: '2' })
      return ok()
    }
    expect(only(await go(planOf(step), stage, { past: until(first.events, 'op-ended') }))).toMatchObject({
      state: 'done',
      attempt: 1,
    })
    expect(effects(a)).toEqual(['exec R.web.upgrade@a.1.1'])
  })

  it('writes a file again when nobody knows whether it was', async () => {
    const step = upgrade('a', [])
    const first = await go(planOf(step), setting({ a: scripted({ show: () => up }) }))
    const a = scripted({ show: () => up })
    await go(planOf(step), setting({ a }), { past: until(first.events, 'op-started') })
    expect(effects(a)).toEqual(['write /etc/web.conf', 'exec R.web.upgrade@a.1.1'])
  })

  it('does not say "already" of what it did itself', async () => {
    const a = scripted({ show: () => up })
    expect(
      only(await go(planOf(joinA), setting({ a }), { past: await killed(joinA, 'op-started') })),
    ).toMatchObject({ how: 'changed' })
    expect(
      only(await go(planOf(joinA), setting({ a }), { past: await killed(joinA, 'step-started') })),
    ).toMatchObject({ how: 'already' })
    const failed = await go(planOf(joinA), setting({ a: scripted({ exec: () => bad(1) }) }))
    expect(only(await go(planOf(joinA), setting({ a }), { past: failed.events }))).toMatchObject({
      how: 'changed',
    })
    expect(effects(a)).toEqual([])
  })

  it('takes a job that its time limit stopped for one nobody saw the end of', async () => {
    const first = await go(planOf(joinA), setting({ a: scripted({ exec: () => stopped }) }))
    const a = scripted({ exec: () => stopped })
    const stage = setting({ a })
    const second = await go(planOf(joinA), stage, { past: first.events })
    expect(effects(a)).toEqual(['attach R.web.join@a.1.0', 'exec R.web.join@a.2.0'])
    expect(only(second)).toMatchObject({ state: 'in-doubt', failure: { why: 'timeout' } })
  })

  it('does nothing when the goal of a step in doubt cannot be told', async () => {
    const a = scripted({ show: () => undefined })
    const played = await go(planOf(joinA), setting({ a }), { past: await killed(joinA, 'op-started') })
    expect(only(played)).toMatchObject({ state: 'in-doubt', open: 0, failure: { why: 'unobservable' } })
    expect(effects(a)).toEqual([])
  })
})

describe('a question to a person', () => {
  const asking = withOps({}, { ask: 'is the site dead?', answer: true }, joinOp ?? exec('x'))

  it('stops the step when nobody answers', async () => {
    const a = scripted()
    expect(only(await go(planOf(asking), setting({ a })))).toMatchObject({
      state: 'failed',
      failure: { why: 'interrupted', detail: 'nobody is there', help: 'resume where somebody can answer' },
    })
    expect(effects(a)).toEqual([])
  })

  it('stops the step when the answer is no, and is asked again on resume', async () => {
    const a = scripted()
    const no = setting({ a }, { ask: () => Promise.resolve({ by: 'jo', answer: false }) })
    const first = await go(planOf(asking), no)
    expect(only(first)).toMatchObject({
      state: 'failed',
      failure: { why: 'interrupted', detail: 'jo said no to: is the site dead?' },
    })
    const killedThere = await go(planOf(asking), no, { past: until(first.events, 'answered') })
    expect(only(killedThere).state).toBe('failed')
    expect(effects(a)).toEqual([])
  })

  it('is not asked again when it was answered, but what the step requires is', async () => {
    const asked: string[] = []
    const stage = setting(
      { a: scripted({ exec: () => bad(1) }) },
      {
        ask: question => {
          asked.push(question)
          return Promise.resolve({ by: 'jo', answer: true })
        },
      },
    )
    const first = await go(planOf(asking), stage)
    expect(first.events.find(event => event.kind === 'answered')).toMatchObject({
      op: 0,
      by: 'jo',
      answer: true,
    })
    await go(planOf(asking), stage, { past: until(first.events, 'answered') })
    expect(asked).toEqual(['is the site dead?'])
    const a = scripted({ show: () => ({ joined: false }) })
    const moved = await go(planOf(asking), setting({ a }), { past: until(first.events, 'answered') })
    expect(only(moved).failure).toMatchObject({ why: 'diverged' })
  })
})

describe('waiting in the middle', () => {
  it('ends when its time is over, and runs nothing after it', async () => {
    const a = scripted()
    const step = withOps(
      {},
      { await: [{ fact: 'web.member', host: 'a', is: up }], withinSeconds: 20 },
      exec('x'),
    )
    expect(only(await go(planOf(step), setting({ a }))).failure).toMatchObject({
      why: 'goal-not-met',
      afterSeconds: 20,
    })
    expect(effects(a)).toEqual([])
  })
})
