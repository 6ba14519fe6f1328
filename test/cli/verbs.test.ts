import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Io } from '../../src/cli/io.ts'
import { loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { type Pretence, pretend } from '../../src/cli/pretend.ts'
import { apply, type ApplyArgs } from '../../src/cli/verbs/apply.ts'
import { explain } from '../../src/cli/verbs/explain.ts'
import { inspect } from '../../src/cli/verbs/inspect.ts'
import { plan } from '../../src/cli/verbs/plan.ts'
import { planDiff } from '../../src/cli/verbs/planDiff.ts'
import { resume } from '../../src/cli/verbs/resume.ts'
import { show } from '../../src/cli/verbs/show.ts'
import { status } from '../../src/cli/verbs/status.ts'
import type { Connect } from '../../src/hosts/session.ts'
import { normal } from '../../src/twin/rehearse.ts'
import { heard } from './heard.ts'

/** One story on one pretend cluster, over real SSH: each test goes on where the one before ended. */

const file = 'minimal.yml'
const password = 'canary-Pa55-phrase'
let folder = ''
let out = ''
let err = ''
let answers: string[] = []
let cluster: Pretence
/** Called for each effect, with its words. Throws or answers an exit code to make it fail. */
let onExec: (words: string) => number | undefined = () => undefined

const spoil =
  (connect: Connect): Connect =>
  async host => {
    const session = await connect(host)
    return {
      ...session,
      exec(line, options) {
        const code = onExec(line.argv.join(' '))
        if (code === undefined) return session.exec(line, options)
        options.onLine('err', 'FATA[0001] spoilt\u001B[31m')
        return Promise.resolve({ code, stdout: '', stderr: 'FATA[0001] spoilt\n' })
      },
    }
  }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-verbs-'))
  cpSync(join(packageRoot(), 'playbooks'), folder, { recursive: true })
  const io = heard(folder, {
    out: text => void (out += text),
    err: text => void (err += text),
    interactive: true,
    env: { UCP_ADMIN_PASSWORD: password },
    question: text => {
      err += text
      return Promise.resolve(answers.shift() ?? '')
    },
  }).io
  cluster = await pretend((await loadGood(file, io)).topology, io, { faster: 2000, spoil })
})
afterAll(async () => {
  await cluster.close()
  rmSync(folder, { recursive: true })
})

async function run(
  verb: (io: Io) => Promise<number> | number,
  given: readonly string[] = [],
): Promise<{ code: number; out: string; err: string }> {
  out = ''
  err = ''
  answers = [...given]
  const code = await verb(cluster.io)
  return { code, out, err }
}

const planArgs = { file, format: 'text' as const, offline: false, detailedExitcode: true }
const applyArgs: ApplyArgs = {
  file,
  dryRun: false,
  yes: false,
  output: 'plain',
  parallel: 4,
  runsDir: 'runs',
}
const runArgs = { output: 'plain' as const, parallel: 4, runsDir: 'runs' }

describe('on bare hosts', () => {
  it('plan shows the same bytes twice and changes nothing', async () => {
    const before = normal(cluster.estate)
    const first = await run(io => plan({ ...planArgs, format: 'json', out: 'saved.json' }, io))
    const second = await run(io => plan({ ...planArgs, format: 'json' }, io))
    expect(first).toMatchObject({ code: 2, err: 'next: runbook apply saved.json\n' })
    expect(second.out).toBe(first.out)
    expect(normal(cluster.estate)).toBe(before)
  })

  it('apply --dry-run lists commands, asks nothing, changes nothing', async () => {
    const before = normal(cluster.estate)
    const seen = await run(io => apply({ ...applyArgs, dryRun: true }, io))
    expect(seen.code).toBe(0)
    expect(seen.out).toMatch(/steps? to run[^]*docker\/ucp:3\.2\.6[^]*docker\/dtr:2\.7\.6/)
    expect(normal(cluster.estate)).toBe(before)
    expect(readdirSync(folder)).not.toContain('runs')
  })

  it('apply does nothing without a yes', async () => {
    const before = normal(cluster.estate)
    await expect(run(io => apply(applyArgs, io), ['n'])).rejects.toMatchObject({ exit: 'unanswered' })
    expect(normal(cluster.estate)).toBe(before)
  })

  it('apply names a missing secret before anything is done', async () => {
    const before = normal(cluster.estate)
    await expect(run(io => apply({ ...applyArgs, yes: true }, { ...io, env: {} }))).rejects.toMatchObject({
      exit: 'unanswered',
      message: expect.stringContaining('UCP_ADMIN_PASSWORD is not set') as string,
    })
    expect(normal(cluster.estate)).toBe(before)
  })
})

