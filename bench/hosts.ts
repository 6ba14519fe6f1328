import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { command, must, sleep, until } from '../test/lab/command.ts'
import { layWire } from './wire.ts'

/** A host of the bench: namespaces of this machine with an sshd of their own. Its disk is memory, and goes with it. */
export interface BenchHost {
  readonly name: string
  readonly address: string
  /** A path of the host as this machine sees it. */
  readonly inside: (path: string) => string
}

export interface BenchHosts {
  readonly hosts: readonly BenchHost[]
  /** Private key that logs in as root everywhere. */
  readonly keyPath: string
  readonly knownHostsPath: string
  /** Makes the wire to all hosts so long. Answers the round trip as measured, in ms. */
  readonly setRoundTrip: (ms: number) => Promise<number>
  readonly down: () => Promise<void>
}

export const prefix = 'bench'
export const network = 91
const switchName = `${prefix}sw`
const cardName = `${prefix}0`

/** What is left of a bench that was killed: its switch. Its hosts died with it. */
export async function clear(): Promise<void> {
  await command(['ip', 'link', 'del', cardName])
  await command(['ip', 'route', 'del', 'unreachable', `10.${network}.0.0/16`])
  const list = (await command(['ip', 'netns', 'list'])).out
  if (new RegExp(`^${switchName}\\b`, 'm').test(list)) await must(['ip', 'netns', 'del', switchName])
}

/** Starts so many hosts, one after another, each within 30 s. They end with this process, however it ends. */
export async function startHosts(count: number, directory: string): Promise<BenchHosts> {
  await clear()
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const keyPath = join(directory, 'id_ed25519')
  await makeKey(keyPath)
  const authorized = readFileSync(`${keyPath}.pub`, 'utf8')
  await must(['ip', 'netns', 'add', switchName])
  for (const words of [
    ['ip', '-n', switchName, 'link', 'add', 'br0', 'type', 'bridge'],
    ['ip', '-n', switchName, 'addr', 'add', `10.${network}.0.2/16`, 'dev', 'br0'],
    ['ip', '-n', switchName, 'link', 'set', 'br0', 'up'],
    ['ip', 'route', 'add', 'unreachable', `10.${network}.0.0/16`, 'metric', '9999'],
    ['ip', 'link', 'add', cardName, 'type', 'veth', 'peer', 'name', 'up0', 'netns', switchName],
    ['ip', '-n', switchName, 'link', 'set', 'up0', 'master', 'br0', 'up'],
    ['ip', 'addr', 'add', `10.${network}.0.1/16`, 'dev', cardName],
    ['ip', 'link', 'set', cardName, 'up'],
  ])
    await must(words)
  const children: ChildProcess[] = []
  const hosts: BenchHost[] = []
  const known: string[] = []
  for (let number = 1; number <= count; number++) {
    const own = join(directory, `h${number}`)
    mkdirSync(own, { recursive: true })
    const hostKey = join(own, 'host_key')
    await makeKey(hostKey)
    writeFileSync(join(own, 'authorized_keys'), authorized)
    const child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--uts', '--ipc', '--pid', '--net', '--fork'],
        ...['--kill-child=KILL', 'sh', join(import.meta.dirname, 'host.sh')],
        ...[own, String(number), switchName, String(network)],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let said = ''
    child.stderr.on('data', (bytes: Buffer) => (said = `${said}${bytes.toString()}`.slice(-2000)))
    children.push(child)
    const address = `10.${network}.1.${number}`
    await until(
      `sshd of h${number} (${said})`,
      30_000,
      async () => {
        if (child.exitCode !== null) throw new Error(`h${number} did not start: ${said}`)
        return (await connectMs(address)) === undefined ? undefined : true
      },
      20,
    )
    const init = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
    hosts.push({ name: `h${number}`, address, inside: path => `/proc/${init}/root${path}` })
    known.push(`${address} ${readFileSync(`${hostKey}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')}`)
  }
  const knownHostsPath = join(directory, 'known_hosts')
  writeFileSync(knownHostsPath, `${known.join('\n')}\n`)
  copyFileSync(knownHostsPath, join(directory, 'known_hosts.made'))
  const wire = layWire(switchName)
  return {
    hosts,
    keyPath,
    knownHostsPath,
    async setRoundTrip(ms) {
      await wire.set(ms)
      const seen: number[] = []
      for (let i = 0; i < 7; i++) seen.push((await connectMs(hosts[0]?.address ?? '')) ?? Number.NaN)
      return seen.sort((a, b) => a - b)[3] ?? Number.NaN
    },
    async down() {
      await wire.set(0)
      for (const child of children) child.kill('SIGKILL')
      for (let i = 0; i < 50 && children.some(one => one.exitCode === null && one.signalCode === null); i++)
        await sleep(100)
      await clear()
    },
  }
}

async function makeKey(path: string): Promise<void> {
  if (!existsSync(path))
    await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', path])
}

/** How long TCP's handshake takes, which is one round trip. Undefined when nobody answers within 2 s. */
function connectMs(address: string): Promise<number | undefined> {
  return new Promise(resolve => {
    const began = performance.now()
    const socket = connect({ host: address, port: 22, timeout: 2000 })
    const end = (answer: number | undefined): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => {
      end(performance.now() - began)
    })
    socket.once('error', () => {
      end(undefined)
    })
    socket.once('timeout', () => {
      end(undefined)
    })
  })
}
