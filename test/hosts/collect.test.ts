import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LINE_BYTES, collector, lineSplitter } from '../../src/hosts/collect.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('keeps the beginning and the end of too much output, and says how much is missing', () => {
  const kept = collector(10)
  for (const part of ['01', '23456', '789abc', 'def', 'ghi']) kept.add(bytes(part))
  expect(kept.text()).toBe('01234\n[runbook: 9 bytes left out]\nefghi')
  expect(kept.size()).toBe(19)
})

test('output that fits is kept whole, whatever its pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), parts => {
      const whole = parts.join('')
      const kept = collector(Math.max(2, 2 * bytes(whole).length))
      for (const part of parts) kept.add(bytes(part))
      expect(kept.text()).toBe(whole)
    }),
  )
})

test('memory stays bounded', () => {
  const kept = collector(1000)
  for (let i = 0; i < 10_000; i++) kept.add(new Uint8Array(100).fill(65))
  expect(kept.text().length).toBeLessThan(1100)
})

test('invalid UTF-8 is replaced, a character in two pieces is not', () => {
  const kept = collector()
  const euro = bytes('€')
  kept.add(euro.subarray(0, 1))
  kept.add(euro.subarray(1))
  kept.add(Uint8Array.of(0xff, 0x41))
  expect(kept.text()).toBe('€\uFFFDA')
})

test('lines come whole, without their ends, and at once', () => {
  const lines: string[] = []
  const splitter = lineSplitter(line => lines.push(line))
  splitter.add(bytes('a\r\nb'))
  expect(lines).toEqual(['a'])
  splitter.add(bytes('c\n\nlast'))
  expect(lines).toEqual(['a', 'bc', ''])
  splitter.end()
  expect(lines).toEqual(['a', 'bc', '', 'last'])
})

test('a line without end is given in pieces', () => {
  const lines: string[] = []
  const splitter = lineSplitter(line => lines.push(line))
  for (let i = 0; i < 20; i++) splitter.add(new Uint8Array(10_000).fill(65))
  splitter.end()
  expect(lines.map(line => line.length)).toEqual([
    LINE_BYTES,
    LINE_BYTES,
    LINE_BYTES,
    200_000 - 3 * LINE_BYTES,
  ])
})
