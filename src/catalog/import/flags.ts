/** One flag as the vendor's tools take it. */
export interface Flag {
  readonly name: string
  readonly value: string | undefined
}

/** '--san=x', '--san x' and '--debug' as name and value. Quotes around a value are not part of it. */
export function flagOf(text: string): Flag {
  const found = /^(--[A-Za-z0-9-]+)(?:[= ]\s*(.*))?$/s.exec(text.trim())
  if (found?.[1] === undefined) return { name: text.trim(), value: undefined }
  return { name: found[1], value: found[2]?.trim().replace(/^(["'])(.*)\1$/s, '$2') }
}

/** Settings of a TOML text by section, as far as they are plain: booleans, numbers and strings. The rest is named. */
export function settingsOf(text: string): {
  readonly settings: { readonly [section: string]: { readonly [key: string]: boolean | number | string } }
  readonly left: readonly string[]
} {
  const settings: { [section: string]: { [key: string]: boolean | number | string } } = {}
  const left: string[] = []
  let section = ''
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const head = /^\[([A-Za-z0-9_]+)\]$/.exec(line)?.[1]
    if (head !== undefined) {
      section = head
      continue
    }
    const [, key, value] = /^([A-Za-z0-9_-]+)\s*=\s*(.*)$/.exec(line) ?? []
    const plain = value === undefined ? undefined : scalarOf(value)
    if (line.startsWith('[')) section = ''
    if (key === undefined || plain === undefined || section === '') left.push(line)
    else settings[section] = { ...settings[section], [key]: plain }
  }
  return { settings, left }
}

function scalarOf(text: string): boolean | number | string | undefined {
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^-?\d+$/.test(text)) return Number(text)
  return /^"([^"\\]*)"$/.exec(text)?.[1]
}
