import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { command, must } from '../test/lab/command.ts'

export interface Wire {
  /** From now on every packet takes half of this each way; 0 takes the wire out. */
  readonly set: (roundTripMs: number) => Promise<void>
}

/**
 * The delay between a switch's ports: see wire.py. The same on every kernel, whether or not it has netem.
 * @param port only what comes from or goes to this port of the switch; several wires at once each need a queue of their own
 */
export function layWire(switchName: string, port?: string, queue = '91'): Wire {
  const ways =
    port === undefined
      ? [['--physdev-is-bridged']]
      : [
          ['--physdev-is-bridged', '--physdev-in', port],
          ['--physdev-is-bridged', '--physdev-out', port],
        ]
  const rules = (act: '-A' | '-D'): string[][] =>
    ways.map(way => [
      ...['iptables', '-t', 'mangle', act, 'FORWARD', '-m', 'physdev', ...way],
      ...['-j', 'NFQUEUE', '--queue-num', queue, '--queue-bypass'],
    ])
  const inSwitch = (words: readonly string[]): string[] => ['ip', 'netns', 'exec', switchName, ...words]
  let process: ChildProcess | undefined
  return {
    async set(roundTripMs) {
      if (process !== undefined) {
        for (const rule of rules('-D')) await command(inSwitch(rule))
        process.kill('SIGKILL')
        process = undefined
      }
      if (roundTripMs === 0) return
      const [file = '', ...args] = inSwitch([
        ...['setpriv', '--pdeathsig', 'KILL', '/usr/bin/python3', join(import.meta.dirname, 'wire.py')],
        ...[queue, String(roundTripMs / 2)],
      ])
      const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      process = child
      await new Promise<void>((resolve, reject) => {
        child.stdout.once('data', () => {
          resolve()
        })
        child.once('error', reject)
        child.once('exit', () => {
          reject(
            new Error('the wire did not start: has this kernel NFQUEUE (CONFIG_NETFILTER_NETLINK_QUEUE)?'),
          )
        })
      })
      for (const rule of rules('-A')) await must(inSwitch(rule))
    },
  }
}
