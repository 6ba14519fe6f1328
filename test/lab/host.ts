import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, writeFileSync, chmodSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { CommandOptions, Result } from './command.ts'
import { command, must, sleep, until } from './command.ts'
import type { HostSpec, Layout } from './layout.ts'
import {
  address,
  balancerNames,
  gateway,
  hostDirectory,
  keyPath,
  portName,
  storageExport,
  storageMount,
} from './layout.ts'
import { switchName } from './layout.ts'
import type { ProcessId } from './process.ts'
import { alive, readProcessId, removeGroup, setFreezer, signal } from './process.ts'

const scripts = join(import.meta.dirname, 'host')

/** The host's init as a process of this machine, or undefined when the host is off. */
export function initOf(of: Layout, host: HostSpec): ProcessId | undefined {
  const id = readProcessId(join(hostDirectory(of, host.name), 'init'))
  return id !== undefined && alive(id) ? id : undefined
}

function supervisorOf(of: Layout, host: HostSpec): ProcessId | undefined {
  const id = readProcessId(join(hostDirectory(of, host.name), 'supervisor'))
  return id !== undefined && alive(id) ? id : undefined
}

/** A path of the host as this machine sees it. @throws when the host is off */
export function insideOf(of: Layout, host: HostSpec, path: string): string {
  const init = initOf(of, host)
  if (init === undefined) throw new Error(`host ${host.name} is off`)
  return `/proc/${String(init.pid)}/root${path}`
}

/** Makes a new host's disk: its name, keys and, when there are images, a Docker directory that has them. */
export async function makeDisk(
  of: Layout,
  host: HostSpec,
  root: string,
  seed: string | undefined,
): Promise<void> {
  const directory = hostDirectory(of, host.name)
  if (existsSync(join(directory, 'boot.env'))) return
  const upper = join(directory, 'upper')
  for (const each of [
    'upper/etc/ssh',
    'work',
    'merged',
    'docker',
    'containerd',
    'srv',
    'upper/etc/systemd/system',
  ]) {
    mkdirSync(join(directory, each), { recursive: true, mode: 0o755 })
  }
  chmodSync(join(directory, 'docker'), 0o710)
  const put = (path: string, text: string, mode = 0o644): void => {
    writeFileSync(join(upper, path), text, { mode })
  }
  put('etc/hostname', `${host.name}\n`)
  put('etc/hosts', hostsFile(of))
  // Nobody answers there, but the switch says so at once: a name that is not known costs no time.
  put('etc/resolv.conf', `nameserver ${gateway(of)}\noptions timeout:1 attempts:1\n`)
  await must([
    'ssh-keygen',
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    host.name,
    '-f',
    join(upper, 'etc/ssh/ssh_host_ed25519_key'),
  ])
  const publicKey = readFileSync(`${keyPath(of)}.pub`, 'utf8')
  for (const [home, owner] of [
    ['root', '0:0'],
    ['home/ops', ownerOf(root, 'ops')],
    ['home/adm', ownerOf(root, 'adm')],
  ] as const) {
    mkdirSync(join(upper, home, '.ssh'), { recursive: true, mode: 0o700 })
    chmodSync(join(upper, home), home === 'root' ? 0o700 : 0o755)
    put(`${home}/.ssh/authorized_keys`, publicKey, 0o600)
    await must(['chown', '-R', owner, join(upper, home)])
  }
  if (host.storage !== undefined) putStorage(of, host, directory, put)
  if (seed !== undefined) {
    await must(['cp', '-al', join(seed, 'overlay2'), join(directory, 'docker', 'overlay2')])
    await must(['cp', '-a', join(seed, 'image'), join(directory, 'docker', 'image')])
  }
  const settings = {
    NAME: host.name,
    PREFIX: of.prefix,
    MAC: `02:4c:${of.network.toString(16).padStart(2, '0')}:00:00:${host.index.toString(16).padStart(2, '0')}`,
    ADDRESS: address(of, host),
    ADDRESS6: `fd4c:${String(of.network)}::${host.index.toString(16)}`,
    GATEWAY: gateway(of),
    SWITCH: switchName(of),
    PORT: portName(of, host),
    ROOT: root,
  }
  writeFileSync(
    join(directory, 'boot.env'),
    Object.entries(settings)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join(''),
  )
}

function ownerOf(root: string, user: string): string {
  const line = readFileSync(join(root, 'etc/passwd'), 'utf8')
    .split('\n')
    .find(each => each.startsWith(`${user}:`))
  const [, , uid = '', gid = ''] = line?.split(':') ?? []
  return `${uid}:${gid}`
}

function hostsFile(of: Layout): string {
  const balancer = of.hosts.find(host => host.name.startsWith('lb'))
  const lines = of.hosts.map(host => {
    const aliases = host === balancer ? balancerNames : []
    return [address(of, host), host.name, `${host.name}.lab`, ...aliases].join(' ')
  })
  return `127.0.0.1 localhost\n::1 localhost\n${lines.join('\n')}\n`
}

