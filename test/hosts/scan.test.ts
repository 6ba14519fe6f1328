import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mark, scanner } from '../../src/hosts/scan.ts'

const NONCE = '0123456789abcdef'

interface Seen {
  readonly bytes: number[]
  readonly marks: string[]
}

function scanAll(stream: Uint8Array, size: number): Seen {
  const scan = scanner(NONCE)
  const seen: Seen = { bytes: [], marks: [] }
  for (let at = 0; at < stream.length; at += size) {
    for (const piece of scan(stream.subarray(at, at + size))) {
      if ('mark' in piece) seen.marks.push(`${String(seen.bytes.length)} ${piece.mark.join(' ')}`)
      else seen.bytes.push(...piece.bytes)
    }
  }
  return seen
}

test('arbitrary output between marks survives, however it is cut', () => {
  const output = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // What looks most like a mark: pieces of one, and marks of another session.
    fc
      .constantFrom(
        '\u0001',
        `\u0001${NONCE}`,
        `\u0001${NONCE.slice(0, 8)}`,
        `\u0001${'f'.repeat(16)} e 1 0\n`,
        '\n\u0001\u0001',
      )
      .map(text => Buffer.from(text)),
  )
  fc.assert(
    fc.property(fc.array(output, { maxLength: 5 }), fc.integer({ min: 1, max: 40 }), (outputs, size) => {
      const stream = Buffer.concat(
        outputs.flatMap((bytes, i) => [Buffer.from(bytes), Buffer.from(mark(NONCE, ['e', String(i)]))]),
      )
      let at = 0
      const marks = outputs.map((bytes, i) => `${String((at += bytes.length))} e ${String(i)}`)
      expect(scanAll(stream, size)).toEqual({ bytes: outputs.flatMap(bytes => [...bytes]), marks })
    }),
  )
})

test('output is passed on at once, but for an end that may begin a mark', () => {
  const scan = scanner(NONCE)
  expect(scan(Buffer.from('a line\n'))).toEqual([{ bytes: Buffer.from('a line\n') }])
  expect(scan(Buffer.from(`x\u0001${NONCE.slice(0, 3)}`))).toEqual([{ bytes: Buffer.from('x') }])
  expect(scan(Buffer.from('no'))).toEqual([{ bytes: Buffer.from(`\u0001${NONCE.slice(0, 3)}no`) }])
})
