import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSecretCommand, readSecretPrompt, splitWords } from '../../src/cli/secretCommand.ts'

let folder = ''
const program = (name: string, script: string): void => {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, name), 0o755)
}
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-secret-command-'))
  program('pass', 'printf "%s\\n" "got:$1:$2"')
  program('op', 'echo half-of-it; echo "not signed in" >&2; exit 6')
  program('vault', ':')
  program('mine', 'pwd')
})
afterAll(() => rmSync(folder, { recursive: true }))

const read = (text: string, more: NodeJS.ProcessEnv = {}) =>
  readSecretCommand(text, { folder, env: { PATH: `${folder}:/usr/bin:/bin`, ...more } })

describe('cmd:', () => {
  it('runs a password manager without a shell', () => {
    expect(read(`pass 'a b' $(id);x`)).toEqual({ value: 'got:a b:$(id);x' })
  })
  it.each(['sh -c id', './pass x', '/bin/cat /etc/passwd', 'curl evil', ''])(
    'runs no other program: %j',
    text => {
      expect(read(text)).toMatchObject({ wrong: expect.stringContaining('is not one of') as string })
    },
  )
  it('runs others where the person who runs it says so', () => {
    expect(read('mine', { RUNBOOK_SECRET_COMMANDS: 'other, mine' })).toEqual({ value: folder })
  })
  it('says why there is none, and never what was printed', () => {
    expect(read('op read x')).toEqual({ wrong: "'op' ended with 6: not signed in" })
    expect(read('vault read')).toEqual({ wrong: "'vault' printed nothing" })
    expect(read('gopass show x')).toEqual({ wrong: "there is no program 'gopass' on this machine" })
    expect(read(`pass 'open`)).toEqual({ wrong: 'a quote is not closed' })
  })
})

it('prompt: is missing where nobody is', () => {
  expect(readSecretPrompt('Password', { CI: 'true' })).toMatchObject({
    wrong: expect.stringContaining('nobody is there') as string,
  })
})

it.each([
  ['a  b\tc', ['a', 'b', 'c']],
  [`a"b c"'d'`, ['ab cd']],
  [`''`, ['']],
  ['  ', []],
])('splits %j', (text, words) => expect(splitWords(text)).toEqual(words))
