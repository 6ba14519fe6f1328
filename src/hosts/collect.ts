/** How much of one stream of one command is kept. */
export const KEPT_BYTES = 4 * 1024 * 1024
/** A line longer than this is shown in pieces of this size. */
export const LINE_BYTES = 64 * 1024

export interface Collected {
  add(bytes: Uint8Array): void
  /** How many bytes came, kept or not. */
  size(): number
  /** As UTF-8, invalid bytes replaced; the middle of an output that is too long is left out, with a note in its place. */
  text(): string
}

/** Keeps the first and the last half of `limit` bytes. */
export function collector(limit = KEPT_BYTES): Collected {
  const half = Math.floor(limit / 2)
  const head: Uint8Array[] = []
  const tail: Uint8Array[] = []
  let headBytes = 0
  let tailBytes = 0
  let size = 0
  return {
    add(bytes) {
      size += bytes.length
      const room = half - headBytes
      if (room > 0) {
        const first = bytes.subarray(0, room)
        head.push(Uint8Array.from(first))
        headBytes += first.length
        if (bytes.length <= room) return
        bytes = bytes.subarray(room)
      }
      tail.push(Uint8Array.from(bytes))
      tailBytes += bytes.length
      while (tailBytes - (tail[0]?.length ?? 0) >= half) tailBytes -= tail.shift()?.length ?? 0
    },
    size: () => size,
    text() {
      const first = Buffer.concat(head)
      const last = Buffer.concat(tail)
      const cut = size - first.length - last.length
      const over = Math.max(0, last.length - half)
      if (cut + over === 0) return decode(Buffer.concat([first, last]))
      return `${decode(first)}\n[runbook: ${String(cut + over)} bytes left out]\n${decode(last.subarray(over))}`
    },
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

/** Gives lines on, without their ends, as soon as they are whole; `end` gives on what is left. */
export function lineSplitter(onLine: (text: string) => void): { add(bytes: Uint8Array): void; end(): void } {
  let rest = Buffer.alloc(0)
  const give = (line: Uint8Array): void => {
    onLine(decode(line.at(-1) === 13 ? line.subarray(0, -1) : line))
  }
  return {
    add(bytes) {
      let buffer =
        rest.length === 0
          ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
          : Buffer.concat([rest, bytes])
      for (;;) {
        const end = buffer.indexOf(10)
        if (end === -1 && buffer.length < LINE_BYTES) break
        const stop = end === -1 || end > LINE_BYTES ? LINE_BYTES : end
        give(buffer.subarray(0, stop))
        buffer = buffer.subarray(stop === end ? stop + 1 : stop)
      }
      rest = Buffer.from(buffer)
    },
    end() {
      if (rest.length > 0) give(rest)
      rest = Buffer.alloc(0)
    },
  }
}
