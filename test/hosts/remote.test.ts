import { expect, test } from 'vitest'
import type { Link } from '../../src/hosts/link.ts'
import { shellPool } from '../../src/hosts/pool.ts'
import { remoteSession } from '../../src/hosts/remote.ts'
import { type Shell, ShellLost } from '../../src/hosts/shell.ts'
import type { Call } from '../../src/hosts/wire.ts'

interface Script {
  readonly sent: (readonly Call[])[]
  readonly link: Link
}

/** A link whose shells answer from a list: the words of the end mark of each message's last call, 'late', or a loss. */
function scripted(answers: readonly (readonly string[] | 'late' | 'lost')[], greeted = true): Script {
  const sent: (readonly Call[])[] = []
  const left = [...answers]
  const shell: Shell = {
    ask(calls, wanted, sink, _limit, ends) {
      sent.push(calls)
      const answer = left.shift()
      if (answer === undefined) throw new Error('more was asked than there are answers')
      if (answer === 'lost') return Promise.reject(new ShellLost(true, ''))
      if (answer === 'late') return Promise.resolve('late')
      for (const id of wanted) {
        sink(id, 'out', Buffer.from('x'))
        ends.set(id, answer)
      }
      return Promise.resolve('done')
    },
    greeted: () => greeted,
    closed: () => false,
    close: () => undefined,
  }
  const pool = shellPool(() => Promise.resolve(shell))
  const link: Link = {
    connection: () => Promise.reject(new Error('none')),
    async use(task) {
      for (let tries = 0; ; tries++) {
        try {
          return await pool.use(found => task(found, pool, () => undefined))
        } catch (error) {
          if (!(error instanceof ShellLost) || tries > 3) throw error
        }
      }
    },
    close: () => undefined,
  }
  return { sent, link }
}

const line = { argv: ['work'], env: {} }
const kinds = (calls: readonly Call[] | undefined): string[] => (calls ?? []).map(({ call }) => call)
const session = (script: Script) => remoteSession(script.link, () => undefined)
const run = (script: Script, lines: string[] = []) =>
  session(script).exec(line, { job: 'j', timeoutMs: 5000, onLine: (_, text) => lines.push(text) })

test('a job that goes on is followed from where its output was, without being sent again', async () => {
  const script = scripted([['run'], ['run'], ['rc', '3']])
  expect(await run(script)).toEqual({ code: 3, stdout: 'xxx', stderr: '' })
  expect(script.sent.map(kinds)).toEqual([['job', 'follow'], ['follow'], ['follow']])
  expect(script.sent[2]?.[0]).toMatchObject({ out: 2, err: 0 })
})

test.each([
  [['wait'], undefined, 'the host knows no such command'],
  [['gone'], undefined, 'gone without an exit code'],
  [['rc', '3'], 3, ''],
] as const)('a job that may only be asked about is never begun: %j', async (answer, code, said) => {
  const script = scripted(['lost', answer])
  const exit = await session(script).exec(line, {
    job: 'j',
    attachOnly: true,
    timeoutMs: 5000,
    onLine: () => undefined,
  })
  expect(exit.code).toBe(code)
  expect(exit.stderr).toContain(said)
  expect(script.sent.map(kinds)).toEqual([['follow'], ['follow']])
})

test('as long as nobody knows whether the host heard, the whole message is sent again', async () => {
  const script = scripted(['lost', 'late', ['rc', '0']])
  expect((await run(script)).code).toBe(0)
  expect(script.sent.map(kinds)).toEqual([
    ['job', 'follow'],
    ['job', 'follow'],
    ['job', 'follow'],
  ])
})

test.each([
  [['late', '143'], 124, 'stopped after 5 s'],
  [['gone'], undefined, 'nobody knows how far it got'],
  [['none'], 126, 'was not started'],
] as const)('the state %s is exit %s', async (state, code, note) => {
  const lines: string[] = []
  const exit = await run(scripted([state]), lines)
  expect(exit.code).toBe(code)
  expect(exit.stderr).toContain(note)
  expect(lines.join('\n')).toContain(note)
})

test('a probe without an answer from a host that works is could-not-tell', async () => {
  const [exit] = await session(scripted(['late'])).probe([line], { timeoutMs: 1000 })
  expect(exit?.code).toBeUndefined()
  expect(exit?.stderr).toContain('not answered in time')
})

test('a host that never said a word could not be asked', async () => {
  const script = scripted(['late', 'late', 'late', 'late', 'late'], false)
  await expect(session(script).probe([line], { timeoutMs: 1000 })).rejects.toThrow(
    /did not start a shell: it did not answer/,
  )
})

test('no questions cost nothing; bad paths and modes are refused', async () => {
  const script = scripted([])
  expect(await session(script).probe([], { timeoutMs: 1 })).toEqual([])
  await expect(session(script).write('relative', Buffer.from(''), '0644')).rejects.toThrow(RangeError)
  await expect(session(script).write('/a', Buffer.from(''), '644x')).rejects.toThrow(RangeError)
  expect(script.sent).toEqual([])
})
