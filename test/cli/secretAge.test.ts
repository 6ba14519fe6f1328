import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { armor, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchSecrets } from '../../src/cli/secrets.ts'

let folder = ''
let env: NodeJS.ProcessEnv = {}

const put = (name: string, text: string | Uint8Array, mode = 0o600): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}
const sealed = async (text: string, ...recipients: readonly string[]): Promise<Uint8Array> => {
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return encrypter.encrypt(text)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-age-'))
  const [mine, colleague, stranger] = [
    await generateX25519Identity(),
    await generateX25519Identity(),
    await generateX25519Identity(),
  ]
  const [me, they, other] = [
    await identityToRecipient(mine),
    await identityToRecipient(colleague),
    await identityToRecipient(stranger),
  ]
  put('mine.txt', `# created: today\n${mine}\n`)
  put('open.txt', mine, 0o644)
  put('none.txt', '# nothing\n')
  put('both.age', await sealed('Pa55-phrase\n', me, they), 0o644)
  put('armored.age', armor.encode(await sealed('two\nlines\n', me)))
  put('others.age', await sealed('not for you', other))
  put('empty.age', await sealed('\n', me))
  put('broken.age', 'age-encryption.org/v1\nnonsense')
  const whole = await sealed('Pa55-phrase', me)
  put('cut.age', whole.subarray(0, whole.length - 5))
  env = { RUNBOOK_AGE_IDENTITIES: join(folder, 'mine.txt') }
})
afterAll(() => rmSync(folder, { recursive: true }))

const read = (reference: string, more: NodeJS.ProcessEnv = {}) =>
  fetchSecrets([reference], { env: { ...env, ...more }, folder })

describe('age:', () => {
  it('opens a file encrypted to several recipients with the identity of one', async () => {
    expect((await read('age:both.age'))('age:both.age')).toBe('Pa55-phrase')
  })
  it('opens an armored one, and takes the last line end away only', async () => {
    expect((await read('age:armored.age'))('age:armored.age')).toBe('two\nlines')
  })
  it.each([
    ['others.age', /none of the identities is one of its recipients/],
    ['empty.age', /holds nothing/],
    ['broken.age', /cannot be decrypted/],
    ['cut.age', /cannot be decrypted/],
    ['missing.age', /there is no file/],
  ])('%s: says why not, with exit 19, and nothing of what is in it', async (name, why) => {
    const ended = read(`age:${name}`)
    await expect(ended).rejects.toMatchObject({
      exit: 'unanswered',
      message: expect.stringMatching(why) as string,
    })
    await expect(ended).rejects.not.toThrow('Pa55')
  })
  it.each([
    ['open.txt', /open to others \(mode 0644\)/],
    ['none.txt', /there is no identity/],
    ['missing.txt', /cannot be read \(ENOENT\)/],
  ])('identities in %s are refused', async (name, why) => {
    await expect(read('age:both.age', { RUNBOOK_AGE_IDENTITIES: join(folder, name) })).rejects.toMatchObject({
      message: expect.stringMatching(why) as string,
    })
  })
  it('looks in the configuration folder where nothing is named', async () => {
    await expect(
      read('age:both.age', { RUNBOOK_AGE_IDENTITIES: '', XDG_CONFIG_HOME: '/nowhere' }),
    ).rejects.toThrow('/nowhere/runbook/identities.txt')
  })
})
