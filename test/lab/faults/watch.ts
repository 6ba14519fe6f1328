import { readFileSync, statSync } from 'node:fs'
import { command } from '../command.ts'
import type { Lab } from '../harness.ts'
import { membersOf } from '../process.ts'

/** What was seen of processes on hosts while a run went on. */
export interface Watch {
  /** Argument lists seen, each once a process. */
  readonly commandLines: number
  /** Those that held the secret. */
  readonly inArguments: ReadonlySet<string>
  /** Processes of users other than root whose environment held it. */
  readonly inForeignEnvironments: ReadonlySet<string>
  /** Processes of root whose environment held it: that is how it is passed, and only root can read it. */
  readonly inRootsEnvironments: number
  stop(): void
}

/**
 * Looks every so often at the arguments and the environment of every process on every host of a lab, as `ps axe` there would
 * show them, containers and all.
 */
export function watchProcesses(lab: Lab, forms: readonly string[], everyMs = 25): Watch {
  const seen = new Set<string>()
  const watch = {
    commandLines: 0,
    inArguments: new Set<string>(),
    inForeignEnvironments: new Set<string>(),
    inRootsEnvironments: 0,
    stop: () => {
      clearInterval(timer)
    },
  }
  const look = (host: string, pid: number): void => {
    const at = `/proc/${String(pid)}`
    try {
      const line = readFileSync(`${at}/cmdline`, 'latin1')
      const key = `${String(pid)} ${line}`
      if (line === '' || seen.has(key)) return
      seen.add(key)
      watch.commandLines += 1
      const shown = line.replaceAll('\0', ' ').slice(0, 80)
      if (forms.some(form => line.includes(form))) watch.inArguments.add(`${host}: ${shown}`)
      const environment = readFileSync(`${at}/environ`, 'latin1')
      if (!forms.some(form => environment.includes(form))) return
      if (statSync(at).uid === 0) watch.inRootsEnvironments += 1
      else watch.inForeignEnvironments.add(`${host}: ${shown}`)
    } catch {
      // ended meanwhile
    }
  }
  const timer = setInterval(() => {
    for (const { name } of lab.hosts)
      for (const pid of membersOf(`${lab.layout.prefix}/${name}`)) look(name, pid)
  }, everyMs)
  return watch
}

/** The files of a host that hold one of the forms; of a folder when it is given. Images, which nobody wrote to, are left out. */
export async function filesWith(
  forms: readonly string[],
  roots: readonly string[],
): Promise<readonly string[]> {
  const found = await command(
    ['grep', '-rlaF', '--devices=skip', '--exclude-dir=overlay2', '-f', '/dev/stdin', ...roots],
    { input: `${forms.join('\n')}\n` },
  )
  return found.out.split('\n').filter(Boolean)
}
