import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { BenchHost } from './hosts.ts'

/** One step, as every tool is given it in its own words. All paths lie below `top`. */
export type Task =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: string }
  | { readonly kind: 'file'; readonly path: string; readonly mode: string; readonly content: string }
  /** Run in a shell unless `creates` is there. Without `creates` it is run always. */
  | { readonly kind: 'command'; readonly shell: string; readonly creates?: string }

export interface Workload {
  readonly id: string
  readonly title: string
  readonly hosts: number
  /** In order, on every host alike. */
  readonly tasks: readonly Task[]
  /** What the hosts are like before each run. */
  readonly from: 'nothing' | 'done'
}

export const top = '/root/bench'

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1)
/** 2 KB of text, another one in each file. */
const text = (number: number): string =>
  `file ${number} of the bench, line of text\n`.repeat(64).slice(0, 2047) + '\n'

/** 10 folders with mode, 10 files of 2 KB with mode, 10 commands that make something. */
const thirty: readonly Task[] = [
  ...numbers(10).map(i => ({ kind: 'directory' as const, path: `${top}/d${i}`, mode: '0750' })),
  ...numbers(10).map(i => ({
    kind: 'file' as const,
    path: `${top}/d${i}/f${i}`,
    mode: '0640',
    content: text(i),
  })),
  ...numbers(10).map(i => ({
    kind: 'command' as const,
    shell: `sha256sum ${top}/d${i}/f${i} > ${top}/c${i}`,
    creates: `${top}/c${i}`,
  })),
]

export const workloads: readonly Workload[] = [
  { id: 'W1', title: 'no-op: 7 hosts × 30 satisfied ordered steps', hosts: 7, tasks: thirty, from: 'done' },
  { id: 'W2', title: 'converge: the same 30 steps from nothing', hosts: 7, tasks: thirty, from: 'nothing' },
  {
    id: 'W3',
    title: 'fleet: `true` and hostname on 50 hosts',
    hosts: 50,
    tasks: [
      { kind: 'command', shell: 'true' },
      { kind: 'command', shell: `hostname > ${top}/w3` },
    ],
    from: 'nothing',
  },
  {
    id: 'W4',
    title: 'one command on one host',
    hosts: 1,
    tasks: [{ kind: 'command', shell: `hostname > ${top}/w4` }],
    from: 'nothing',
  },
  {
    id: 'W5',
    title: '200 commands on one host, each needing the one before',
    hosts: 1,
    tasks: numbers(200).map(i => ({
      kind: 'command',
      shell: `test -e ${top}/p${i - 1} && echo ${i} > ${top}/p${i}`,
      creates: `${top}/p${i}`,
    })),
    from: 'nothing',
  },
]

/** Makes a host what it has to be before a run. */
export function prepare(workload: Workload, host: BenchHost): void {
  rmSync(host.inside(top), { recursive: true, force: true })
  mkdirSync(host.inside(top), { mode: 0o755 })
  writeFileSync(host.inside(`${top}/p0`), '0\n')
  if (workload.from === 'nothing') return
  for (const task of workload.tasks) {
    if (task.kind === 'directory') {
      mkdirSync(host.inside(task.path))
      chmodSync(host.inside(task.path), Number.parseInt(task.mode, 8))
    } else if (task.kind === 'file') {
      writeFileSync(host.inside(task.path), task.content)
      chmodSync(host.inside(task.path), Number.parseInt(task.mode, 8))
    } else if (task.creates !== undefined) {
      const made = madeBy(task.shell, host)
      writeFileSync(host.inside(task.creates), made)
    }
  }
}

/** What everything on a host is, so that a run that had nothing to do can be held to that. */
export function stamp(workload: Workload, host: BenchHost): string {
  return workload.tasks
    .flatMap(task => (task.kind === 'command' ? (task.creates ?? []) : task.path))
    .map(path => {
      const { ino, mtimeNs, mode } = statSync(host.inside(path), { bigint: true })
      return `${path} ${ino} ${mtimeNs} ${mode}`
    })
    .join('\n')
}

/** What a run left undone on a host, or did though it was done before; undefined when all is as it should be. */
export function wrongOn(workload: Workload, host: BenchHost, before: string | undefined): string | undefined {
  for (const task of workload.tasks) {
    if (task.kind === 'command') {
      const made = /> (\S+)$/.exec(task.shell)?.[1]
      if (made === undefined) continue
      if (!existsSync(host.inside(made))) return `${host.name}: ${made} is not there`
      if (readFileSync(host.inside(made), 'utf8') !== madeBy(task.shell, host))
        return `${host.name}: ${made} says something else`
      continue
    }
    if (!existsSync(host.inside(task.path))) return `${host.name}: ${task.path} is not there`
    const mode = (statSync(host.inside(task.path)).mode & 0o7777).toString(8).padStart(4, '0')
    if (mode !== task.mode) return `${host.name}: ${task.path} has mode ${mode}`
    if (task.kind === 'file' && readFileSync(host.inside(task.path), 'utf8') !== task.content)
      return `${host.name}: ${task.path} has another content`
  }
  if (before !== undefined && stamp(workload, host) !== before)
    return `${host.name}: something was changed in a run with nothing to do`
  return undefined
}

/** What a command writes, found out another way than by running it. */
function madeBy(shell: string, host: BenchHost): string {
  const [, summed] = /^sha256sum (\S+)/.exec(shell) ?? []
  if (summed !== undefined)
    return `${createHash('sha256')
      .update(readFileSync(host.inside(summed)))
      .digest('hex')}  ${summed}\n`
  const [, echoed] = /echo (\S+)/.exec(shell) ?? []
  return `${echoed ?? host.name}\n`
}
