import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import { quote } from '../plan/quote.ts'
import type { Host } from '../plan/step.ts'
import type { Room } from './askpass.ts'
import type { Connection } from './connection.ts'
import { masterFailure } from './masterFailure.ts'
import type { SshOptions } from './options.ts'
import { NoRoom } from './pool.ts'
import { checkPin } from './pins.ts'
import { type Shell, type ShellChannel, ShellLost, openShell } from './shell.ts'
import type { SshConfig } from './ssh_config.ts'
import { becomeRoot, bootCommand } from './sudo.ts'
import { inHome } from './way.ts'

/** How long a master stays when we are gone without a word (kill -9). */
const PERSIST_SECONDS = 60

/** What a master is made with. */
export interface MasterMeans {
  readonly room: Room
  readonly home: string
  readonly config: SshConfig | undefined
  /** The connection of the jump host that the playbook names. */
  readonly through?: Connection
}

/**
 * A connection that this machine's own `ssh` holds: a master in the background, over which every shell is a session of its own.
 * It reads OpenSSH's configuration itself; the playbook's words are options on its command line, which win.
 * @throws Unreachable
 */
export async function openMaster(host: Host, options: SshOptions, means: MasterMeans): Promise<Connection> {
  const { room, config } = means
  const program = options.openssh?.program ?? 'ssh'
  const control = room.file('c')
  const log = room.file('l')
  const open = options.open?.[host.name] ?? []
  const user = (open.includes('user') ? config?.user : undefined) ?? host.user
  const where = `${host.name} (${user}@${config?.hostname ?? host.address}, by ssh)`
  const sudoPassword = typeof host.sudo === 'object' ? await options.secret(host.sudo.secret) : undefined
  const limitMs = 3000 * options.connectTimeoutSeconds
  let late = false
  let child: ChildProcess | undefined
  let timer: NodeJS.Timeout | undefined
  const rest = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      late = true
      child?.kill()
    }, limitMs)
  }
  const asking = await room.asking(async prompt => {
    clearTimeout(timer)
    try {
      return await answerTo(prompt, host, user, options, config)
    } finally {
      rest()
    }
  })
  rest()
  const words = [...masterWords(host, user, options, means), '-S', control, '-v', '-E', log, '-N', '-f']
  const address = host.address.replace(/^\[(.*)\]$/, '$1')
  const code = await new Promise<number | string>(resolve => {
    // A session of its own, so that a Ctrl-C at the terminal is ours alone to handle, and no terminal is there to ask.
    child = spawn(program, [...words, '--', address], { stdio: 'ignore', detached: true, env: asking.env })
    child.once('error', error => {
      resolve((error as NodeJS.ErrnoException).code === 'ENOENT' ? `there is no "${program}"` : error.message)
    })
    child.once('exit', (ended, signal) => {
      resolve(ended ?? signal ?? '')
    })
  })
  clearTimeout(timer)
  asking.end()
  const said = readLog(log)
  if (code !== 0)
    throw masterFailure({ host: host.name, where, code, late, said, seconds: options.connectTimeoutSeconds })
  const { hostKey } = parseLog(said)
  const mux = [
    '-F',
    'none',
    '-S',
    control,
    '-o',
    'ControlMaster=no',
    '-o',
    'ProxyCommand=false',
    '-o',
    'LogLevel=ERROR',
  ]
  let closed = false
  const exit = ['-F', 'none', '-S', control, '-O', 'exit', 'master']
  // Whatever way this process ends but by SIGKILL, the master ends with it.
  const takeBack = room.atExit(() => spawnSync(program, exit, { stdio: 'ignore', timeout: 1000 }))
  const close = async (): Promise<void> => {
    if (closed) return
    closed = true
    takeBack()
    await promisify(execFile)(program, exit, { timeout: 5000 }).catch(() => undefined)
  }
  const wrong = checkPin(host.name, where, hostKey, options.pins)
  if (wrong !== undefined) {
    await close()
    throw wrong
  }

  const shell = async (): Promise<Shell> => {
    const channel = channelOf(program, [...mux, '-T', 'master', bootCommand(host.sudo)])
    const lost = (noise: string): Error => {
      if (/refused by peer|open failed/i.test(noise)) return new NoRoom(noise)
      if (!isAlive()) closed = true
      return new ShellLost(false, closed ? '' : noise)
    }
    let noise = ''
    const hear = (chunk: Buffer): void => void (noise = (noise + chunk.toString('utf8')).slice(-2000))
    channel.stderr.on('data', hear)
    const ended = new Promise<never>((_, reject) => {
      channel.once('close', () => {
        reject(lost(noise.trim()))
      })
    })
    ended.catch(() => undefined)
    await Promise.race([becomeRoot({ ...host, user }, channel, sudoPassword), ended])
    const spoken = new Promise(resolve => channel.once('data', resolve))
    const opened = openShell(channel, randomBytes(16).toString('hex'))
    await Promise.race([spoken, ended])
    channel.stderr.removeListener('data', hear)
    return opened
  }
  const isAlive = (): boolean =>
    spawnSync(program, ['-F', 'none', '-S', control, '-O', 'check', 'master'], {
      stdio: 'ignore',
      timeout: 2000,
    }).status === 0

  return {
    shell,
    forward: (to, port) =>
      Promise.resolve(channelOf(program, [...mux, '-W', `[${to}]:${String(port)}`, 'master'])),
    proxyCommand: [program, ...mux, '-W', '[%h]:%p', 'master'].map(quote).join(' '),
    closed: () => closed,
    close,
    ...(hostKey !== undefined && { hostKey }),
  }
}

