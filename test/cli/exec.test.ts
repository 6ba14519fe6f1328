import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exec, type ExecArgs } from '../../src/cli/verbs/exec.ts'
import { lock } from '../../src/cli/verbs/lock.ts'
import { type Standing, standing } from './standing.ts'

/** Over real SSH, on a pretend cluster. */

let cluster: Standing
const args: ExecArgs = {
  where: 'all',
  '--': ['docker', 'ps'],
  playbook: 'minimal.yml',
  write: false,
  yes: false,
  json: false,
}
const audit = (host: string): readonly { readonly [name: string]: unknown }[] =>
  (cluster.estate.hosts[host]?.custody?.audit ?? []).map(
    line => JSON.parse(line) as { readonly [name: string]: unknown },
  )

beforeAll(async () => {
  cluster = await standing('minimal')
})
afterAll(() => cluster.close())

describe('exec', () => {
  it('shows what each host says, and leaves a line in its audit log', async () => {
    const said = await cluster.run(io =>
      exec({ ...args, '--': ['docker', 'ps', '--format', '{{.Names}}'] }, io),
    )
    expect(said.code).toBe(0)
    expect(said.out).toMatch(/^d1 \| dtr-[^]*^m1 \| ucp-/m)
    expect(audit('d1').at(-1)).toMatchObject({
      did: 'looked',
      name: 'minimal',
      code: 0,
      command: "docker ps --format '{{.Names}}'",
    })
    expect(audit('m1')).toHaveLength(1)
    expect(cluster.estate.hosts['m1']?.custody?.leases).toEqual([])
  })

  it('takes roles and hosts, and ends with the worst exit code', async () => {
    const one = await cluster.run(io =>
      exec({ ...args, where: 'dtr', '--': ['docker', 'node', 'ls'], json: true }, io),
    )
    expect(one.code).toBe(1)
    expect(JSON.parse(one.out)).toMatchObject({
      format: 'runbook.exec/1',
      hosts: {
        d1: { code: 1, stdout: '', stderr: expect.stringContaining('not a swarm manager') as string },
      },
    })
    const both = await cluster.run(io =>
      exec({ ...args, where: 'dtr,m1', '--': ['docker', 'node', 'ls'] }, io),
    )
    expect(both.code).toBe(1)
    expect(both.err).toMatch(/^d1 ! exit code 1$/m)
    const none = await cluster.run(io => exec({ ...args, where: 'd1', '--': ['no-such-tool'] }, io))
    expect(none.code).toBe(127)
  })

  it('with --write asks, holds the hosts, and lets go of them', async () => {
    const change = { ...args, where: 'm1', write: true, '--': ['install', '-d', '-m', '0755', '/srv/x'] }
    await expect(cluster.run(io => exec(change, io))).rejects.toMatchObject({
      exit: 'usage',
      help: 'add --yes',
    })
    await expect(cluster.run(io => exec(change, io), ['n'])).rejects.toMatchObject({ exit: 'unanswered' })
    const said = await cluster.run(io => exec(change, io), ['y'])
    expect(said.code).toBe(0)
    expect(cluster.estate.hosts['m1']?.files['/srv/x/']).toBeDefined()
    expect(audit('m1').at(-1)).toMatchObject({ did: 'changed', command: 'install -d -m 0755 /srv/x' })
    expect(cluster.estate.hosts['m1']?.custody?.leases.at(-1)?.ended).toBeDefined()
  })

  it('with --write keeps off hosts that somebody else holds; a look does not mind', async () => {
    await cluster.run(io => lock({ what: 'freeze', file: 'minimal.yml', reason: 'a test', json: false }, io))
    const change = { ...args, where: 'm1', write: true, yes: true }
    await expect(cluster.run(io => exec(change, io))).rejects.toMatchObject({ exit: 'locked' })
    expect((await cluster.run(io => exec({ ...args, where: 'm1' }, io))).code).toBe(0)
    await cluster.run(io => lock({ what: 'release', file: 'minimal.yml', json: false }, io))
  })

  it('refuses a secret in the command, a word that is nobody, and no command at all', async () => {
    const secret = await new Promise<string>(resolve => {
      void cluster.run(io => {
        resolve(io.env['UCP_ADMIN_PASSWORD'] ?? '')
        return 0
      })
    })
    await expect(cluster.run(io => exec({ ...args, '--': ['echo', secret] }, io))).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringContaining('a secret stands in the command') as string,
    })
    await expect(cluster.run(io => exec({ ...args, where: 'dtrr' }, io))).rejects.toMatchObject({
      exit: 'usage',
      help: 'did you mean dtr?',
    })
    await expect(cluster.run(io => exec({ ...args, '--': [] }, io))).rejects.toMatchObject({ exit: 'usage' })
  })

  it('says of a host that cannot be asked that it could not, and ends with 11', async () => {
    const host = cluster.estate.hosts['d1']
    if (host) host.up = false
    const said = await cluster.run(io => exec(args, io))
    if (host) host.up = true
    expect(said.code).toBe(11)
    expect(said.err).toMatch(/^d1 ! could not be asked: /m)
    expect(said.out).toMatch(/^m1 \| /m)
  })
})
