import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'

/** Just enough of the Language Server Protocol over stdio: one client, requests with answers, notifications both ways. */
export interface LanguageServer {
  request(method: string, params: unknown): Promise<unknown>
  notify(method: string, params: unknown): void
  /** The first notification of this method, past or to come, that the test accepts. */
  notified(method: string, accept: (params: unknown) => boolean): Promise<unknown>
  stop(): Promise<void>
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

const require = createRequire(import.meta.url)

export async function startLanguageServer(): Promise<LanguageServer> {
  const child = spawn(
    process.execPath,
    [require.resolve('yaml-language-server/bin/yaml-language-server'), '--stdio'],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  )
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const answers = new Map<number, (message: Message) => void>()
  const notifications: Message[] = []
  const watchers = new Set<() => void>()
  let lastId = 0

  const send = (message: object) => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }
  const receive = (message: Message) => {
    if (message.method !== undefined && message.id !== undefined) {
      // The server asks for settings: none, but validation, hover and completion as they are by default.
      const asked = (message.params as { items?: readonly unknown[] } | undefined)?.items ?? []
      send({
        id: message.id,
        result: message.method === 'workspace/configuration' ? asked.map(() => ({})) : null,
      })
    } else if (message.method !== undefined) {
      notifications.push(message)
      for (const watcher of watchers) watcher()
    } else if (message.id !== undefined) {
      answers.get(message.id)?.(message)
      answers.delete(message.id)
    }
  }
  let buffer = Buffer.alloc(0)
  child.stdout.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk])
    for (;;) {
      const header = buffer.indexOf('\r\n\r\n')
      const length = Number(
        /Content-Length: (\d+)/.exec(buffer.toString('latin1', 0, Math.max(0, header)))?.[1],
      )
      if (header === -1 || buffer.length < header + 4 + length) return
      const body = buffer.toString('utf8', header + 4, header + 4 + length)
      buffer = buffer.subarray(header + 4 + length)
      receive(JSON.parse(body) as Message)
    }
  })

  const server: LanguageServer = {
    request: (method, params) =>
      new Promise((resolve, reject) => {
        lastId += 1
        answers.set(lastId, ({ result, error }) => {
          if (error === undefined) resolve(result)
          else reject(new Error(`${method}: ${error.message}`))
        })
        send({ id: lastId, method, params })
      }),
    notify: (method, params) => send({ method, params }),
    notified: (method, accept) =>
      new Promise(resolve => {
        const look = () => {
          const found = notifications.find(message => message.method === method && accept(message.params))
          if (found === undefined) return
          watchers.delete(look)
          resolve(found.params)
        }
        watchers.add(look)
        look()
      }),
    stop: async () => {
      child.kill()
      await ended
    },
  }
  await server.request('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {
      textDocument: {
        completion: { completionItem: { snippetSupport: false } },
        hover: { contentFormat: ['markdown'] },
      },
    },
  })
  server.notify('initialized', {})
  return server
}
