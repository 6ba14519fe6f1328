import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quote } from '../plan/quote.ts'

/** A folder that only we can read, for control sockets and for the program that asks us for passwords. */
export interface Room {
  /** A name in it that no other caller gets. Short: paths of sockets may have about 100 bytes. */
  file(kind: string): string
  /** The environment in which an `ssh` asks `answer` instead of a terminal. */
  asking(answer: (prompt: string) => Promise<string | undefined>): Promise<Asking>
  /** Done however this process ends, but for SIGKILL; the answer takes it back. */
  atExit(task: () => void): () => void
  end(): void
}

export interface Asking {
  readonly env: NodeJS.ProcessEnv
  end(): void
}

/** Passes the prompt on and prints the answer; without an answer it fails, and ssh goes on without. */
const SCRIPT = `const socket = require('node:net').connect(process.env.RUNBOOK_ASKPASS)
let answer = ''
socket.on('error', () => process.exit(1))
socket.on('data', chunk => (answer += chunk))
socket.on('end', () => (answer === '' ? process.exit(1) : process.stdout.write(answer.slice(1) + '\\n')))
socket.end(JSON.stringify([process.env.SSH_ASKPASS_PROMPT || '', process.argv[2] || '']))
`

/** Makes the folder. What is secret goes over a socket in it and never into a file. */
export function privateRoom(): Room {
  const folder = mkdtempSync(join(tmpdir(), 'rb-'))
  chmodSync(folder, 0o700)
  const script = join(folder, 'askpass.cjs')
  const program = join(folder, 'askpass')
  writeFileSync(script, SCRIPT, { mode: 0o600 })
  writeFileSync(program, `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(script)} "$@"\n`, {
    mode: 0o700,
  })
  const servers = new Set<Server>()
  const tasks = new Set<() => void>()
  let count = 0
  const onExit = (): void => {
    for (const task of tasks) task()
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', onExit)
  const file = (kind: string): string => join(folder, `${kind}${String(count++)}`)
  return {
    file,
    async asking(answer) {
      const path = file('a')
      const server = createServer({ allowHalfOpen: true }, socket => {
        let text = ''
        socket.on('error', () => undefined)
        socket.on('data', chunk => (text += chunk.toString('utf8')))
        socket.on('end', () => {
          const [kind = '', prompt = ''] = JSON.parse(text) as string[]
          // A notice (touch the token) stays until ssh takes it away; there is no question in it.
          if (kind === 'none') return
          answer(prompt).then(
            said => socket.end(said === undefined ? '' : `=${said}`),
            () => socket.end(),
          )
        })
      })
      servers.add(server)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(path, resolve)
      })
      server.unref()
      return {
        env: {
          ...process.env,
          SSH_ASKPASS: program,
          SSH_ASKPASS_REQUIRE: 'force',
          // Without it, an ssh before 8.4 does not ask.
          DISPLAY: process.env['DISPLAY'] ?? ':0',
          RUNBOOK_ASKPASS: path,
        },
        end() {
          servers.delete(server)
          server.close()
        },
      }
    },
    atExit(task) {
      tasks.add(task)
      return () => tasks.delete(task)
    },
    end() {
      process.removeListener('exit', onExit)
      for (const server of servers) server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
