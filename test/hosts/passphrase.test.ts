import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sshOptions } from '../../src/cli/sshOptions.ts'
import { Unreachable } from '../../src/hosts/session.ts'
import { connectSsh } from '../../src/hosts/ssh.ts'
import type { Host } from '../../src/plan/step.ts'
import { type Sshd, noSshd, startSshd } from './sshd.ts'

if (noSshd !== undefined) process.stdout.write(`test/hosts/passphrase.test.ts is skipped: ${noSshd}\n`)

let sshd: Sshd
let keys = ''
beforeAll(async () => {
  if (noSshd !== undefined) return
  sshd = await startSshd()
  keys = join(sshd.folder, '.ssh')
  mkdirSync(keys)
  const locked = join(keys, 'id_ed25519')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '4', '-N', 'open sesame', '-f', locked])
  writeFileSync(join(sshd.folder, 'authorized_keys'), readFileSync(`${locked}.pub`), { flag: 'a' })
})
afterAll(() => {
  if (noSshd === undefined) sshd.stop()
})

/** Logs in twice with the keys in the home folder; answers whose passphrases were asked for. */
async function logIn(answer: string | undefined): Promise<string[]> {
  const { identityFile: _, ...host } = sshd.host
  const asked: string[] = []
  const connect = connectSsh({
    ...sshd.options,
    agent: false,
    home: sshd.folder,
    passphrase: file => {
      asked.push(file)
      return Promise.resolve(answer)
    },
  })
  for (const name of ['one', 'two']) await (await connect({ ...host, name })).close()
  return asked
}

test.skipIf(noSshd !== undefined)(
  'a passphrase is asked for once, and only when nothing else lets us in',
  async () => {
    expect(await logIn('open sesame')).toEqual(['~/.ssh/id_ed25519'])
    renameSync(join(sshd.folder, 'client'), join(keys, 'id_ecdsa'))
    expect(await logIn('open sesame')).toEqual([])
    renameSync(join(keys, 'id_ecdsa'), join(sshd.folder, 'client'))
  },
)

test.skipIf(noSshd !== undefined)('a wrong one, or none, is a refused login that names the key', async () => {
  for (const [answer, words] of [
    ['wrong', 'the passphrase does not fit'],
    [undefined, 'no passphrase was given'],
  ] as const) {
    const error: unknown = await logIn(answer).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Unreachable)
    expect(error).toMatchObject({ reason: 'auth' })
    expect(String(error)).toContain(`~/.ssh/id_ed25519: `)
    expect(String(error)).toContain(words)
  }
})

test('it comes by the reference of the playbook; without one and without a person there is none', async () => {
  const hosts: { readonly [name: string]: Host } = {}
  const io = { interactive: false, env: {} }
  const secret = (reference: string): string => `value of ${reference}`
  const spec = { connectTimeoutSeconds: 1 }
  const named = sshOptions(hosts, { ...spec, passphrase: { secret: 'env:P' } }, secret, io)
  expect(await named.passphrase?.('key')).toBe('value of env:P')
  expect(await sshOptions(hosts, spec, secret, io).passphrase?.('key')).toBeUndefined()
})
