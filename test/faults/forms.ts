/** How a secret may look on its way; with how it stands inside a longer base64 at each of three offsets. */
export function forms(of: string): readonly string[] {
  const bytes = Buffer.from(of)
  const inside = [0, 1, 2].map(offset => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
  })
  const json = JSON.stringify(of).slice(1, -1)
  return [
    of,
    ...inside.flatMap(text => [text, text.replaceAll('+', '-').replaceAll('/', '_')]),
    encodeURIComponent(of),
    json,
    JSON.stringify(json).slice(1, -1),
    of.replaceAll("'", `'\\''`),
    // Its random beginning by itself: no encoding above changes it but base64.
    of.slice(0, 16),
  ]
}
