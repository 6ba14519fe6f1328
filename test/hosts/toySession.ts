import type { Host } from '../../src/plan/step.ts'
import type { Exit } from '../../src/plan/fact.ts'
import type { Connect, Line } from '../../src/hosts/session.ts'

export interface Toy {
  readonly connect: Connect
  readonly probed: Line[]
  readonly ran: { readonly job: string; readonly line: Line; readonly timeoutMs: number }[]
  readonly files: Map<string, { readonly content: Uint8Array; readonly mode: string }>
  /** Ends the running jobs. */
  finish(exit: Exit): void
}

/** A host in memory: probes echo their words, jobs run until told and are remembered by name. */
export function toyHost(slow = false): Toy {
  const probed: Line[] = []
  const ran: { job: string; line: Line; timeoutMs: number }[] = []
  const files = new Map<string, { content: Uint8Array; mode: string }>()
  const jobs = new Map<string, Promise<Exit>>()
  const waiting: ((exit: Exit) => void)[] = []
  const done = { code: 0, stdout: 'done\n', stderr: '' }
  const connect: Connect = () =>
    Promise.resolve({
      probe: lines => {
        probed.push(...lines)
        return Promise.resolve(
          lines.map(({ argv, stdin, env }) => ({
            code: argv[0] === 'false' ? 1 : 0,
            stdout: JSON.stringify({ argv, stdin, env }),
            stderr: argv[0] === 'false' ? 'no\n' : '',
          })),
        )
      },
      exec: (line, { job, timeoutMs }) => {
        const known = jobs.get(job)
        if (known !== undefined) return known
        ran.push({ job, line, timeoutMs })
        const exit = slow ? new Promise<Exit>(resolve => waiting.push(resolve)) : Promise.resolve(done)
        jobs.set(job, exit)
        return exit
      },
      write: (path, content, mode) => {
        files.set(path, { content: Uint8Array.from(content), mode })
        return Promise.resolve({ code: 0, stdout: '', stderr: '' })
      },
      close: () => Promise.resolve(),
    })
  return {
    connect,
    probed,
    ran,
    files,
    finish(exit) {
      for (const resolve of waiting.splice(0)) resolve(exit)
    },
  }
}

export const toy: Host = { name: 'toy', address: 'nowhere', port: 1, user: 'root', roles: [], sudo: 'no' }
