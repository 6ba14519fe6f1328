import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Session } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import type { Host } from '../../src/plan/step.ts'
import { type Lab, labDown, labUp } from './harness.ts'
import { whyNoLab } from './machine.ts'

const reason = await whyNoLab()
if (reason !== undefined) console.warn(`skipped: this machine cannot carry a lab: ${reason}`)

const run = `lab-${randomBytes(4).toString('hex')}`
const sh = (script: string, ...args: string[]) => ({ argv: ['sh', '-c', script, 'sh', ...args], env: {} })

describe.skipIf(reason !== undefined)('jobs under a real systemd', { timeout: 90_000 }, () => {
  let lab: Lab
  let host: Host
  const open = (): Promise<Session> =>
    connectSsh({
      knownHostsFiles: [lab.knownHostsPath],
      hostKeys: 'strict',
      connectTimeoutSeconds: 10,
      host: () => undefined,
      secret: () => '',
    })(host)
  const ask = async (session: Session, script: string): Promise<string> =>
    (await session.probe([sh(script)], { timeoutMs: 15_000 }))[0]?.stdout.trim() ?? ''
  const unit = (name: string): string => `runbook-${run}.${name}.scope`
  const begin = (session: Session, name: string, script: string, timeoutMs = 60_000) => {
    const lines: string[] = []
    const exit = session.exec(
      { ...sh(script), stdin: 'from stdin', env: { TOKEN: 'a-canary-value' } },
      { job: `${run}.${name}`, timeoutMs, onLine: (_, text) => lines.push(text) },
    )
    const said = async (text: string): Promise<void> => {
      for (let tries = 0; tries < 300 && !lines.includes(text); tries++)
        await new Promise(resolve => setTimeout(resolve, 50))
      expect(lines).toContain(text)
    }
    return { exit, said }
  }

  beforeAll(async () => {
    await labDown()
    lab = await labUp({ hosts: ['m1'], images: false })
    const { address } = lab.hosts[0] ?? { address: '' }
    host = { name: 'm1', address, port: 22, user: 'root', roles: [], identityFile: lab.keyPath, sudo: 'no' }
  }, 600_000)
  afterAll(labDown)

  test('a job is a unit named for it, gets its input and environment, and neither is in what systemd shows', async () => {
    const session = await open()
    const job = begin(session, 'web.join@m1.1.0', 'cat; echo; echo "$TOKEN"; echo up; sleep 2; exit 4')
    await job.said('up')
    const name = unit('web.join:m1.1.0')
    expect(await ask(session, `systemctl is-active ${name}`)).toBe('active')
    expect(
      await ask(
        session,
        `cat /proc/$(cut -d' ' -f1 /var/lib/runbook/jobs/${run}.web.join@m1.1.0/pid)/cgroup`,
      ),
    ).toContain(name)
    expect(await ask(session, `systemctl show ${name}; ps axww -o args`)).not.toContain('a-canary-value')
    expect(await job.exit).toEqual({ code: 4, stdout: 'from stdin\na-canary-value\nup\n', stderr: '' })
    expect(await ask(session, `sleep 0.5; systemctl is-active ${name}`)).toBe('inactive')
    await session.close()
  })

  test('it outlives a stop of sshd with all its sessions, is attached to again, and is begun once', async () => {
    const session = await open()
    const file = `/root/${run}`
    const job = begin(session, 'long', `echo x >>${file}; echo up; sleep 6; echo down`)
    await job.said('up')
    // Whoever stops sshd has to be out of its reach.
    const stop =
      'systemctl kill -s KILL ssh.service; systemctl stop "session-*.scope"; systemctl reset-failed ssh; systemctl restart ssh'
    await lab.host('m1').enter(['sh', '-c', stop])
    expect(await job.exit).toEqual({ code: 0, stdout: 'up\ndown\n', stderr: '' })
    const again = begin(await open(), 'long', `echo x >>${file}`)
    expect(await again.exit).toEqual({ code: 0, stdout: 'up\ndown\n', stderr: '' })
    expect(await ask(session, `cat ${file}; rm ${file}`)).toBe('x')
    await session.close()
  })

  test('two controllers at once begin it once', async () => {
    const file = `/root/${run}-race`
    const first = await open()
    const sessions = [first, await open(), await open()]
    const jobs = sessions.map(session => begin(session, 'race', `echo x >>${file}; sleep 1`))
    for (const job of jobs) expect((await job.exit).code).toBe(0)
    expect(await ask(first, `cat ${file}; rm ${file}`)).toBe('x')
    for (const session of sessions) await session.close()
  })

  test('the time limit ends the whole unit, also what left its group and ignores TERM', async () => {
    const session = await open()
    const file = `/root/${run}-stray`
    const stray = `setsid sh -c "trap '' TERM; echo \\$\\$ >${file}; while :; do sleep 1; done" & echo up; sleep 300`
    const job = begin(session, 'late', stray, 2000)
    const exit = await job.exit
    expect(exit.timedOut).toBe(true)
    expect(
      await ask(session, `sleep 5; [ -s ${file} ] && ! [ -e /proc/$(cat ${file}) ] && echo gone; rm ${file}`),
    ).toBe('gone')
    await session.close()
  })

  test('a supervisor that was killed leaves an unknown exit, never a success', async () => {
    const session = await open()
    const job = begin(session, 'killed', 'echo up; sleep 300')
    await job.said('up')
    await ask(session, `systemctl kill -s KILL ${unit('killed')}`)
    expect((await job.exit).code).toBeUndefined()
    await session.close()
  })
})
