import { readFileSync } from 'node:fs'
import type { Io } from '../../src/cli/io.ts'
import { processIo } from '../../src/cli/io.ts'
import { slowLine } from '../hosts/flights.ts'
import type { Lab } from './harness.ts'
import { adminPassword, passwordVariable } from './playbook.ts'

/** Long enough to tell what is sent at once from what waits for an answer. */
const halfMs = 15

export interface Lines {
  /** As the process has it, but with a counting line between it and the real sshd of each host. Says nothing. */
  readonly io: Io
  /** Round trips on the wire by host, from the first packet of SSH on. */
  readonly roundTrips: () => Readonly<Record<string, number>>
  readonly close: () => Promise<void>
}

/** Lays a counting line to each host. */
export async function layLines(lab: Lab, directory: string, names: readonly string[]): Promise<Lines> {
  const lines = new Map(
    await Promise.all(
      names.map(async name => [name, await slowLine(22, halfMs, lab.host(name).address)] as const),
    ),
  )
  const lineTo = (name: string) => {
    const line = lines.get(name)
    if (line === undefined) throw new Error(`no line leads to ${name}`)
    return line
  }
  const keys = readFileSync(lab.knownHostsPath, 'utf8').split('\n')
  const knownHosts = names.flatMap(name => {
    const { address } = lab.host(name)
    return keys
      .map(key => key.split(' '))
      .filter(([hosts = '']) => hosts.split(',').includes(address))
      .map(([, ...key]) => `[127.0.0.1]:${String(lineTo(name).port)} ${key.join(' ')}`)
  })
  return {
    io: {
      ...processIo(false),
      out: () => undefined,
      err: () => undefined,
      terminal: undefined,
      interactive: false,
      env: { ...process.env, [passwordVariable]: adminPassword },
      cwd: directory,
      detour: {
        at: host => ({ ...host, address: '127.0.0.1', port: lineTo(host.name).port }),
        options: { knownHosts: knownHosts.join('\n') },
      },
    },
    roundTrips: () => Object.fromEntries([...lines].map(([name, line]) => [name, line.flights()])),
    async close() {
      for (const line of lines.values()) await line.close()
    },
  }
}
