import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { init, type InitArgs } from '../../src/cli/verbs/init.ts'
import { plan } from '../../src/cli/verbs/plan.ts'
import { status } from '../../src/cli/verbs/status.ts'
import { normal } from '../../src/twin/rehearse.ts'
import { type Standing, standing } from './standing.ts'

/** Over real SSH: what init writes is a playbook that plan, status and editors take. */

let cluster: Standing
const args: InitArgs = {
  from: 'ssh://root@198.51.100.11',
  out: 'found.yml',
  name: 'minimal',
  force: false,
  adminUsername: 'admin',
  adminPassword: 'env:UCP_ADMIN_PASSWORD',
}

beforeAll(async () => {
  cluster = await standing('minimal')
})
afterAll(() => cluster.close())

it('writes a playbook whose plan is empty, and changes nothing', async () => {
  for (const host of Object.values(cluster.estate.hosts)) host.custody ??= { leases: [], audit: [], kept: {} }
  const before = normal(cluster.estate)
  const said = await cluster.run(io => init(args, io))
  expect(said.out).toMatch(
    /^found\.yml: 2 hosts, 1 thing to look at\n {2}TODO loadBalancer: [^]*its plan is empty/,
  )
  expect(said.err).toBe('next: runbook status found.yml\n')
  expect(said.code).toBe(0)
  expect(normal(cluster.estate) === before).toBe(true)
  const text = readFileSync(join(cluster.folder, 'found.yml'), 'utf8')
  expect(text).toMatch(
    /^# yaml-language-server: \$schema=\.runbook\/playbook\.schema\.json\n# Read from ssh:\/\/root@198\.51\.100\.11 /,
  )
  expect(existsSync(join(cluster.folder, '.runbook/playbook.schema.json'))).toBe(true)
  const planned = await cluster.run(io =>
    plan({ file: 'found.yml', format: 'text', offline: false, detailedExitcode: true }, io),
  )
  expect(planned.code).toBe(0)
  const seen = await cluster.run(io => status({ file: 'found.yml', json: false }, io))
  expect(seen.out).toMatch(/^minimal: ok\n[^]*Drift: none/)
  expect(seen.code).toBe(0)
})

it('logs in with a password of an age file as well', async () => {
  const identity = await generateX25519Identity()
  const encrypter = new Encrypter()
  encrypter.addRecipient(await identityToRecipient(identity))
  const { folder } = cluster
  writeFileSync(join(folder, 'mine.txt'), identity, { mode: 0o600 })
  const said = await cluster.run(async io => {
    const password = io.env['UCP_ADMIN_PASSWORD'] ?? ''
    writeFileSync(join(folder, 'admin.age'), await encrypter.encrypt(password))
    const env = { RUNBOOK_AGE_IDENTITIES: join(folder, 'mine.txt') }
    return init({ ...args, out: 'sealed.yml', adminPassword: 'age:admin.age' }, { ...io, env })
  })
  expect(said.out).toMatch(/its plan is empty/)
})

it('never writes over a file without a word', async () => {
  const path = join(cluster.folder, 'mine.yml')
  writeFileSync(path, 'mine\n')
  await expect(cluster.run(io => init({ ...args, out: 'mine.yml' }, io))).rejects.toMatchObject({
    exit: 'usage',
    message: 'mine.yml is there already',
  })
  expect(readFileSync(path, 'utf8')).toBe('mine\n')
  await cluster.run(io => init({ ...args, out: 'mine.yml', force: true }, io))
  expect(statSync(path).size).toBeGreaterThan(500)
})

it('writes down where the host keys are, when it was told', async () => {
  await cluster.run(io => init({ ...args, out: 'keys.yml', knownHosts: 'ssh/known_hosts' }, io))
  expect(readFileSync(join(cluster.folder, 'keys.yml'), 'utf8')).toMatch(
    /^ssh:\n(?: {2}.*\n)* {2}knownHosts: \[ssh\/known_hosts\]$/m,
  )
})

it.each([
  ['m1', /ssh:\/\/USER@MANAGER/],
  ['ssh://-oProxyCommand=x', /is no place/],
  ['ssh://root@m1:99999', /is no place/],
])('refuses --from %s', async (from, message) => {
  const refused = cluster.run(io => init({ ...args, from, out: 'other.yml' }, io))
  await expect(refused).rejects.toMatchObject({ exit: 'usage' })
  await refused.catch((error: unknown) => {
    const { message: said, help = '' } = error as { message: string; help?: string }
    expect(`${said} ${help}`).toMatch(message)
  })
})

it('takes no password on the command line', async () => {
  await expect(
    cluster.run(io => init({ ...args, out: 'other.yml', adminPassword: 'hunter22' }, io)),
  ).rejects.toMatchObject({ exit: 'usage', message: expect.not.stringContaining('hunter22') as string })
})
