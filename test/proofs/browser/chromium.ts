import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** Debian's, and what others call it. */
const names = ['chromium', 'chromium-browser', 'google-chrome']

/** The name of a browser that is installed; undefined when none is. */
export function installed(): string | undefined {
  return names.find(name => spawnSync(name, ['--version'], { timeout: 20_000 }).status === 0)
}

/** A browser of this machine; where there is none and we may, Debian's is installed. Answers why there is none otherwise. */
export function browser(): { readonly name: string } | { readonly reason: string } {
  const known = installed()
  if (known !== undefined) return { name: known }
  if (process.getuid?.() !== 0) return { reason: 'no chromium here, and only root could install it' }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const words of [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', 'chromium'],
  ]) {
    const end = spawnSync('apt-get', words, { env, encoding: 'utf8', timeout: 600_000 })
    if (end.status !== 0)
      return { reason: `no chromium here, and apt-get ${words[0] ?? ''} failed: ${lastLine(end.stderr)}` }
  }
  const now = installed()
  return now === undefined ? { reason: 'apt-get installed chromium, and it does not start' } : { name: now }
}

function lastLine(text: string | null): string {
  return (text ?? 'it could not be started').trim().split('\n').at(-1) ?? ''
}

export interface Message {
  readonly method: string
  readonly params: { readonly [name: string]: unknown }
  readonly sessionId?: string
}

/** A browser that runs, told what to do over two pipes (the DevTools protocol), so that no port is open. */
export interface Browser {
  /** @throws when the browser refuses, or says nothing for half a minute */
  send(method: string, params?: object, sessionId?: string): Promise<{ readonly [name: string]: unknown }>
  /** Called with everything the browser tells by itself. */
  hear(listener: (message: Message) => void): void
  close(): Promise<void>
}

const ANSWER_WITHIN_MS = 30_000

export function open(name: string): Browser {
  const profile = mkdtempSync(join(tmpdir(), 'runbook-browser-'))
  const child = spawn(
    name,
    [
      '--headless=new',
      '--remote-debugging-pipe',
      // Its own sandbox cannot be had as root; it opens nothing but files of ours, and the network is off.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--hide-scrollbars',
      '--no-first-run',
      '--disable-background-networking',
      '--proxy-server=127.0.0.1:9',
      `--user-data-dir=${profile}`,
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  )
  const [to, from] = [child.stdio[3] as Writable, child.stdio[4] as Readable]
  const waiting = new Map<number, { resolve: (result: object) => void; reject: (error: Error) => void }>()
  const listeners: ((message: Message) => void)[] = []
  const ended = new Promise<void>(resolve =>
    child.on('close', () => {
      resolve()
    }),
  )
  const fail = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  child.on('error', fail)
  child.on('close', () => {
    fail(new Error(`${name} has ended`))
  })
  to.on('error', fail)
  let [last, rest] = [0, '']
  from.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\0')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const said = JSON.parse(part) as Message & { id?: number; result?: object; error?: { message: string } }
      const asked = said.id === undefined ? undefined : waiting.get(said.id)
      if (said.id === undefined) for (const listener of listeners) listener(said)
      else if (asked !== undefined) {
        waiting.delete(said.id)
        if (said.error) asked.reject(new Error(said.error.message))
        else asked.resolve(said.result ?? {})
      }
    }
  })
  return {
    send(method, params = {}, sessionId) {
      const id = (last += 1)
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(id)
          reject(new Error(`the browser did not answer ${method} in time`))
        }, ANSWER_WITHIN_MS)
        waiting.set(id, {
          resolve: result => {
            clearTimeout(late)
            resolve(result as { readonly [name: string]: unknown })
          },
          reject: error => {
            clearTimeout(late)
            reject(error)
          },
        })
        to.write(`${JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) })}\0`)
      })
    },
    hear(listener) {
      listeners.push(listener)
    },
    async close() {
      await this.send('Browser.close').catch(() => child.kill('SIGKILL'))
      await ended
      rmSync(profile, { recursive: true, force: true })
    },
  }
}