describe('on the way', () => {
  it('apply stops at a failure, says why and whether the cluster is safe', async () => {
    onExec = words => (/dtr:\S+ install/.test(words) ? 1 : undefined)
    const seen = await run(io => apply({ ...applyArgs, yes: true, plan: 'saved.json' }, io))
    onExec = () => undefined
    expect(seen.code).toBe(15)
    expect(seen.out).toMatch(
      /exit code 1 on [^]*\| FATA\[0001\] spoilt\n[^]*Is the cluster safe\? yes[^]*next: runbook resume \S+-minimal\n$/,
    )
  })

  it('Ctrl-C lets what runs end, and the run can be gone on with', async () => {
    let stopped = false
    onExec = words => {
      if (!stopped && /dtr:\S+ install/.test(words)) {
        stopped = true
        process.emit('SIGINT', 'SIGINT')
      }
      return undefined
    }
    const listeners = process.listenerCount('SIGINT')
    const seen = await run(io => resume(runArgs, io))
    onExec = () => undefined
    expect(seen.code).toBe(130)
    expect(seen.err).toContain('Ctrl-C: stops when what runs now has ended')
    expect(seen.out).toMatch(/stopped, [^]*next: runbook resume/)
    expect(process.listenerCount('SIGINT')).toBe(listeners)
  })

  it('resume goes on with the newest run to its end', async () => {
    const seen = await run(io => resume({ ...runArgs, output: 'json' }, io))
    expect(seen.code).toBe(0)
    const kinds = seen.out
      .trimEnd()
      .split('\n')
      .map(line => (JSON.parse(line) as { kind: string }).kind)
    expect([kinds[0], kinds.at(-1)]).toEqual(['run-started', 'run-ended'])
    expect(seen.err).toMatch(/: done, /)
    expect((await run(io => resume(runArgs, io))).out).toMatch(/is done already/)
  })

  it('no secret is in any file of the run', () => {
    for (const id of readdirSync(join(folder, 'runs'))) {
      for (const name of readdirSync(join(folder, 'runs', id))) {
        const text = readFileSync(join(folder, 'runs', id, name), 'utf8')
        expect(text).not.toContain(password)
        expect(text).not.toContain(Buffer.from(password).toString('base64').replace(/=+$/, ''))
      }
    }
  })
})

describe('on what was built', () => {
  it('a second apply asks nothing and changes nothing', async () => {
    const before = normal(cluster.estate)
    const seen = await run(io => apply(applyArgs, io))
    expect(seen.code).toBe(0)
    expect(seen.out).toMatch(/no changes, all \d+ steps already hold[^]*done, 0 changes/)
    expect(normal(cluster.estate)).toBe(before)
  })

  it('plan has nothing left to do', async () => {
    expect(await run(io => plan(planArgs, io))).toMatchObject({
      code: 0,
      err: `next: runbook status ${file}\n`,
    })
  })

  it('a stale plan is refused with what moved on which host, before anything is done', async () => {
    const before = normal(cluster.estate)
    for (const args of [{ plan: 'saved.json' }, { file: 'saved.json' }]) {
      await expect(run(io => apply({ ...applyArgs, yes: true, ...args }, io))).rejects.toMatchObject({
        exit: 'stale',
        message: expect.stringMatching(/moved since: d1, m1\n {2}\S+@d1.* was .*, is /) as string,
      })
    }
    expect(normal(cluster.estate)).toBe(before)
  })

  it('--replan shows the difference and asks, whatever --yes says', async () => {
    const before = normal(cluster.estate)
    const args = { ...applyArgs, file: 'saved.json', yes: true, replan: true }
    await expect(run(io => apply(args, io), ['no'])).rejects.toMatchObject({ exit: 'unanswered' })
    expect(out).toMatch(/moved since: d1, m1/)
    expect(normal(cluster.estate)).toBe(before)
  })

  it('a tampered plan is refused before any host is asked', async () => {
    const text = readFileSync(join(folder, 'saved.json'), 'utf8').replace(
      'docker/ucp:3.2.6',
      'evil/ucp:3.2.6',
    )
    writeFileSync(join(folder, 'evil.json'), text)
    const nobody = { ...cluster.io, detour: undefined }
    await expect(
      apply({ ...applyArgs, file: 'evil.json', yes: true }, nobody as unknown as Io),
    ).rejects.toMatchObject({
      exit: 'refused',
    })
  })

  it('inspect writes what plan --offline --from plans from, without a host', async () => {
    expect((await run(io => inspect({ file, out: 'snapshot.json' }, io))).code).toBe(0)
    const text = readFileSync(join(folder, 'snapshot.json'), 'utf8')
    expect(text).not.toContain(password)
    expect(text).not.toContain('SWMTKN')
    const away: Partial<Io> = { env: {} }
    const args = { ...planArgs, offline: true, from: 'snapshot.json', out: 'from.json' }
    const seen = await run(io => plan(args, { ...io, ...away }))
    expect(seen.out).toMatch(/no changes, all \d+ steps already hold\n[^]*as seen /)
    expect(seen.code).toBe(0)
    await run(io => plan({ ...planArgs, out: 'now.json' }, io))
    await run(io =>
      planDiff({ before: 'from.json', after: 'now.json', format: 'text', detailedExitcode: true }, io),
    )
    expect(out).toMatch(/^the same plan/)
  })

  it('show draws a saved plan as plan did', async () => {
    const drawn = (await run(io => plan({ ...planArgs, out: 'now.json' }, io))).out
    expect((await run(io => show({ plan: 'now.json', format: 'text' }, io))).out).toBe(drawn)
  })

  it('apply of a saved plan does exactly it', async () => {
    await run(io => plan({ ...planArgs, out: 'now.json' }, io))
    const seen = await run(io => apply({ ...applyArgs, file: 'now.json', yes: true }, io))
    expect(seen).toMatchObject({ code: 0 })
    expect(seen.out).toMatch(/Plan fidelity 0\/0\n/)
  })

  it('status says that all is well', async () => {
    expect((await run(io => status({ file, json: false }, io))).out).toMatch(/^minimal: ok\n/)
    expect(JSON.parse((await run(io => status({ file, json: true }, io))).out)).toMatchObject({
      state: 'ok',
      unreachable: {},
    })
  })

  it('a host that is down is named, with exit 11', async () => {
    const [name] = Object.keys(cluster.estate.hosts)
    const host = cluster.estate.hosts[name ?? '']
    if (host === undefined) throw new Error('the playbook has no host')
    host.up = false
    await expect(run(io => plan(planArgs, io))).rejects.toMatchObject({
      exit: 'unreachable',
      message: expect.stringContaining(name ?? '') as string,
    })
    const seen = await run(io => status({ file, json: false }, io))
    host.up = true
    expect(seen.code).toBe(11)
    expect(seen.out).toMatch(/^minimal: unknown\n[^]*Could not be asked/)
  }, 60_000)
})

describe('explain', () => {
  it.each([
    ['rb0312', /^RB0312 \(error\): /],
    ['dtr.join', /^dtr\.join: [^]*Runs\n[^]*Done when\n/],
    ['docker.swarm', /^docker\.swarm: a question put to a host/],
  ])('%s', async (what, page) => expect((await run(io => explain({ what }, io))).out).toMatch(page))

  it('knows what was meant', async () => {
    await expect(run(io => explain({ what: 'dtr.jion' }, io))).rejects.toMatchObject({
      exit: 'usage',
      help: "did you mean 'dtr.join'?",
    })
  })
})