/** The shared directory: exported by sshd of the server, mounted by sshfs before Docker starts on the clients. */
function putStorage(
  of: Layout,
  host: HostSpec,
  directory: string,
  put: (path: string, text: string) => void,
): void {
  const server = of.hosts.find(each => each.storage === 'server')
  if (host.storage === 'server') {
    mkdirSync(join(directory, 'srv', 'dtr-storage'), { recursive: true })
    return
  }
  if (server === undefined) return
  writeFileSync(join(directory, 'upper/root/.ssh/storage'), readFileSync(keyPath(of)), { mode: 0o600 })
  mkdirSync(join(directory, `upper${storageMount}`), { recursive: true })
  const options = [
    ...[
      'allow_other',
      'default_permissions',
      'reconnect',
      'ServerAliveInterval=5',
      'ServerAliveCountMax=3',
      'dir_cache=no',
    ],
    ...['attr_timeout=0', 'entry_timeout=0', 'negative_timeout=0', 'IdentityFile=/root/.ssh/storage'],
    ...['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'ConnectTimeout=5'],
  ].join(',')
  put(
    'etc/systemd/system/lab-storage.service',
    `[Unit]
Description=Directory shared between hosts
Before=docker.service
[Service]
Type=forking
ExecStartPre=/bin/sh -c 'for i in $(seq 60); do nc -z -w 1 ${address(of, server)} 22 && exit 0; sleep 0.5; done; exit 1'
ExecStart=/usr/bin/sshfs root@${address(of, server)}:${storageExport} ${storageMount} -o ${options}
ExecStop=/bin/umount -l ${storageMount}
Restart=on-failure
RestartSec=2
[Install]
WantedBy=multi-user.target
`,
  )
  const wants = join(directory, 'upper/etc/systemd/system/docker.service.d')
  mkdirSync(wants, { recursive: true })
  writeFileSync(join(wants, 'storage.conf'), '[Unit]\nAfter=lab-storage.service\nWants=lab-storage.service\n')
}

/** Switches a host on. It survives us: a supervisor in a session of its own boots it, and again when it reboots. */
export async function powerOn(of: Layout, host: HostSpec): Promise<void> {
  if (initOf(of, host) !== undefined) return
  const directory = hostDirectory(of, host.name)
  if (!existsSync(join(directory, 'boot.env')))
    throw new Error(`host ${host.name} has no disk yet: run \`up\` first`)
  await until(`the last supervisor of ${host.name} to end`, 10_000, () =>
    Promise.resolve(supervisorOf(of, host) === undefined ? true : undefined),
  )
  const log = openSync(join(directory, 'boot.log'), 'a')
  const argv = [join(scripts, 'supervise.sh'), directory, join(scripts, 'boot.sh')]
  const child = spawn('setsid', ['--fork', 'sh', ...argv], { stdio: ['ignore', log, log] })
  await new Promise((resolve, reject) => {
    child.once('exit', resolve)
    child.once('error', reject)
  })
  closeSync(log)
}

/** A power cut: every process of the host dies at once, its disk stays. */
export async function powerCut(of: Layout, host: HostSpec): Promise<void> {
  setFreezer(`${of.prefix}/${host.name}`, 'THAWED')
  const init = initOf(of, host)
  if (init !== undefined) signal(init, 'SIGKILL')
  await until(`${host.name} to be off`, 20_000, () =>
    Promise.resolve(
      initOf(of, host) === undefined && supervisorOf(of, host) === undefined ? true : undefined,
    ),
  )
  await removeGroup(`${of.prefix}/${host.name}`)
}

/** Asks the host's init to shut down or to start again, as its power button would. */
export function pressButton(of: Layout, host: HostSpec, action: 'poweroff' | 'reboot'): void {
  const init = initOf(of, host)
  // SIGRTMIN is 34; systemd: +4 powers off, +5 reboots
  if (init !== undefined) signal(init, action === 'poweroff' ? 38 : 39)
}

/** Waits until sshd and dockerd of the host answer. Answers the time waited in ms. */
export async function ready(of: Layout, host: HostSpec, withinMs = 120_000): Promise<number> {
  const begin = Date.now()
  await until(`sshd of ${host.name}`, withinMs, async () =>
    (await sshBanner(address(of, host))) ? true : undefined,
  )
  await until(`dockerd of ${host.name}`, withinMs, async () =>
    (await dockerPing(of, host)) ? true : undefined,
  )
  return Date.now() - begin
}

function sshBanner(at: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: at, port: 22, timeout: 2000 })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('data', data => {
      end(data.toString().startsWith('SSH-'))
    })
    socket.once('error', () => {
      end(false)
    })
    socket.once('timeout', () => {
      end(false)
    })
  })
}

function dockerPing(of: Layout, host: HostSpec): Promise<boolean> {
  if (initOf(of, host) === undefined) return sleep(50).then(() => false)
  return new Promise(resolve => {
    const asked = request(
      { socketPath: insideOf(of, host, '/run/docker.sock'), path: '/_ping', timeout: 5000 },
      answer => {
        answer.resume()
        resolve(answer.statusCode === 200)
      },
    )
    asked.once('timeout', () => asked.destroy())
    asked.once('error', () => {
      resolve(false)
    })
    asked.end()
  })
}

/** Runs a program inside the host, without ssh. */
export function enter(
  of: Layout,
  host: HostSpec,
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<Result> {
  const init = initOf(of, host)
  if (init === undefined) return Promise.reject(new Error(`host ${host.name} is off`))
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' }
  return command(['nsenter', '--all', '-t', String(init.pid), ...argv], { env, ...options })
}
