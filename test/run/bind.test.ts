import { describe, expect, it } from 'vitest'
import type { Json, Value } from '../../src/plan/step.ts'
import { Unbound, Unresolved, bind, bindValue } from '../../src/run/bind.ts'
import { scripted, setting } from './scripted.ts'

const token = { fact: { fact: 'web.token', host: 'a' }, pick: 'token' }
const { world } = setting({ a: scripted() })
const late = (answer: Json | undefined) => () => Promise.resolve(answer)
const never = (): never => {
  throw new Error('nothing is to be asked')
}

describe('argv', () => {
  it.each<[string, Value]>([
    ['a secret', { secret: 'env:PW' }],
    ['a secret in a part', { join: ['--password=', { secret: 'env:PW' }] }],
    ['a secret in JSON', { json: { secret: 'env:PW' } }],
    ['a late value that is secret', token],
    ['one deep inside', { join: ['x', { join: [{ json: token }] }] }],
  ])('never carries %s', async (_, word) => {
    await expect(bind({ argv: ['web', word] }, world, late({ token: 'x' }))).rejects.toThrow(
      'may not stand in argv',
    )
  })
  it('may carry a late value that is none', async () => {
    const seen = { fact: { fact: 'web.member', host: 'a' }, pick: 'version' }
    expect(await bind({ argv: ['web', seen] }, world, late({ version: 2 }))).toEqual({
      argv: ['web', '2'],
      env: {},
    })
  })
})

describe('a late value', () => {
  it.each<[string, Json | undefined, string]>([
    ['could not be told', undefined, 'token'],
    ['is not there', null, 'token'],
    ['has no such member', {}, 'token'],
    ['is no text', { token: { a: 1 } }, 'token'],
    ['is none', { token: null }, 'token'],
    ['is only what every object has', {}, 'constructor.name'],
    ['is the length of a text', 'text', 'length'],
  ])('that %s binds nothing', async (_, answer, pick) => {
    await expect(bindValue({ ...token, pick }, world, late(answer))).rejects.toBeInstanceOf(Unbound)
  })
  it.each<[Json, string, string]>([
    [{ token: 'x' }, 'token', 'x'],
    [{ a: { b: ['x', 'y'] } }, 'a.b.1', 'y'],
    ['x', '', 'x'],
    [7, '', '7'],
  ])('of %j at %j is %j', async (answer, pick, bound) => {
    expect(await bindValue({ ...token, pick }, world, late(answer))).toBe(bound)
  })
})

describe('a value', () => {
  it('is put together, also as JSON, and the mask knows every secret before anybody else sees it', async () => {
    const stage = setting({ a: scripted() })
    const value: Value = { join: ['{"p":', { json: { secret: 'say "hi"' } }, ',"t":', { json: token }, '}'] }
    const bound = await bindValue(value, stage.world, late({ token: 'tok-1' }))
    expect(JSON.parse(bound)).toEqual({ p: 'the-secret-say "hi"', t: 'tok-1' })
    expect(stage.world.redact.text(`${bound} tok-1`)).toBe('{"p":"‹masked›","t":"‹masked›"} ‹masked›')
  })
  it.each<Value>([{ secret: 'env:PW' }, { file: 'ca.pem', sha256: 'x' }])(
    'that cannot be resolved says so: %j',
    async value => {
      const gone = setting({}, { secret: never, file: never }).world
      await expect(bindValue(value, gone, never)).rejects.toBeInstanceOf(Unresolved)
    },
  )
  it('stands in environment and standard input', async () => {
    expect(
      await bind(
        { argv: ['web'], env: { PW: { secret: 's' } }, stdin: { file: 'f', sha256: 'x' } },
        world,
        never,
      ),
    ).toEqual({
      argv: ['web'],
      env: { PW: 'the-secret-s' },
      stdin: 'text of f',
    })
  })
})
