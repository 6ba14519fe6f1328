import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { products } from '../../src/catalog/index.ts'
import { loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { processIo } from '../../src/cli/io.ts'
import { bareEstate } from '../../src/cli/stage.ts'
import type { Connect } from '../../src/hosts/session.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { serveTwin } from '../../src/twin/server.ts'

/** A pretend cluster behind real SSH, for controllers that are processes of their own. */
export interface Hosts {
  readonly folder: string
  readonly estate: Estate
  /** Every effect that began on a host, with its host, in order. */
  readonly begun: string[]
  /** Seconds added to the hosts' clocks since boot. */
  aged: number
  /** A folder with a copy of the playbook, as another person has it. */
  desk(name: string): string
  close(): Promise<void>
}

/** The playbook's name in each desk. */
export const playbook = 'minimal.yml'
/** So many pretended seconds go by in a real one. */
const FASTER = 60

/**
 * Serves the hosts of playbooks/minimal.yml on loopback, each on an address of its own.
 * @param password of UCP's administrator: a reference that the controllers can resolve
 * @param spoil puts itself between the servers and the estate
 */
export async function serveHosts(
  password = 'env:UCP_ADMIN_PASSWORD',
  spoil: (connect: Connect) => Connect = connect => connect,
): Promise<Hosts> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-processes-'))
  const io = { ...processIo(false), cwd: join(packageRoot(), 'playbooks') }
  const { topology } = await loadGood(playbook, io)
  const bornMs = performance.now()
  const names = Object.keys(topology.hosts).sort()
  let twin: Connect = host => Promise.reject(new Error(`${host.name} is not there yet`))
  const served = await serveTwin(host => twin(host), Object.values(topology.hosts), {
    address: name => `127.0.77.${String(names.indexOf(name) + 1)}`,
  })
  writeFileSync(join(folder, 'known_hosts'), served.knownHosts)
  writeFileSync(join(folder, 'key'), served.clientKey)
  chmodSync(join(folder, 'key'), 0o600)
  const ssh = `ssh:\n  user: root\n  identityFile: ${join(folder, 'key')}\n  knownHosts: [${join(folder, 'known_hosts')}]\n\nhosts:`
  const text = names
    .reduce(
      (rest, name) => {
        const at = topology.hosts[name]
        if (at === undefined) return rest
        const { address, port } = served.at(at)
        return rest.replace(`address: ${at.address} `, `address: ${address}, port: ${String(port)} `)
      },
      readFileSync(join(packageRoot(), 'playbooks', playbook), 'utf8'),
    )
    .replace('\nhosts:', `\n${ssh}`)
    .replace('env:UCP_ADMIN_PASSWORD', password)
  writeFileSync(join(folder, playbook), text)
  // The hosts know themselves by the addresses that they are served on.
  const { topology: moved } = await loadGood(playbook, { ...io, cwd: folder })
  // It goes on by itself, as the controllers do not wait by it.
  const startMs = Date.now()
  const clock = {
    now: () => Math.round(startMs + (performance.now() - bornMs) * FASTER),
    sleep: (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms / FASTER)),
  }
  const estate = bareEstate(moved, clock.now())
  const begun: string[] = []
  twin = spoil(
    connectTwin(
      estate,
      products.map(product => product.model),
      clock,
      {
        uptimeSeconds: () => Math.floor((performance.now() - bornMs) / 1000) + 1000 + hosts.aged,
        heard(host, { argv }, how) {
          if (how === 'exec') begun.push(`${host} ${argv.join(' ')}`)
        },
      },
    ),
  )
  const hosts: Hosts = {
    folder,
    estate,
    begun,
    aged: 0,
    desk(name) {
      const path = join(folder, name)
      mkdirSync(path, { recursive: true })
      cpSync(join(packageRoot(), 'playbooks', 'files'), join(path, 'files'), { recursive: true })
      writeFileSync(join(path, playbook), text)
      return path
    },
    async close() {
      await served.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return hosts
}

/** A `runbook` that runs, and what it said. */
export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<{ readonly code: number; readonly signal: NodeJS.Signals | null }>
  readonly said: () => string
  /** Called with each whole line of stdout: with `--output json`, one for each record that is on disk. */
  onLine: (line: string, count: number) => void
}

/** Starts `runbook WORDS` in a folder, as a process of its own whose clock is off by so many seconds. */
export function start(
  folder: string,
  words: readonly string[],
  options: {
    readonly skewSeconds?: number
    readonly env?: NodeJS.ProcessEnv
    readonly preload?: string
  } = {},
): Started {
  const root = packageRoot()
  const { CI: _, ...env } = process.env
  const skew = `const now = Date.now.bind(Date); Date.now = () => now() + ${String((options.skewSeconds ?? 0) * 1000)};${options.preload ?? ''}`
  const preload = `data:text/javascript,${encodeURIComponent(skew)}`
  const child = spawn(
    process.execPath,
    [
      '--import',
      preload,
      '--import',
      join(root, 'node_modules/tsx/dist/loader.mjs'),
      join(root, 'src/main.ts'),
      ...words,
    ],
    {
      cwd: folder,
      env: { ...env, HOME: folder, SSH_AUTH_SOCK: '', UCP_ADMIN_PASSWORD: 'Pa55-phrase', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  let rest = ''
  let count = 0
  const self: Started = {
    child,
    said: () => said,
    onLine: () => undefined,
    ended: new Promise((resolve, reject) => {
      child.once('error', reject).once('close', (code, signal) => {
        resolve({ code: code ?? -1, signal })
      })
    }),
  }
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    const lines = `${rest}${chunk.toString()}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) self.onLine(line, ++count)
  })
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return self
}

/** What only may begin once: the vendor's own installs. */
export function installs(hosts: Hosts): readonly string[] {
  return hosts.begun
    .flatMap(words => /(ucp|dtr):\S+ install\b/.exec(words)?.[0].replace(/:\S+/, '') ?? [])
    .sort()
}
