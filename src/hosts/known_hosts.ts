import { createHash, createHmac } from 'node:crypto'

/** One line of a known_hosts file that says something. */
export interface KnownHost {
  readonly marker?: 'revoked' | 'cert-authority'
  /** Comma-separated patterns, or one hashed name. */
  readonly names: string
  readonly type: string
  /** Base64. */
  readonly key: string
  readonly file: string
  readonly line: number
}

/**
 * `ok`, or why not:
 * - `unknown`: no line names this host
 * - `changed`: lines name it with other keys, `expected`
 * - `revoked`: a line says never to trust this key
 * - `authority`: only a certificate authority is on file, and we cannot negotiate host certificates
 */
export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: 'unknown' }
  | {
      readonly ok: false
      readonly why: 'changed' | 'revoked' | 'authority'
      readonly expected: readonly KnownHost[]
    }

/** Reads OpenSSH's known_hosts form. Lines it cannot read are left out, as ssh does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split('\n').flatMap((raw, index) => {
    const words = raw.trim().split(/\s+/)
    if (words[0] === '' || words[0]?.startsWith('#') === true) return []
    const marked = words[0]?.startsWith('@') === true
    const marker = marked ? words.shift()?.slice(1) : undefined
    const [names, type, key] = words
    if (
      names === undefined ||
      type === undefined ||
      key === undefined ||
      keyType(Buffer.from(key, 'base64')) !== type
    )
      return []
    const line = { names, type, key, file, line: index + 1 }
    if (marker === undefined) return [line]
    return marker === 'revoked' || marker === 'cert-authority' ? [{ ...line, marker }] : []
  })
}

/** The lines that name this host at this port. A port other than 22 is looked for as `[host]:port`. */
export function linesFor(known: readonly KnownHost[], address: string, port: number): KnownHost[] {
  const name = hostName(address, port)
  return known.filter(line => names(line.names, name))
}

/** What known_hosts calls a host. */
export function hostName(address: string, port: number): string {
  const host = address.toLowerCase()
  return port === 22 ? host : `[${host}]:${String(port)}`
}

/** Whether this key, in SSH's own binary form, may be trusted for this host. */
export function judge(known: readonly KnownHost[], address: string, port: number, key: Uint8Array): Verdict {
  const text = Buffer.from(key).toString('base64')
  const lines = linesFor(known, address, port)
  const revoked = lines.filter(line => line.marker === 'revoked' && line.key === text)
  if (revoked.length > 0) return { ok: false, why: 'revoked', expected: revoked }
  const plain = lines.filter(line => line.marker === undefined)
  if (plain.some(line => line.key === text)) return { ok: true }
  if (plain.length > 0) return { ok: false, why: 'changed', expected: plain }
  // As ssh does: a key on file for the host at its usual port is good for its other ports, but is not held against them.
  if (port !== 22 && judge(known, address, 22, key).ok) return { ok: true }
  const authority = lines.filter(line => line.marker === 'cert-authority')
  if (authority.length > 0) return { ok: false, why: 'authority', expected: authority }
  return { ok: false, why: 'unknown' }
}

/** The key algorithms to ask for first: those of the keys on file, so that the server shows a key we can compare. */
export function algorithmsFor(known: readonly KnownHost[], address: string, port: number): string[] {
  const lines = [...linesFor(known, address, port), ...(port === 22 ? [] : linesFor(known, address, 22))]
  const types = lines.filter(line => line.marker === undefined).map(line => line.type)
  return [...new Set(types)].flatMap(type => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type]))
}

/** As ssh shows it: SHA256:… */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** 'ssh-ed25519' and the like, read from the key itself; '' when it is no key. */
export function keyType(key: Uint8Array): string {
  if (key.length < 4) return ''
  const length = Buffer.from(key.buffer, key.byteOffset, 4).readUInt32BE()
  return length > 64 || key.length < 4 + length ? '' : Buffer.from(key).toString('latin1', 4, 4 + length)
}

/** A line to put on file, with its newline. */
export function knownHostsLine(address: string, port: number, key: Uint8Array): string {
  return `${hostName(address, port)} ${keyType(key)} ${Buffer.from(key).toString('base64')}\n`
}

function names(patterns: string, name: string): boolean {
  if (patterns.startsWith('|1|')) {
    const [, , salt = '', hash = ''] = patterns.split('|')
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
  }
  let found = false
  for (const pattern of patterns.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!')
    if (!wildcard(negated ? pattern.slice(1) : pattern, name)) continue
    if (negated) return false
    found = true
  }
  return found
}

/** `*` and `?` only, in time linear in both (no regular expression: patterns come from files of others). */
export function wildcard(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let mark = 0
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++
      mark = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++mark
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
