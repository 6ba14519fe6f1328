/** What comes back on one stream of a channel: marks with the session's nonce, and the bytes between them. */
export type Piece = { readonly bytes: Uint8Array } | { readonly mark: readonly string[] }

const LINE_END = 10
/** Longer than any mark the prelude makes. */
const MARK_BYTES = 256

/** The bytes of a mark as the host prints them. */
export function mark(nonce: string, words: readonly string[]): string {
  return `\u0001${nonce} ${words.join(' ')}\n`
}

/**
 * Cuts a stream into marks and bytes, whatever way it is chopped. Output of commands passes untouched and at once; only an end
 * that could be the beginning of a mark is held back. The nonce is random, so output cannot be mistaken for a mark.
 */
export function scanner(nonce: string): (chunk: Uint8Array) => Piece[] {
  const opening = Buffer.from(`\u0001${nonce} `, 'latin1')
  let held = Buffer.alloc(0)
  return chunk => {
    let rest =
      held.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        : Buffer.concat([held, chunk])
    const pieces: Piece[] = []
    for (;;) {
      const at = rest.indexOf(opening)
      if (at === -1) break
      if (at > 0) pieces.push({ bytes: rest.subarray(0, at) })
      const end = rest.indexOf(LINE_END, at + opening.length)
      if (end === -1 && rest.length - at < MARK_BYTES) {
        held = Buffer.from(rest.subarray(at))
        return pieces
      }
      if (end === -1) throw new SyntaxError('a mark from the host has no end')
      pieces.push({ mark: rest.toString('latin1', at + opening.length, end).split(' ') })
      rest = rest.subarray(end + 1)
    }
    const keep = overlap(rest, opening)
    if (rest.length > keep) pieces.push({ bytes: rest.subarray(0, rest.length - keep) })
    held = Buffer.from(rest.subarray(rest.length - keep))
    return pieces
  }
}

/** Length of the longest end of `bytes` that is a beginning of `opening`. */
function overlap(bytes: Buffer, opening: Buffer): number {
  for (let length = Math.min(bytes.length, opening.length - 1); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(opening.subarray(0, length))) return length
  }
  return 0
}