function masterWords(
  host: Host,
  user: string,
  options: SshOptions,
  { room, home, config, through }: MasterMeans,
): string[] {
  const set = (name: string, value: string): string[] => ['-o', `${name}=${value}`]
  const open = options.open?.[host.name] ?? []
  const strict = (options.hostKeys ?? config?.hostKeys ?? 'strict') === 'strict' ? 'yes' : 'accept-new'
  const { agent, knownHostsFiles: files } = options
  const words = [
    ...(options.openssh?.file === undefined ? [] : ['-F', options.openssh.file]),
    '-l',
    user,
    ...(open.includes('port') ? [] : ['-p', String(host.port)]),
    ...set('ControlMaster', 'yes'),
    ...set('ControlPersist', String(PERSIST_SECONDS)),
    ...set('StrictHostKeyChecking', strict),
    ...set('ConnectTimeout', String(options.connectTimeoutSeconds)),
    ...set('ServerAliveInterval', '10'),
    ...set('ServerAliveCountMax', '3'),
    ...set('NumberOfPasswordPrompts', '1'),
    ...['PermitLocalCommand', 'ForwardAgent', 'ForwardX11', 'Tunnel'].flatMap(name => set(name, 'no')),
    ...set('ClearAllForwardings', 'yes'),
    ...set('RemoteCommand', 'none'),
  ]
  if (files !== undefined) {
    const shown = files.map(file => `"${inHome(file, home)}"`).join(' ')
    words.push(...set('UserKnownHostsFile', shown === '' ? 'none' : shown))
  }
  if (options.knownHosts !== undefined) {
    const file = room.file('k')
    writeFileSync(file, options.knownHosts, { mode: 0o600 })
    words.push(...set('GlobalKnownHostsFile', file))
  }
  if (host.identityFile !== undefined)
    words.push('-i', inHome(host.identityFile, home), ...set('IdentitiesOnly', 'yes'))
  if (agent !== undefined) words.push(...set('IdentityAgent', agent === false ? 'none' : agent))
  if (through?.proxyCommand !== undefined) words.push(...set('ProxyCommand', through.proxyCommand))
  return words
}

/**
 * What to say to a question of ssh. The password goes only to the host it is for: another hop on the way may ask as well, by the
 * same program. Undefined: nothing.
 */
async function answerTo(
  prompt: string,
  host: Host,
  user: string,
  options: SshOptions,
  config: SshConfig | undefined,
): Promise<string | undefined> {
  const key = /^Enter passphrase for (?:key )?'?(.+?)'?: ?$/.exec(prompt)?.[1]
  if (key !== undefined) return options.passphrase?.(key)
  if (!/password/i.test(prompt) || host.password === undefined) return undefined
  const names = [host.address, config?.hostname, config?.hostKeyAlias].filter(name => name !== undefined)
  const isOurs = names.some(name => prompt.toLowerCase().includes(`${user}@${name}`.toLowerCase()))
  const asksOthers = config?.proxyJump !== undefined || config?.proxyCommand !== undefined
  if (!isOurs && (asksOthers || /\S+@\S+/.test(prompt))) return undefined
  return options.secret(host.password.secret)
}

/** A session of the master as a channel. */
function channelOf(program: string, words: readonly string[]): ShellChannel {
  const child = spawn(program, words, { stdio: 'pipe', detached: true })
  child.stdin.on('error', () => undefined)
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
  stream.on('error', () => undefined)
  child.once('error', () => stream.destroy())
  // Not before what it said is read.
  child.once('close', () => setImmediate(() => stream.destroy()))
  stream.once('close', () => {
    if (child.exitCode === null && child.signalCode === null) child.kill()
  })
  return Object.assign(stream, { stderr: child.stderr })
}

function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** What `ssh -v` says about the host's key: a certificate counts by its own key. */
export function parseLog(text: string): { readonly hostKey?: string } {
  const [, type, print] = /^debug1: Server host key: (\S+) (\S+)\r?$/m.exec(text) ?? []
  return type === undefined || print === undefined
    ? {}
    : { hostKey: `${type.replace(/-cert-v01@openssh\.com$/, '')} ${print}` }
}
