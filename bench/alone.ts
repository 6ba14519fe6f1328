import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { command } from '../test/lab/command.ts'
import type { BenchHosts } from './hosts.ts'
import { type Cost, measured } from './runs.ts'

const root = join(import.meta.dirname, '..')
const bundle = join(root, 'dist', 'main.js')

/** Programs measured in turn, so that a busy moment falls on all of them. */
export type Turns = { readonly [name: string]: readonly Cost[] }

async function inTurn(
  programs: { readonly [name: string]: readonly string[] },
  rounds: number,
  directory: string,
  onRun: (text: string) => void = () => undefined,
): Promise<Turns> {
  mkdirSync(directory, { recursive: true })
  const costs: { [name: string]: Cost[] } = Object.fromEntries(Object.keys(programs).map(name => [name, []]))
  const output = join(directory, 'output')
  for (let round = 0; round < rounds; round++)
    for (const [name, argv] of Object.entries(programs)) {
      const cost = await measured('cpu', argv, output)
      onRun(`${name}: ${cost.seconds.toFixed(2)} s`)
      if (cost.code !== 0)
        throw new Error(`${name} ended with ${cost.code}: ${readFileSync(output, 'utf8').slice(-1000)}`)
      costs[name]?.push(cost)
    }
  return costs
}

/** The start of the program, beside that of Node alone. */
export function starts(rounds: number, directory: string): Promise<Turns> {
  const run = (...words: string[]): readonly string[] => [process.execPath, bundle, ...words]
  return inTurn(
    {
      'node -e 0': [process.execPath, '-e', '0'],
      'runbook --version': run('--version'),
      'runbook --help': run('--help'),
      'runbook validate': run('validate', join(root, 'playbooks', 'dtr-ha.yml')),
    },
    rounds,
    directory,
  )
}

/** Sizes of plans, in steps and hosts. */
export const sizes = [
  { steps: 100, hosts: 100 },
  { steps: 1_000, hosts: 1_000 },
  { steps: 10_000, hosts: 1_000 },
] as const

/** Validates, compiles and previews playbooks of growing size, without hosts: `plan --offline`, all its output included. */
export function plans(rounds: number, directory: string, onRun: (text: string) => void): Promise<Turns> {
  mkdirSync(directory, { recursive: true })
  const programs: { [name: string]: readonly string[] } = {}
  for (const { steps, hosts } of sizes) {
    const names = Array.from({ length: hosts }, (_, i) => `h${i + 1}`)
    const address = (i: number): string => `10.${network}.${10 + Math.floor(i / 250)}.${1 + (i % 250)}`
    const each = Array.from({ length: steps / hosts }, (_, i) => ({
      name: `Step ${i + 1}`,
      file: { path: `/srv/bench/f${i + 1}`, content: `file ${i + 1}\n` },
    }))
    const file = join(directory, `plan-${steps}.yml`)
    writeFileSync(
      file,
      stringify({
        runbook: 1,
        name: 'bench',
        hosts: Object.fromEntries(names.map((name, i) => [name, { address: address(i) }])),
        steps: each,
      }),
    )
    programs[`${steps}`] = [process.execPath, bundle, 'plan', file, '--offline']
  }
  return inTurn(programs, rounds, directory, onRun)
}

/** Never connected to. */
const network = 91

/** 100,000 lines while a command works for seconds, and the same command silent. */
export function outputs(rounds: number, at: BenchHosts, directory: string): Promise<Turns> {
  mkdirSync(directory, { recursive: true })
  const [host] = at.hosts
  const book = (name: string, to: string): string => {
    const file = join(directory, `${name}.yml`)
    const shell = `for i in 1 2 3 4 5 6 7 8 9 10; do seq 10000 ${to}; sleep 1; done`
    writeFileSync(
      file,
      stringify({
        runbook: 1,
        name: 'bench',
        ssh: { user: 'root', port: 22, identityFile: at.keyPath, knownHosts: [at.knownHostsPath] },
        hosts: { h1: { address: host?.address ?? '' } },
        steps: [{ name: 'Talk', command: { shell } }],
      }),
    )
    return file
  }
  const apply = (file: string): readonly string[] => [
    process.execPath,
    bundle,
    'apply',
    file,
    '--yes',
    '--runs-dir',
    join(directory, 'runs'),
  ]
  return inTurn(
    { silent: apply(book('silent', '>/dev/null')), lines: apply(book('lines', '')) },
    rounds,
    directory,
  )
}

/** Cases of the fault sweep a second, over one example, as the sweep itself says. */
export async function sweepRate(
  example: string,
): Promise<{ readonly cases: number; readonly seconds: number }> {
  const { code, out, err } = await command(['npm', 'run', '--silent', 'sweep', '--', example], { cwd: root })
  // name, calls, cases, …, seconds, cases/s: without the start of the processes that share the work.
  const cells = (out.split('\n').find(line => line.startsWith(`${example} `)) ?? '').trim().split(/\s+/)
  const [cases, seconds] = [cells[2], cells.at(-2)]
  if (code !== 0 || cases === undefined) throw new Error(`the sweep ended with ${code}: ${out}${err}`)
  return { cases: Number(cases), seconds: Number(seconds) }
}
