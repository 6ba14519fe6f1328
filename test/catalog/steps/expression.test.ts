import { beforeAll, describe, expect, it } from 'vitest'
import { languageOf, SecretMark, toResult } from '../../../src/catalog/steps/expression.ts'
import { Mistake, Undecided } from '../../../src/catalog/steps/mistake.ts'
import { scopeOf } from '../../../src/catalog/steps/scope.ts'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import { seen, topologyOf } from './toy.ts'

const vars = { ntp: 'ntp.example.com', limit: 3, share: 0.5, debug: false, names: ['a', 'b'] }

describe('expressions', () => {
  beforeAll(loadStepTools)
  const topology = topologyOf([], { vars })
  const evaluate = (source: string): unknown =>
    toResult(languageOf(vars).evaluate(source, scopeOf(topology, 'm1', seen)), source, [])

  it.each([
    ['host.name', 'm1'],
    ['host.port + 1', 23],
    ['machine.cpus * 2', 8],
    ['machine.cpus >= 4 && machine.distribution == "ubuntu"', true],
    ['vars.limit + 1', 4],
    ['vars.share * 2.0', 1],
    ['"manager" in host.roles', true],
    ['has(host.site)', false],
    ['roles["manager"].join(",")', 'm1'],
    ['hosts.map(h, h.address)', ['198.51.100.11']],
    ['vars.names', ['a', 'b']],
    ['vars.debug ? 1 : 2', 2],
    ['machine.release.matches("^1[68]\\\\.")', true],
  ])('%s gives %j', (source, result) => {
    expect(evaluate(source)).toEqual(result)
  })

  it.each([
    ['host.nam', 'No such key: nam'],
    ['host.name + 1', 'no such overload: string + int'],
    ['machine.cpu > 1', 'No such key: cpu'],
    ['vars.unknown', 'No such key: unknown'],
    ['fact.x', 'Unknown variable: fact'],
    ['1 +', 'no expression'],
    ['', 'empty'],
    ['now()', 'no matching overload'],
    ['"a" + secret("env:X")', 'no such overload: string + Secret'],
    ['string(secret("env:X"))', 'no matching overload'],
    ['secret("env:X") == secret("env:X")', 'no such overload'],
    ['secret("env:X").reference', 'No such key'],
    ['host.constructor', 'No such key'],
    [`"${'x'.repeat(3_000)}"`, 'at most'],
  ])('%s is refused before it runs', (source, why) => {
    expect(() => languageOf(vars).typeOf(source)).toThrow(why)
    expect(() => languageOf(vars).typeOf(source)).toThrow(Mistake)
  })

  it.each([
    ['host.site == "x"', 'No such key'],
    ['vars.names[7]', 'gives nothing on m1'],
    ['secret("hunter2")', 'not the secret itself'],
    ['host', 'gives no text'],
    ['timestamp("2026-01-01T00:00:00Z")', 'gives no text'],
    ['host.name.matches("(?=a)")', 'not known here'],
  ])('%s fails on the host, and says so', (source, why) => {
    expect(() => evaluate(source)).toThrow(why)
  })

  it('never says the secret that was written by mistake', () => {
    expect(() => evaluate('secret("hunter2")')).toThrow(expect.not.stringContaining('hunter2') as string)
  })

  it('gives a secret as a reference', () => {
    expect(evaluate('vars.debug ? secret("env:A") : secret("file:b.txt")')).toEqual(
      new SecretMark('file:b.txt'),
    )
  })

  it('is undecided while the machine is not known, and only where it matters', () => {
    const unseen = scopeOf(topology, 'm1', new Map())
    expect(() => languageOf(vars).evaluate('machine.cpus > 2', unseen)).toThrow(Undecided)
    expect(languageOf(vars).evaluate('host.name == "m1"', unseen)).toBe(true)
  })

  it('is not held up by a pattern that hangs a backtracking engine', () => {
    const started = performance.now()
    expect(evaluate(`"${'a'.repeat(1_500)}b".matches("^(a+)+$")`)).toBe(false)
    expect(evaluate(`["${'a'.repeat(40)}!"].exists(x, x.matches("(a|aa)+$"))`)).toBe(false)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})
