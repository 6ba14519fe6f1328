import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contradicts, holds, matches } from '../../src/plan/check.ts'
import { json } from '../json.ts'
import type { Json } from '../../src/plan/step.ts'

describe('matches', () => {
  it.each<[string, Json, Json | undefined]>([
    ['null is not "could not tell"', null, undefined],
    ['an empty object is not "could not tell"', {}, undefined],
    ['an empty object is not none', {}, null],
    ['an array is no object', {}, []],
    ['an object is no array', [], {}],
    ['a missing member is not null', { a: null }, {}],
    ['a longer array', [1], [1, 2]],
    ['a shorter array', [1, 2], [1]],
    ['another order', [1, 2], [2, 1]],
    ['a number is no string', 1, '1'],
    ['false is not none', false, null],
    ['a member deep down', { a: { b: 1 } }, { a: { b: 2 } }],
    ['what every object inherits', { constructor: {} }, {}],
    ['the prototype', JSON.parse('{"__proto__":{}}') as Json, {}],
  ])('is false: %s', (_, wanted, seen) => {
    expect(matches(wanted, seen)).toBe(false)
  })

  it.each<[string, Json, Json]>([
    ['none is none', null, null],
    ['members not asked for do not matter', { a: 1 }, { a: 1, b: 2 }],
    ['nothing asked of an object', {}, { a: 1 }],
    ['items that are objects match in part', [{ a: 1 }], [{ a: 1, b: 2 }]],
  ])('is true: %s', (_, wanted, seen) => {
    expect(matches(wanted, seen)).toBe(true)
  })

  it('holds between every value and itself', () => {
    fc.assert(fc.property(json, value => matches(value, value)))
  })
})

describe('contradicts', () => {
  it.each<[Json, Json | undefined, boolean]>([
    [{ up: true }, undefined, false],
    [{ up: true }, {}, false],
    [{ up: true }, { joined: true }, false],
    [{ up: true }, null, true],
    [{ up: true }, { up: false }, true],
    [null, {}, true],
    [{ a: { b: 1 } }, { a: { c: 1 } }, false],
    [{ a: { b: 1 } }, { a: 1 }, true],
    [[1], [1, 2], true],
  ])('%j against %j: %j', (wanted, seen, expected) => {
    expect(contradicts(wanted, seen)).toBe(expected)
  })

  it('is never so of what matches', () => {
    fc.assert(fc.property(json, json, (a, b) => !(matches(a, b) && contradicts(a, b))))
  })
})

describe('holds', () => {
  const check = { fact: 'f', host: 'h', is: {} }
  it('is false for a fact nobody knows', () => {
    expect(holds(check, new Map())).toBe(false)
  })
  it('looks at the answer to the very same question', () => {
    const facts = new Map<string, Json>([['f@h {"port":443}', {}]])
    expect(holds(check, facts)).toBe(false)
    expect(holds({ ...check, args: { port: 443 } }, facts)).toBe(true)
    expect(holds({ ...check, args: { port: 444 } }, facts)).toBe(false)
  })
})
