import fc from 'fast-check'

/** Texts made from good ones by a few cuts, doublings and insertions, and now and then something else altogether. */
export function mutated(samples: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    kind: fc.constantFrom('cut', 'end', 'double', 'insert', 'replace'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(60),
    text: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom(
        '\0',
        '\n',
        '\r\n',
        '"',
        "'",
        '{',
        '[',
        '*',
        '&a',
        '<<:',
        '!!js ',
        '%',
        '\\',
        '__proto__',
        '-',
        '1e999',
      ),
    ),
  })
  const made = fc
    .tuple(fc.constantFrom(...samples), fc.array(change, { maxLength: 6 }))
    .map(([sample, changes]) =>
      changes.reduce((text, { kind, at, length, text: extra }) => {
        const from = Math.floor(at * text.length)
        switch (kind) {
          case 'cut':
            return text.slice(0, from) + text.slice(from + length)
          case 'end':
            return text.slice(0, from)
          case 'double':
            return text.slice(0, from + length) + text.slice(from)
          case 'insert':
            return text.slice(0, from) + extra + text.slice(from)
          default:
            return text.slice(0, from) + extra + text.slice(from + extra.length)
        }
      }, sample),
    )
  return fc.oneof({ weight: 9, arbitrary: made }, { weight: 1, arbitrary: fc.string({ unit: 'binary' }) })
}
