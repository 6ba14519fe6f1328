import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandFact } from '../../../src/catalog/steps/command.ts'
import { fileFact, pathFact, sameFact } from '../../../src/catalog/steps/paths.ts'
import { matches } from '../../../src/plan/check.ts'
import type { Exit, Fact } from '../../../src/plan/fact.ts'
import type { Json } from '../../../src/plan/step.ts'
import { judge } from '../../../src/plan/telling.ts'

const folder = mkdtempSync(join(tmpdir(), 'runbook-tells-'))
const at = (name: string): string => join(folder, name)
const sum = (text: string): string => createHash('sha256').update(text).digest('hex')
const paths = ['file', 'empty', 'folder', 'link', 'dangling', 'secret', 'nothing', 'file/below'].map(at)

beforeAll(() => {
  writeFileSync(at('file'), 'text\n', { mode: 0o644 })
  writeFileSync(at('empty'), '')
  writeFileSync(at('secret'), 'text\n')
  chmodSync(at('secret'), 0o600)
  mkdirSync(at('folder'), { mode: 0o750 })
  symlinkSync(at('file'), at('link'))
  symlinkSync(at('nowhere'), at('dangling'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** What this machine answers. */
function ask(fact: Fact, args: Json): Exit {
  const { argv, stdin } = fact.probe(args)
  const [program = '', ...words] = argv as readonly string[]
  const input = typeof stdin === 'string' ? stdin : ''
  const { status, stdout, stderr } = spawnSync(program, words, {
    encoding: 'utf8',
    input,
    env: { ...process.env, LC_ALL: 'C' },
  })
  return { code: status ?? undefined, stdout, stderr }
}

/** The host's word must be the parser's, wherever it has one. Answers what it made of it. */
function held(fact: Fact, args: Json, is: Json, exit: Exit): string | undefined {
  const telling = fact.tells?.(args, is)
  if (telling === undefined) return undefined
  const told = judge(telling, exit)
  const seen = fact.parse(exit, args)
  if (told === 'holds') expect(matches(is, seen)).toBe(true)
  if (told === 'lacks') {
    expect(seen).toBeDefined()
    expect(matches(is, seen)).toBe(false)
  }
  return told
}

/** Answers that are none, or not whole. */
const broken: readonly Exit[] = [
  { code: undefined, stdout: '', stderr: '' },
  { code: 1, stdout: '', stderr: "stat: cannot statx 'x': Permission denied\n" },
  { code: 1, stdout: '', stderr: '' },
  { code: 124, stdout: '', stderr: '' },
  { code: 127, stdout: '', stderr: 'sh: stat: not found\n' },
  { code: 0, stdout: '', stderr: '' },
  { code: 0, stdout: 'regular file|644\n', stderr: '' },
  { code: 0, stdout: 'regular file|644|root|root\n', stderr: '' },
  { code: 0, stdout: 'directory|750|root|root\n', stderr: '' },
]

const kinds: readonly Json[] = [
  null,
  {},
  { mode: '0644' },
  { kind: 'directory', mode: '0750' },
  { kind: 'directory', mode: '0750', owner: 'root', group: 'root' },
  { kind: 'file', mode: '0600' },
]

describe('the word of a host on a path is the word of the parser', () => {
  it.each(paths)('%s', path => {
    for (const is of kinds) {
      expect(held(pathFact, { path }, is, ask(pathFact, { path }))).not.toBeUndefined()
      for (const exit of broken) held(pathFact, { path }, is, exit)
    }
    for (const text of ['text\n', '', 'another']) {
      const says = { kind: 'file', mode: '0644', sha256: sum(text) }
      held(fileFact, { path }, says, ask(fileFact, { path }))
      for (const exit of broken) held(fileFact, { path }, says, exit)
      const args = { path, content: text }
      for (const mode of ['0600', '0644'])
        held(sameFact, args, { kind: 'file', mode, same: true }, ask(sameFact, args))
      for (const exit of broken) held(sameFact, args, { kind: 'file', same: true }, exit)
    }
  })

  it('and tells them apart by itself where it matters', () => {
    const told = (fact: Fact, args: Json, is: Json): unknown => held(fact, args, is, ask(fact, args))
    const file = { kind: 'file', mode: '0644', sha256: sum('text\n') }
    expect(told(fileFact, { path: at('file') }, file)).toBe('holds')
    expect(told(fileFact, { path: at('empty') }, file)).toBe('lacks')
    expect(told(fileFact, { path: at('nothing') }, file)).toBe('lacks')
    expect(told(fileFact, { path: at('nothing') }, null)).toBe('holds')
    expect(told(pathFact, { path: at('folder') }, { kind: 'directory', mode: '0750' })).toBe('holds')
    expect(told(pathFact, { path: at('folder') }, { kind: 'directory', mode: '0755' })).toBe('lacks')
    expect(told(pathFact, { path: at('nothing') }, {})).toBe('lacks')
    expect(told(pathFact, { path: at('nothing') }, null)).toBe('holds')
    const same = { kind: 'file', mode: '0600', same: true }
    expect(told(sameFact, { path: at('secret'), content: 'text\n' }, same)).toBe('holds')
    expect(told(sameFact, { path: at('secret'), content: 'other' }, same)).toBe('lacks')
    // A folder where a file shall be is for us to say something about.
    expect(told(fileFact, { path: at('folder') }, file)).toBe('unknown')
  })
})

describe('the word of a host on a command is the word of the parser', () => {
  const run = (script: string) => ({ argv: ['sh', '-c', script] })
  it.each<[string, Json, Json, string]>([
    ['exits as wanted', run('true'), { exit: 0 }, 'holds'],
    ['exits otherwise', run('exit 4'), { exit: 0 }, 'lacks'],
    [
      'says what is wanted',
      { ...run('echo "a [b] | c"'), output: 'a [b] | c' },
      { exit: 0, output: 'a [b] | c' },
      'holds',
    ],
    ['says something else', { ...run('echo no'), output: 'yes' }, { exit: 0, output: 'yes' }, 'lacks'],
    ['is killed', run('kill -9 $$'), { exit: 0 }, 'unknown'],
    ['takes too long', run('exit 124'), { exit: 0 }, 'unknown'],
  ])('%s', (_, args, is, told) => {
    expect(held(commandFact, args, is, ask(commandFact, args))).toBe(told)
    for (const exit of broken) held(commandFact, args, is, exit)
  })

  it('and has none where only the parser can tell', () => {
    expect(commandFact.tells?.({ output: 'a\\b' }, { exit: 0, output: 'a\\b' })).toBeUndefined()
    expect(fileFact.tells?.({ path: '/x' }, {})).toBeUndefined()
    expect(pathFact.tells?.({ path: '/x' }, { kind: 'other' })).toBeUndefined()
  })
})
