import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** Where a request goes: a Unix socket, or an http or https address with what its TLS needs. */
export interface Target {
  readonly socketPath?: string
  /** http://host:port or https://host:port */
  readonly url?: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** Trust any certificate. */
  readonly insecure?: boolean
  /** Name expected in the certificate; '' for any that the CA has signed. */
  readonly serverName?: string
  readonly headers?: OutgoingHttpHeaders
}

export interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: IncomingMessage['headers']
}

export interface Ask {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: OutgoingHttpHeaders
  readonly timeoutMs?: number
}

/** Opens a request and answers the response with its body still to be read. Rejects when there is no answer. */
export function open(target: Target, path: string, ask: Ask = {}): Promise<IncomingMessage> {
  const body = encode(ask.body)
  const headers: OutgoingHttpHeaders = { ...target.headers, ...ask.headers }
  if (body !== undefined) {
    headers['content-length'] = Buffer.byteLength(body)
    headers['content-type'] ??= 'application/json'
  }
  const url = target.url === undefined ? undefined : new URL(target.url)
  const options = {
    method: ask.method ?? (body === undefined ? 'GET' : 'POST'),
    path,
    headers,
    ...(target.socketPath === undefined ? {} : { socketPath: target.socketPath }),
    ...(url === undefined ? {} : { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port }),
  }
  const tls = {
    ...(target.ca === undefined ? {} : { ca: target.ca }),
    ...(target.cert === undefined ? {} : { cert: target.cert, key: target.key }),
    rejectUnauthorized: target.insecure !== true,
    ...(target.serverName === undefined ? {} : { checkServerIdentity: () => undefined }),
  }
  return new Promise((resolve, reject) => {
    const limitMs = ask.timeoutMs ?? 30_000
    const asked =
      url?.protocol === 'https:'
        ? httpsRequest({ ...options, ...tls, agent: false })
        : httpRequest({ ...options, agent: false })
    // A request's own time-out begins when it is connected: looking up and connecting to a dead host would not count.
    const late = (): void => {
      asked.destroy(new Error(`no answer from ${target.url ?? 'the engine'} within ${String(limitMs)} ms`))
    }
    const timer = setTimeout(late, limitMs)
    asked.setTimeout(limitMs, late)
    asked.once('response', message => {
      clearTimeout(timer)
      resolve(message)
    })
    asked.once('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    asked.end(body)
  })
}

function encode(body: unknown): string | undefined {
  return body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
}

/** One request with its whole answer. */
export async function call(target: Target, path: string, ask: Ask = {}): Promise<Answer> {
  const message = await open(target, path, ask)
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return { status: message.statusCode ?? 0, text: Buffer.concat(chunks).toString(), headers: message.headers }
}

/** As `call`, for an answer of the 2xx kind in JSON. @throws with the server's own words */
export async function json<T>(target: Target, path: string, ask: Ask = {}): Promise<T> {
  const answer = await call(target, path, ask)
  if (answer.status >= 300) throw new Error(words(answer))
  return (answer.text.trim() === '' ? undefined : JSON.parse(answer.text)) as T
}

/** What a server says went wrong. */
export function words(answer: Answer): string {
  try {
    const { message } = JSON.parse(answer.text) as { readonly message?: string }
    if (message !== undefined) return `Error response from daemon: ${JSON.stringify({ message })}`
  } catch {
    // not JSON: its text is all there is
  }
  return `${String(answer.status)} ${answer.text.trim()}`
}

/** Reads a whole request body. */
export async function bodyOf(message: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

export const sleep = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })
