import { type ChildProcess, spawn } from 'node:child_process'
import { Duplex } from 'node:stream'

/** A program that is the connection: its standard input and output. */
export interface Proxy {
  readonly stream: Duplex
  /** How the program ended, or undefined when it did not end within a second. Its last words are part of it. */
  failure(): Promise<string | undefined>
}

const SAID_CHARS = 1000

/** Starts a ProxyCommand as ssh does: by the user's shell, which gives way to it. Ended, with its group, when the stream is. */
export function startProxy(command: string, env: NodeJS.ProcessEnv = process.env): Proxy {
  const shell = env['SHELL']?.startsWith('/') === true ? env['SHELL'] : '/bin/sh'
  // A group of its own: it can be ended with all it started, and a Ctrl-C at the terminal does not reach it.
  const child = spawn(shell, ['-c', `exec ${command}`], { stdio: 'pipe', detached: true, env })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-SAID_CHARS)))
  const ended = new Promise<string>(resolve => {
    child.once('error', error => {
      resolve(error.message)
    })
    child.once('close', (code, signal) => {
      resolve(`it ended with ${signal ?? String(code)}${said.trim() === '' ? '' : `: ${said.trim()}`}`)
    })
  })
  child.stdin.on('error', () => undefined)
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
  stream.on('error', () => undefined)
  stream.once('close', () => {
    end(child)
  })
  return {
    stream,
    failure: async () => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<undefined>(resolve => (timer = setTimeout(resolve, 1000, undefined)))
      const how = await Promise.race([ended, late])
      clearTimeout(timer)
      return how
    },
  }
}

function end(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, 'SIGTERM')
  } catch {
    // It has just ended by itself.
  }
}
