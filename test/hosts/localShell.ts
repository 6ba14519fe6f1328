import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Duplex } from 'node:stream'
import type { Link } from '../../src/hosts/link.ts'
import { shellPool } from '../../src/hosts/pool.ts'
import { type Shell, type ShellChannel, openShell } from '../../src/hosts/shell.ts'

/** The shells of this machine that can run the prelude: name and command. */
export const SHELLS: readonly (readonly [string, readonly string[]])[] = (
  [
    ['dash', ['/bin/dash']],
    ['bash', ['/bin/bash', '--posix']],
    ['busybox', ['/bin/busybox', 'sh']],
  ] as const
).filter(([, [path]]) => existsSync(path))

/** A channel to a shell on this machine, as sshd would give it: pipes, no terminal. */
function spawnShell(command: readonly string[]): {
  readonly channel: ShellChannel
  readonly child: ChildProcess
} {
  const [file = 'sh', ...args] = command
  const child = spawn(file, args, { stdio: 'pipe' })
  child.stdin.on('error', () => undefined)
  const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin })
  const channel = Object.assign(duplex, { stderr: child.stderr }) as ShellChannel
  channel.on('close', () => {
    child.stdin.destroy()
    child.stdout.destroy()
    child.stderr.destroy()
  })
  return { channel, child }
}

/** A link whose shells are processes of this machine. `lose()` cuts all of them, as a dead connection does. */
export function localLink(
  command: readonly string[],
): Link & { lose(): void; readonly pids: () => number[] } {
  const open = new Set<ShellChannel>()
  const children: ChildProcess[] = []
  const shell = (): Promise<Shell> => {
    const { channel, child } = spawnShell(command)
    open.add(channel)
    children.push(child)
    return Promise.resolve(openShell(channel, '00112233445566778899aabbccddeeff'))
  }
  const pool = shellPool(shell)
  const lose = (): void => {
    for (const channel of open) channel.destroy()
    open.clear()
  }
  const use: Link['use'] = async task => {
    for (;;) {
      try {
        return await pool.use(found => task(found, pool, () => undefined))
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'ShellLost') throw error
      }
    }
  }
  return {
    use,
    connection: () => Promise.reject(new Error('there is no connection')),
    lose,
    close: lose,
    pids: () => children.flatMap(child => child.pid ?? []),
  }
}
