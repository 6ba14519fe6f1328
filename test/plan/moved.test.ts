import { describe, expect, it } from 'vitest'
import type { Facts } from '../../src/plan/fact.ts'
import { moved, movedLine, splitKey } from '../../src/plan/moved.ts'

const lines = (before: Facts, after: Facts): readonly string[] => moved(before, after).map(movedLine)

describe('moved', () => {
  it.each([
    ['a member', { up: true, is: 1 }, { up: false, is: 1 }, 'f@b up was true, is false'],
    ['a deep member', { a: { b: 1 } }, { a: { b: 2 } }, 'f@b a.b was 1, is 2'],
    ['what vanished', { up: true }, null, 'f@b was {"up":true}, is nothing'],
    ['a list', ['x'], ['x', 'y'], 'f@b was ["x"], is ["x","y"]'],
    ['a new member', {}, { up: true }, 'f@b up was could not be told, is true'],
  ])('says %s', (_, before, after, line) => {
    expect(lines(new Map([['f@b', before]]), new Map([['f@b', after]]))).toEqual([line])
  })

  it('tells what cannot be told from what is not there', () => {
    expect(lines(new Map([['f@b', null]]), new Map())).toEqual(['f@b was nothing, is could not be told'])
  })

  it('is in an order of its own, with args, and silent on what is the same', () => {
    const before = new Map([
      ['z@a {"p":"/x y"}', 1],
      ['f@b', 1],
      ['same@a', 1],
    ])
    const after = new Map([
      ['same@a', 1],
      ['f@b', 2],
      ['z@a {"p":"/x y"}', 2],
    ])
    expect(lines(before, after)).toEqual(['z@a {"p":"/x y"} was 1, is 2', 'f@b was 1, is 2'])
  })

  it('takes a key apart', () => {
    expect(splitKey('f@h {"path":"/a@b c"}')).toEqual({ host: 'h', question: 'f {"path":"/a@b c"}' })
  })
})
