import { describe, expect, it } from 'vitest'
import { showCheck, showCommand, showOp, showValue } from '../../src/plan/show.ts'
import type { Op, Value } from '../../src/plan/step.ts'

describe('showValue', () => {
  it.each<[Value, string]>([
    ['plain', 'plain'],
    [{ secret: 'env:PW' }, 'secret://env:PW'],
    [{ fact: { fact: 'web.token', host: 'a' }, pick: 'worker.token' }, 'fact://web.token@a/worker.token'],
    [{ file: 'ca.pem', sha256: 'abcdef0123456789' }, 'file://ca.pem#sha256:abcdef012345'],
    [{ join: ['admin:', { secret: 'env:PW' }] }, 'admin:secret://env:PW'],
    [{ join: ['{"password":', { json: { secret: 'env:PW' } }, '}'] }, '{"password":"secret://env:PW"}'],
  ])('%j is shown as %s', (value, shown) => {
    expect(showValue(value)).toBe(shown)
  })
})

describe('showCommand', () => {
  it('can be pasted into a shell where it holds no reference', () => {
    expect(showCommand({ argv: ['web', 'say', "it's so; rm -rf /", ''] })).toBe(
      `web say 'it'\\''s so; rm -rf /' ''`,
    )
  })
  it('shows environment and standard input, by reference', () => {
    expect(
      showCommand({ argv: ['web'], env: { PW: { secret: 'env:PW' }, A: 'b c' }, stdin: { secret: 's' } }),
    ).toBe(`PW=secret://env:PW A='b c' web <<< secret://s`)
  })
})

describe('showOp', () => {
  const check = { fact: 'web.ping', host: 'a', args: { port: 80 }, is: { code: 200 } }
  it.each<[Op, string]>([
    [{ exec: { argv: ['web', 'join'] }, timeoutSeconds: 5 }, 'web join'],
    [{ write: '/etc/x', content: { secret: 'env:PW' }, mode: '0600' }, 'write /etc/x (mode 0600)'],
    [
      { await: [check, check], withinSeconds: 9 },
      'wait up to 9 s until web.ping@a {"port":80} is {"code":200} and web.ping@a {"port":80} is {"code":200}',
    ],
    [{ ask: 'go on?', answer: true }, 'ask: go on?'],
  ])('%#: %j', (op, shown) => {
    expect(showOp(op)).toBe(shown)
  })
  it('says what a check is of', () => {
    expect(showCheck({ fact: 'web.member', host: 'a', is: null })).toBe('web.member@a is null')
  })
})
