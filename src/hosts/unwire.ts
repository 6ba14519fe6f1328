import type { KeepAct, LeaseAct } from './custody.ts'
import type { Line } from './session.ts'
import { type Call, unescapeBytes } from './wire.ts'

/**
 * Reads messages as `encode` writes them, without a shell. Returns the calls that each further piece of text completes.
 * Job names come out as they went in.
 * @throws SyntaxError for anything `encode` does not write
 */
export function callReader(): (text: string) => Call[] {
  let rest = ''
  return text => {
    rest += text
    const calls: Call[] = []
    for (;;) {
      const end = lineEnd(rest)
      if (end === undefined) return calls
      calls.push(parseCall(rest.slice(0, end)))
      rest = rest.slice(end + 1)
    }
  }
}

/** Where the newline is that ends the line: newlines in quotes belong to their word. */
function lineEnd(text: string): number | undefined {
  let from = 0
  for (;;) {
    const newline = text.indexOf('\n', from)
    const quoteAt = text.indexOf("'", from)
    if (newline === -1 && quoteAt === -1) return undefined
    if (newline !== -1 && (quoteAt === -1 || newline < quoteAt)) return newline
    if (text[quoteAt - 1] === '\\') {
      from = quoteAt + 1
      continue
    }
    const close = text.indexOf("'", quoteAt + 1)
    if (close === -1) return undefined
    from = close + 1
  }
}

/** The words of one line. @throws SyntaxError */
export function parseWords(line: string): string[] {
  const words: string[] = []
  let at = 0
  while (at < line.length) {
    let word = ''
    const begin = at
    while (at < line.length && line[at] !== ' ') {
      if (line[at] === "'") {
        const close = line.indexOf("'", at + 1)
        if (close === -1) throw new SyntaxError('a quote is not closed')
        word += line.slice(at + 1, close)
        at = close + 1
      } else if (line.startsWith("\\'", at)) {
        word += "'"
        at += 2
      } else {
        const bare = /^[A-Za-z0-9_@%+=:,./-]+/.exec(line.slice(at, at + 4096))?.[0]
        if (bare === undefined) throw new SyntaxError(`unexpected character ${JSON.stringify(line[at])}`)
        word += bare
        at += bare.length
      }
    }
    if (at === begin) throw new SyntaxError('unexpected space')
    words.push(word)
    at += 1
  }
  return words
}

function parseCall(text: string): Call {
  if (!text.startsWith('{ rb_') || !text.endsWith('; }'))
    throw new SyntaxError(`not a call: ${text.slice(0, 80)}`)
  const [name = '', ...words] = parseWords(text.slice(2, -3))
  const word = (at: number): string => {
    const found = words[at]
    if (found === undefined) throw new SyntaxError(`${name} has too few words`)
    return found
  }
  const number = (at: number): number => {
    const found = Number(word(at))
    if (!Number.isFinite(found) || found < 0)
      throw new SyntaxError(`${name}: ${JSON.stringify(word(at))} is not a number`)
    return found
  }
  switch (name) {
    case 'rb_hello':
      return { call: 'hello', nonce: word(0) }
    case 'rb_probe':
      return { call: 'probe', id: number(0), seconds: number(1), line: parseLine(words.slice(2)) }
    case 'rb_job':
      return {
        call: 'job',
        id: number(0),
        name: decodeURIComponent(word(1)),
        seconds: number(2),
        line: parseLine(words.slice(3)),
      }
    case 'rb_follow':
      return {
        call: 'follow',
        id: number(0),
        name: decodeURIComponent(word(1)),
        out: number(2),
        err: number(3),
        delays: words.slice(4).map(Number),
      }
    case 'rb_ahead':
      return { call: 'ahead', id: number(0), names: words.slice(1).map(decodeURIComponent) }
    case 'rb_stride':
      return { call: 'stride' }
    case 'rb_glance': {
      const role = word(1)
      if (role !== 'needs' && role !== 'goal' && role !== 'after')
        throw new SyntaxError(`rb_glance: what is ${role}?`)
      return {
        ...{ call: 'glance', id: number(0), role, seconds: number(2) },
        ...{ holds: word(3), known: [word(4), word(5)], line: parseLine(words.slice(6)) },
      }
    }
    case 'rb_act':
      return { call: 'act', id: number(0) }
    case 'rb_over':
      return { call: 'over', id: number(0) }
    case 'rb_deed':
      return {
        ...{ call: 'deed', id: number(0), name: decodeURIComponent(word(1)), seconds: number(2) },
        line: parseLine(words.slice(3)),
      }
    case 'rb_put':
      return { call: 'put', id: number(0), path: word(1), mode: word(2), bytes: unescapeBytes(word(4)) }
    case 'rb_open':
      return { call: 'open', id: number(0), path: word(1), mode: word(2) }
    case 'rb_data':
      return { call: 'data', bytes: unescapeBytes(word(0)) }
    case 'rb_close':
      return { call: 'close', id: number(0), size: number(1) }
    case 'rb_fence':
      return { call: 'fence', epoch: number(0), nonce: word(1) }
    case 'rb_lease':
      if (word(1) === 'audit') return { call: 'audit', id: number(0), lines: number(2) }
      return { call: 'lease', id: number(0), act: leaseAct(words.slice(1)) }
    case 'rb_keep':
      return { call: 'keep', id: number(0), act: keepAct(words.slice(1)) }
    case 'rb_read':
      return { call: 'read', id: number(0), path: word(1), from: number(2), blocks: number(3) }
    case 'rb_take':
      // What follows the line, as many bytes as it says, is not text: the reader of the channel puts it here.
      return {
        call: 'take',
        id: number(0),
        path: word(1),
        from: number(2),
        mode: word(3),
        bytes: new Uint8Array(number(4)),
      }
    default:
      throw new SyntaxError(`unknown call ${name}`)
  }
}

function leaseAct([verb, epoch = '', nonce = '', record = '', audit = '']: readonly string[]): LeaseAct {
  const said = { record: text(record), audit: text(audit) }
  switch (verb) {
    case 'look':
      return { verb }
    case 'take':
      return { verb, ...(epoch !== '0' && { over: Number(epoch) }), nonce, ...said }
    case 'beat':
      return { verb, epoch: Number(epoch) }
    case 'end':
      return { verb, epoch: Number(epoch), ...said }
    default:
      throw new SyntaxError(`unknown act on a lease: ${verb ?? ''}`)
  }
}

function keepAct([verb, path = '', offset = '', bytes = '']: readonly string[]): KeepAct {
  switch (verb) {
    case 'list':
      return { verb }
    case 'new':
      return { verb, path }
    case 'get':
      return { verb, path, offset: Number(offset) }
    case 'put':
      return { verb, path, offset: Number(offset), bytes: unescapeBytes(bytes) }
    default:
      throw new SyntaxError(`unknown act on what is kept: ${verb ?? ''}`)
  }
}

function text(escaped: string): string {
  return new TextDecoder().decode(unescapeBytes(escaped))
}

function parseLine([stdin = '', count = '', ...rest]: readonly string[]): Line {
  const names = Number(count)
  if (!Number.isInteger(names) || rest.length < 2 * names + 1)
    throw new SyntaxError('a command line has too few words')
  const env: { [name: string]: string } = {}
  for (let i = 0; i < names; i++) env[rest[2 * i] ?? ''] = rest[2 * i + 1] ?? ''
  const argv = rest.slice(2 * names)
  return { argv, env, ...(stdin === '-' ? {} : { stdin: new TextDecoder().decode(unescapeBytes(stdin)) }) }
}
