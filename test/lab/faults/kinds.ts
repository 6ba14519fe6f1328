import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { layWire } from '../../../bench/wire.ts'
import { sleep, until } from '../command.ts'
import type { Lab, LabHost } from '../harness.ts'
import { hostNamed, portName, switchName } from '../layout.ts'
import { membersOf } from '../process.ts'
import { loseBothWays } from '../switch.ts'

/** What goes wrong with one host, and is put right again. */
export interface Trouble {
  readonly lab: Lab
  readonly host: LabHost
  /** While this file is there the controller's clock is off by `clockMs`. */
  readonly clockFile: string
  /** Folder of the host with little room, for the kind that fills it. */
  readonly small: string
}

export interface FaultKind {
  readonly name: string
  /** Lasts for the whole of the first part of the run, as it takes nothing away. Else it ends at random, or after the part. */
  readonly lasting?: true
  /** Needs the host to have little room from the start. */
  readonly wantsSmall?: true
  readonly inflict: (on: Trouble) => Promise<void>
  readonly heal: (on: Trouble) => Promise<void>
}

/** By how much the controller's clock jumps, either way. */
export const CLOCK_OFF_MS = 5 * 60_000
const LOSS = 0.3
const ROUND_TRIP_MS = 200

/** Every sshd of a host as processes of this machine. */
function daemons({ lab, host }: Trouble): readonly number[] {
  return membersOf(`${lab.layout.prefix}/${host.name}`).filter(pid => {
    try {
      return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim() === 'sshd'
    } catch {
      return false
    }
  })
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // ended meanwhile
    }
  }
}

/** Until sshd answers and lets us in, which is what a person waits for before a resume. */
export const reachable = (host: LabHost): Promise<true> =>
  until(`ssh to ${host.name}`, 90_000, async () =>
    (await host.exec('true', { timeoutMs: 15_000 })).code === 0 ? true : undefined,
  )

const wires = new Map<string, ReturnType<typeof layWire>>()
function wireOf({ lab: { layout }, host }: Trouble): ReturnType<typeof layWire> {
  const spec = hostNamed(layout, host.name)
  const port = portName(layout, spec)
  const wire = wires.get(port) ?? layWire(switchName(layout), port, String(100 + spec.index))
  wires.set(port, wire)
  return wire
}

/** What happens to networks, hosts and clocks, each inflicted for real. */
export const kinds: readonly FaultKind[] = [
  {
    name: 'link down',
    inflict: ({ host }) => host.cable('out'),
    heal: ({ host }) => host.cable('in'),
  },
  {
    name: '30 % loss',
    lasting: true,
    inflict: ({ lab, host }) => loseBothWays(lab.layout, hostNamed(lab.layout, host.name), LOSS, 'on'),
    heal: ({ lab, host }) => loseBothWays(lab.layout, hostNamed(lab.layout, host.name), LOSS, 'off'),
  },
  {
    name: '200 ms',
    lasting: true,
    inflict: on => wireOf(on).set(ROUND_TRIP_MS),
    heal: on => wireOf(on).set(0),
  },
  {
    name: 'frozen peer',
    async inflict(on) {
      signalAll(daemons(on), 'SIGSTOP')
      await Promise.resolve()
    },
    async heal(on) {
      signalAll(daemons(on), 'SIGCONT')
      await Promise.resolve()
    },
  },
  {
    name: 'sshd killed',
    async inflict(on) {
      await on.host.enter(['systemctl', 'stop', '--no-block', 'ssh'])
      signalAll(daemons(on), 'SIGKILL')
    },
    async heal({ host }) {
      await host.enter(['sh', '-c', 'systemctl reset-failed ssh; systemctl start ssh'])
    },
  },
  {
    name: 'host killed',
    inflict: ({ host }) => host.kill(),
    async heal({ host }) {
      await host.start()
    },
  },
  {
    name: 'disk full',
    wantsSmall: true,
    async inflict({ host, small }) {
      await host.enter(['sh', '-c', `cat /dev/zero >${small}/filler 2>/dev/null; sync`])
    },
    async heal({ host, small }) {
      await host.enter(['rm', '-f', `${small}/filler`])
    },
  },
  {
    name: 'clock off by 5 min',
    lasting: true,
    async inflict({ clockFile }) {
      writeFileSync(clockFile, '')
      await sleep(0)
    },
    async heal({ clockFile }) {
      rmSync(clockFile, { force: true })
      await sleep(0)
    },
  },
]
