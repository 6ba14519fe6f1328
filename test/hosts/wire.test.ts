import fc from 'fast-check'
import { expect, test } from 'vitest'
import { callReader } from '../../src/hosts/unwire.ts'
import { type Call, encode, escapeBytes, jobFolder, unescapeBytes } from '../../src/hosts/wire.ts'

const word = fc.string({ unit: 'binary' }).map(text => text.replaceAll('\0', ''))
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter(found => !found.startsWith('rb_'))
const line = fc
  .record({
    argv: fc.array(word, { minLength: 1, maxLength: 5 }).filter(argv => argv[0] !== ''),
    env: fc.dictionary(name, word, { maxKeys: 3, noNullPrototype: true }),
    stdin: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
  })
  .map(({ stdin, ...rest }) => (stdin === undefined ? rest : { ...rest, stdin }))
const id = fc.nat(1000)
const job = fc.stringMatching(/^[a-z0-9/@.: é%-]{1,40}$/)
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ call: fc.constant('probe' as const), id, seconds: fc.nat(99), line }),
  fc.record({ call: fc.constant('job' as const), id, name: job, seconds: fc.nat(99), line }),
  fc.record({
    call: fc.constant('follow' as const),
    id,
    name: job,
    out: fc.nat(),
    err: fc.nat(),
    delays: fc.array(fc.constantFrom(0.01, 0.5, 2)),
  }),
  fc.record({ call: fc.constant('open' as const), id, path: word, mode: fc.constant('0644') }),
  fc.record({ call: fc.constant('data' as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ call: fc.constant('close' as const), id, size: fc.nat() }),
)

test('what is encoded is read back, however the text is cut', () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), (calls, size) => {
      const text = calls.map(encode).join('')
      const read = callReader()
      const seen: Call[] = []
      for (let at = 0; at < text.length; at += size) seen.push(...read(text.slice(at, at + size)))
      expect(seen).toEqual(calls)
    }),
  )
})

test('bytes survive, and only printable ASCII, tab and newline stand for themselves', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), bytes => {
      const text = escapeBytes(bytes)
      expect(text).toMatch(/^[\t\n -~]*$/)
      expect(unescapeBytes(text)).toEqual(bytes)
    }),
  )
})

test('a message never has an end before its closing brace, so half of one is a syntax error to any shell', () => {
  const text = encode({ call: 'probe', id: 1, seconds: 5, line: { argv: ['rm', '-rf', '/a/b'], env: {} } })
  expect(text).toBe('{ rb_probe 1 5 - 0 rm -rf /a/b; }\n')
})

test('what encode does not write is refused', () => {
  for (const text of [
    'ls\n',
    '{ rb_probe 1; }\n',
    '{ rb_exec 1 2; }\n',
    '{ rb_data $x; }\n',
    '{ rb_data a; }; ls; }\n',
    '{ rb_data "a"; }\n',
  ]) {
    expect(() => callReader()(text), text).toThrow(SyntaxError)
  }
})

test('bad input is refused before anything is sent', () => {
  const probe = (argv: string[], env = {}): Call => ({
    call: 'probe',
    id: 0,
    seconds: 1,
    line: { argv, env },
  })
  expect(() => encode(probe([]))).toThrow(/at least one word/)
  expect(() => encode(probe(['a\0']))).toThrow(/NUL/)
  for (const bad of ['rb_nonce', 'A-B', '1A', '', 'A=B']) {
    expect(() => encode(probe(['a'], { [bad]: 'x' })), bad).toThrow(/environment variable/)
  }
})

test("a job's folder is one safe name, and different jobs have different ones", () => {
  expect(jobFolder('01H/dtr.join@dtr-2/1.0')).toBe('01H%2Fdtr.join@dtr-2%2F1.0')
  expect(jobFolder('..')).toBe('%2E.')
  expect(jobFolder("a'b$c*(~)!")).toMatch(/^[A-Za-z0-9._@%-]+$/)
  expect(() => jobFolder('')).toThrow(RangeError)
  fc.assert(
    fc.property(word, word, (a, b) => {
      const folder = (text: string): string | undefined => {
        try {
          return jobFolder(text)
        } catch {
          return undefined
        }
      }
      const [x, y] = [folder(a), folder(b)]
      if (x !== undefined) expect(x).toMatch(/^[A-Za-z0-9_@%-][A-Za-z0-9._@%-]*$/)
      if (x !== undefined && a !== b) expect(x).not.toBe(y)
    }),
  )
})
