import { existsSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from './command.ts'

/** A process of this machine. The number alone is no identity, it is used again; with the start time it is. */
export interface ProcessId {
  readonly pid: number
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  readonly start: string
}

/** Reads `PID START` as supervise.sh and boot.sh write it. */
export function readProcessId(path: string): ProcessId | undefined {
  const text = unlessGone(() => readFileSync(path, 'utf8'))
  if (text === undefined) return undefined
  const [pid = '', start = ''] = text.trim().split(' ')
  return /^\d+$/.test(pid) && start !== '' ? { pid: Number(pid), start } : undefined
}

/** What is read; undefined where it is not there. A process that ends takes its files along at any moment, also after a look for them. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export function alive(id: ProcessId): boolean {
  try {
    const stat = readFileSync(`/proc/${String(id.pid)}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')
    return fields[19] === id.start && fields[0] !== 'Z'
  } catch {
    return false
  }
}

/** Signals the process if it still is the one we mean. */
export function signal(id: ProcessId, name: NodeJS.Signals | number): boolean {
  if (!alive(id)) return false
  try {
    process.kill(id.pid, name)
    return true
  } catch {
    return false
  }
}

/** Every cgroup hierarchy of this machine, v1 and unified. */
function hierarchies(): readonly string[] {
  return readdirSync('/sys/fs/cgroup').map(name => join('/sys/fs/cgroup', name))
}

function walk(directory: string): string[] {
  const entries = unlessGone(() => readdirSync(directory, { withFileTypes: true }))
  if (entries === undefined) return []
  const below = entries.filter(entry => entry.isDirectory())
  return [...below.flatMap(entry => walk(join(directory, entry.name))), directory]
}

/** The processes in a cgroup and below: exactly the lab's own, also when its state files are lost. */
export function membersOf(group: string): readonly number[] {
  return walk(join('/sys/fs/cgroup/pids', group)).flatMap(directory => {
    try {
      return readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
    } catch {
      return []
    }
  })
}

/** FROZEN stops every process of the group where it stands; a frozen process does not even die of SIGKILL. */
export function setFreezer(group: string, state: 'FROZEN' | 'THAWED'): void {
  const path = join('/sys/fs/cgroup/freezer', group, 'freezer.state')
  if (existsSync(path)) writeFileSync(path, state)
}

/** Ends every process of the group and removes the group from all hierarchies. */
export async function removeGroup(group: string): Promise<void> {
  for (const directory of walk(join('/sys/fs/cgroup/freezer', group)).reverse()) {
    writeFileSync(join(directory, 'freezer.state'), 'THAWED')
  }
  for (let round = 0; round < 100; round++) {
    const members = membersOf(group)
    for (const pid of members) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // gone already
      }
    }
    if (members.length === 0 && hierarchies().every(root => removeBelow(join(root, group)))) return
    await sleep(100)
  }
  throw new Error(`control group ${group} still has processes ${membersOf(group).join(' ')}`)
}

function removeBelow(directory: string): boolean {
  try {
    for (const each of walk(directory)) rmdirSync(each)
    return true
  } catch {
    return false
  }
}
