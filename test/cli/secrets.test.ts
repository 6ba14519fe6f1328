import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSecrets, secretsIn } from '../../src/cli/secrets.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-secrets-'))
  const put = (name: string, text: string, mode: number): void => {
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), mode)
  }
  put('good', 'pass\nword\r\n', 0o600)
  put('read-only', 'x', 0o400)
  put('open', 'x', 0o644)
  put('group', 'x', 0o640)
  put('empty', '\n', 0o600)
})
afterAll(() => rmSync(folder, { recursive: true }))

const read = (...references: string[]) =>
  readSecrets(references, { env: { SET: 'value', EMPTY: '' }, folder })

describe('secretsIn', () => {
  it('finds every reference once, however deep', () => {
    expect(
      secretsIn([
        { a: { secret: 'env:B' }, b: [{ json: { secret: 'env:A' } }, { secret: 'env:B' }] },
        null,
        'env:C',
        undefined,
      ]),
    ).toEqual(['env:A', 'env:B'])
  })
})

describe('readSecrets', () => {
  it('reads variables and files, without the last line end', () => {
    const secret = read('env:SET', 'file:good')
    expect([secret('env:SET'), secret('file:good'), secret(`file:${join(folder, 'read-only')}`)]).toEqual([
      'value',
      'pass\nword',
      'x',
    ])
  })

  it('names all that are missing in one go, and what to do', () => {
    expect(() =>
      read(
        'env:SET',
        'env:NOT_SET',
        'env:EMPTY',
        'file:gone',
        'file:open',
        'file:group',
        'file:empty',
        'file:.',
        'vault:x',
      ),
    ).toThrow(
      expect.objectContaining({
        exit: 'unanswered',
        message: expect.stringMatching(
          /^8 secrets are missing\n.*NOT_SET is not set\n.*EMPTY is empty\n.*there is no file .*gone\n.*open is open to others \(mode 0644\); chmod 0600 it\n.*mode 0640.*\n.*empty is empty\n.*is no file\n.*neither env:NAME nor file:PATH, age:PATH, cmd:COMMAND or prompt:QUESTION$/s,
        ) as string,
      }) as Error,
    )
  })

  it('never says what a secret is', () => {
    try {
      read('env:SET', 'file:good', 'env:NOT_SET')
      expect.unreachable()
    } catch (error) {
      expect(String(error)).not.toMatch(/value|pass/)
    }
  })
})
